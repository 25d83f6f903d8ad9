import type { PairedTrade, Report, Results } from "@/api/types";
import { wordsOf } from "@/features/run/breakdown/groupWords";
import { settingGroups, writtenValue } from "@/features/run/configuration/groups";
import { MONTHS, monthGrid, shade } from "@/features/run/overview/months";
import { type Html, html } from "@/features/run/report/html";
import { reasonWords } from "@/features/run/risk/reasons";
import {
  decimal,
  integer,
  money,
  percent,
  price,
  quantity,
  signedMoney,
  signedPercent,
  tone,
} from "@/format/numbers";
import { hours, utc } from "@/format/times";

interface Column<Row> {
  head: string;
  /** A figure: right-aligned. */
  numeric?: boolean;
  cell: (row: Row) => string | Html;
}

function table<Row>(columns: Column<Row>[], rows: readonly Row[], caption?: string): Html {
  const cls = ({ numeric }: Column<Row>) => (numeric ? "n" : "");
  return html`<div class="scroll"><table>${caption && html`<caption>${caption}</caption>`}
<thead><tr>${columns.map((column) => html`<th scope="col" class="${cls(column)}">${column.head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${columns.map((column) => html`<td class="${cls(column)}">${column.cell(row)}</td>`)}</tr>\n`,
  )}</tbody></table></div>`;
}

function figures<Row>(head: string, cell: (row: Row) => string | Html): Column<Row> {
  return { head, cell, numeric: true };
}

function coloured(value: number | null, write: (value: number | null) => string): Html {
  return html`<span class="${tone(value)}">${write(value)}</span>`;
}

export function months(report: Report): Html {
  const years = monthGrid(report.monthly, report.yearly);
  const cell = (value: number | null | undefined) =>
    value === null || value === undefined
      ? html`<td></td>`
      : html`<td class="n month" style="--tone:var(--${value < 0 ? "down" : "up"});--share:${shade(value)}%">${percent(value, 1).replace(" %", "")}</td>`;
  return html`<div class="scroll"><table><thead><tr><th scope="col">Year</th>${MONTHS.map(
    (month) => html`<th scope="col" class="n">${month}</th>`,
  )}<th scope="col" class="n">Total</th></tr></thead><tbody>${years.map(
    ({ year, months: cells, total }) =>
      html`<tr><th scope="row">${year}</th>${cells.map((month) =>
        cell(month?.return_pct),
      )}<td class="n"><b>${coloured(total?.return_pct ?? null, (value) => percent(value, 1))}</b></td></tr>`,
  )}</tbody></table></div>`;
}

export function drawdowns(report: Report): Html {
  if (report.drawdowns.length === 0) return html`<p>Equity never fell below its peak.</p>`;
  return table<Report["drawdowns"][number]>(
    [
      figures("Depth", (row) => percent(row.depth_pct)),
      figures("Amount", (row) => money(row.amount)),
      { head: "Peak", cell: (row) => utc(row.start_timestamp) },
      { head: "Valley", cell: (row) => utc(row.valley_timestamp) },
      {
        head: "Recovered",
        cell: (row) => (row.recovery_timestamp ? utc(row.recovery_timestamp) : "not yet"),
      },
      figures("Days", (row) => decimal(row.days, 1)),
    ],
    report.drawdowns,
  );
}

const BREAKDOWNS = [
  ["by_symbol", "By symbol"],
  ["by_side", "By side"],
  ["by_trigger", "By trigger that entered"],
  ["by_exit_reason", "By exit reason"],
  ["by_weekday", "By weekday of the entry (UTC)"],
  ["by_hour", "By hour of the entry (UTC)"],
] as const;

export function breakdowns(report: Report): Html {
  const parts = BREAKDOWNS.filter(([name]) => report[name].length > 0).map(([name, caption]) => {
    const key = name.replace("by_", "");
    return table<Report["by_symbol"][number]>(
      [
        { head: key.replace("_", " "), cell: (row) => wordsOf(row[key], key) },
        figures("P&L", (row) => coloured(row.pnl, signedMoney)),
        figures("Trades", (row) => integer(row.trades)),
        figures("Win rate", (row) => percent(row.win_rate, 1)),
        figures("Average return", (row) => coloured(row.avg_return_pct, signedPercent)),
        figures("Profit factor", (row) => decimal(row.profit_factor)),
        figures("Average time held", (row) => hours(row.avg_duration_hours)),
        figures("Fees", (row) => money(row.fees)),
      ],
      report[name],
      caption,
    );
  });
  return parts.length > 0 ? html`${parts}` : html`<p>No trade was closed.</p>`;
}

export function rules(results: Results): Html {
  const blocked = (row: Results["triggers"][number]) =>
    Object.entries(row.blocked)
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${reasonWords(reason).name} ${integer(count)}`)
      .join(", ");
  return table<Results["triggers"][number]>(
    [
      { head: "Trigger", cell: (row) => row.trigger_id },
      { head: "Rule", cell: (row) => row.rule },
      figures("Evaluated", (row) => integer(row.evaluated)),
      figures("Fired", (row) => integer(row.fired)),
      figures("Executed", (row) => integer(row.executed)),
      { head: "Blocked by", cell: (row) => blocked(row) || "–" },
    ],
    results.triggers,
  );
}

export function settings(results: Results): Html {
  return html`<div class="columns">${settingGroups(results.request).map(
    (group) =>
      html`<section><h3>${group.title}</h3>${
        group.settings.length === 0 && html`<p class="muted">${group.absent}</p>`
      }<dl class="list">${group.settings.map(
        (setting) => html`<div><dt>${setting.label}</dt><dd>${writtenValue(setting)}</dd></div>`,
      )}</dl></section>`,
  )}</div>
<h3>The strategy's document</h3>
<pre>${JSON.stringify(results.request.strategy, null, 2)}</pre>`;
}

export function trades(rows: readonly PairedTrade[]): Html {
  if (rows.length === 0) return html`<p>No trade was closed.</p>`;
  return table<PairedTrade>(
    [
      { head: "Entry", cell: (row) => utc(row.entry_timestamp) },
      { head: "Symbol", cell: (row) => row.symbol },
      { head: "Side", cell: (row) => row.side },
      figures("P&L", (row) => coloured(row.pnl, signedMoney)),
      figures("Return", (row) => coloured(row.return_pct, signedPercent)),
      figures("R", (row) => decimal(row.r_multiple)),
      figures("Quantity", (row) => quantity(row.qty)),
      figures("Entry price", (row) => price(row.entry_price)),
      figures("Exit price", (row) => price(row.exit_price)),
      { head: "Exit", cell: (row) => utc(row.exit_timestamp) },
      { head: "Exit by", cell: (row) => row.exit_reason.replaceAll("_", " ") },
    ],
    rows,
  );
}
