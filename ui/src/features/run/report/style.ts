/** The report's style: the page's own colours, in the theme that the reader's system has. */
import tokens from "@/styles/tokens.css?raw";

const RULES = `
*{box-sizing:border-box}
body{max-width:1080px;margin:0 auto;padding:32px 24px 64px;background:var(--surface-0);color:var(--text);
font:14px/1.5 system-ui,sans-serif}
h1{margin:0;font-size:24px}h2{margin:36px 0 10px;font-size:17px}h3{margin:0 0 4px;font-size:14px}
p{margin:4px 0}.muted,.legend,footer{color:var(--text-2)}
code,pre{font-family:var(--mono);font-size:12px;overflow-wrap:anywhere}
pre{padding:12px;border:1px solid var(--line);border-radius:6px;background:var(--surface-1);white-space:pre-wrap;overflow-wrap:anywhere}
.stats{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px;margin:20px 0 0}
.stats div{padding:10px 12px;border:1px solid var(--line);border-radius:6px;background:var(--surface-1)}
.stats dt{font-size:12px;color:var(--text-2)}.stats dd{margin:2px 0 0;font-size:17px;font-weight:600}
.stats small{display:block;font-size:12px;font-weight:400;color:var(--text-2)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
caption{padding:14px 0 4px;text-align:left;font-weight:600}
th,td{padding:4px 8px;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
th{font-weight:500;color:var(--text-2)}th::first-letter{text-transform:uppercase}
.n{text-align:right;font-variant-numeric:tabular-nums}
.up{color:var(--up)}.down{color:var(--down)}
.month{background:color-mix(in srgb,var(--tone) var(--share),transparent)}
svg{display:block;width:100%;height:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--text-2);font-variant-numeric:tabular-nums}
.grid{stroke:var(--grid);fill:none}.axis{stroke:var(--line-strong)}
.equity{stroke:var(--series-1);stroke-width:1.8;fill:none}
.benchmark{stroke:var(--benchmark);stroke-width:1.2;stroke-dasharray:4 3;fill:none}
.drawdown{stroke:var(--down);fill:var(--down);fill-opacity:.28}
.won{fill:var(--up)}.lost{fill:var(--down)}
.legend{display:flex;align-items:center;gap:6px;font-size:12px}
.legend svg{flex:none;width:24px;height:8px;margin-left:10px}
.columns{columns:min(300px,100%);column-gap:32px}
.columns section{break-inside:avoid;margin-bottom:16px}
dl.list{margin:0}dl.list div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--line)}
dl.list dt{color:var(--text-2)}dl.list dd{margin:0;overflow-wrap:anywhere;text-align:right;font-variant-numeric:tabular-nums}
footer{margin-top:40px;font-size:12px}
@media print{body{padding:0}h2{break-after:avoid}tr{break-inside:avoid}}
`;

export function style(): string {
  const themed = tokens
    .replace('[data-theme="light"]', ":root")
    .replace(/\[data-theme="dark"\]\s*(\{[^}]*\})/, "");
  const dark = /\[data-theme="dark"\]\s*(\{[^}]*\})/.exec(tokens)?.[1] ?? "{}";
  return `${themed}\n@media (prefers-color-scheme: dark) {\n:root ${dark}\n}\n${RULES}`;
}
