/** One HTML file that says what a run came to: no script, no network, both themes. */
import type { Api } from "@/api/client";
import { data } from "@/api/client";
import type { PairedTrade, Report, Results, Run } from "@/api/types";
import { equity } from "@/features/run/overview/equity";
import { distribution, equityChart } from "@/features/run/report/charts";
import { type Html, html } from "@/features/run/report/html";
import { headlines, metricLists } from "@/features/run/report/metrics";
import { style } from "@/features/run/report/style";
import { breakdowns, drawdowns, months, rules, settings, trades } from "@/features/run/report/tables";
import { path } from "@/features/run/run";
import { pairedTradePage } from "@/features/run/trades/pages";
import { titleOf } from "@/features/runs/listing";
import { integer } from "@/format/numbers";
import { utc } from "@/format/times";

const POINTS = 1_200;
/** As many trades as somebody reads; the distribution is of these too. */
const MOST_TRADES = 2_000;

export async function reportOf(api: Api, runId: string, signal: AbortSignal): Promise<string> {
  const [run, results, report, curve, page] = await Promise.all([
    data(api.GET("/backtests/{run_id}", { params: path(runId), signal })),
    data(api.GET("/backtests/{run_id}/results", { params: path(runId), signal })),
    data(api.GET("/backtests/{run_id}/report", { params: path(runId), signal })),
    equity(api, runId, null, POINTS, signal),
    pairedTradePage(api, runId, null, MOST_TRADES, signal),
  ]);
  return written({ run, results, report, chart: equityChart(curve), rows: page.rows });
}

interface Content {
  run: Run;
  results: Results;
  report: Report;
  chart: Html;
  rows: PairedTrade[];
}

export function written({ run, results, report, chart, rows }: Content): string {
  const title = titleOf(run);
  const all = run.total_trades ?? rows.length;
  const body = html`<header>
<h1>${title}</h1>
<p>${run.strategy} · ${run.symbols.join(", ")} · ${run.timeframe} · ${utc(run.start_date)} to ${utc(run.end_date)} UTC</p>
${run.simulated && html`<p><strong>On a simulated market: generated candles, which are no real ones.</strong></p>`}
${run.tags.length > 0 && html`<p class="muted">Tags: ${run.tags.join(", ")}</p>`}
${run.notes && html`<p>${run.notes}</p>`}
</header>
${headlines(results)}
<h2>Equity and drawdown</h2>
${chart}
<h2>Returns by month, in %</h2>
${months(report)}
<h2>Distribution of trades</h2>
${distribution(rows.map((row) => row.return_pct))}
${rows.length < all && html`<p class="muted">Of the first ${integer(rows.length)} of ${integer(all)} trades.</p>`}
<h2>Drawdowns</h2>
${drawdowns(report)}
<h2>Breakdown</h2>
${breakdowns(report)}
<h2>Rules, and what blocked them</h2>
${rules(results)}
<h2>Metrics</h2>
${metricLists(results)}
<h2>Configuration</h2>
${settings(results)}
<h2>Trades</h2>
${rows.length < all && html`<p class="muted">The first ${integer(rows.length)} of ${integer(all)}.</p>`}
${trades(rows)}
<footer>Run ${run.run_id}, engine ${results.engine_version}, of ${utc(run.created_at)} UTC.<br>
Fingerprint <code>${results.fingerprint}</code>: equal fingerprints mean equal results, byte for byte.<br>
Made by Stepfold. A backtest says what would have been, not what will be.</footer>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
${html`<title>${title} · Stepfold</title>`.text}
<style>${style()}</style>
</head>
<body>
${body.text}
</body>
</html>
`;
}
