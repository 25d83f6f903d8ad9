import type { Results } from "@/api/types";
import { others } from "@/features/run/overview/others";
import { type Html, html } from "@/features/run/report/html";
import { figure, GROUPS, metricNamed } from "@/format/metrics";
import { tone } from "@/format/numbers";

const HEADLINES = [
  "equity_return_pct",
  "final_equity",
  "benchmark_return_pct",
  "cagr_pct",
  "sharpe_ratio",
  "sortino_ratio",
  "max_drawdown_pct",
  "total_trades",
  "win_rate",
  "profit_factor",
  "expectancy",
  "exposure_time_pct",
];
const SIGNED = new Set(["equity_return_pct", "benchmark_return_pct", "cagr_pct"]);

export function headlines(results: Results): Html {
  return html`<dl class="stats">${HEADLINES.map((name) => {
    const metric = metricNamed(name);
    const value = results[name];
    const colour = SIGNED.has(name) && typeof value === "number" ? tone(value) : "";
    return html`<div><dt>${metric.label}</dt><dd class="${colour}">${figure(metric, value)}${
      results.undefined[name] && html`<small>${results.undefined[name]}</small>`
    }</dd></div>`;
  })}</dl>`;
}

/** Every metric; what is not defined says why. */
export function metricLists(results: Results): Html {
  const groups = [...GROUPS, { title: "Everything else", metrics: others(results) }];
  return html`<div class="columns">${groups.map(
    (group) =>
      html`<section><h3>${group.title}</h3><dl class="list">${group.metrics.map(
        (metric) =>
          html`<div><dt>${metric.label}</dt><dd>${figure(metric, results[metric.name])}${
            results.undefined[metric.name] && html` <small>(${results.undefined[metric.name]})</small>`
          }</dd></div>`,
      )}</dl></section>`,
  )}</div>`;
}
