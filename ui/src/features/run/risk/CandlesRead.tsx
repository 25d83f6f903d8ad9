import { Link } from "@tanstack/react-router";
import type { Results } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import { number, text } from "@/features/run/trades/cells";
import { integer, percent } from "@/format/numbers";
import { utcDate } from "@/format/times";

type Row = Results["candles"][number];

const COLUMNS: Column<Row>[] = [
  text("symbol", "Symbol"),
  text("dataset_id", "Dataset", (row) => (
    <Link to="/data/$datasetId" params={{ datasetId: row.dataset_id }}>
      {row.dataset_id}
    </Link>
  )),
  text("version", "Version", (row) => <code title={row.version}>{row.version.slice(0, 10)}…</code>),
  number("bars", "Bars", integer),
  number("missing_bars", "Missing", integer, "A missing bar is a missing bar: no fill, no invented price"),
  text("made_of", "Made of", (row) =>
    row.made_of ? `${row.made_of} (${integer(row.incomplete_bars)} incomplete)` : "–",
  ),
  {
    id: "finer",
    header: "Finer candles",
    accessorFn: (row) => row.finer?.coverage_pct,
    cell: ({ row: { original: row } }) =>
      row.finer ? (
        <span
          title={`${utcDate(row.finer.start)} to ${utcDate(row.finer.end)}; elsewhere the stop comes first`}
        >
          <Link to="/data/$datasetId" params={{ datasetId: row.finer.dataset_id }}>
            {row.finer.dataset_id}
          </Link>{" "}
          cover {percent(row.finer.coverage_pct, 1)}
        </span>
      ) : (
        "none: the stop comes first"
      ),
    sortingFn: "basic",
  },
  text("funding_dataset", "Funding rates"),
];

/** What was read of each symbol, with its gaps and its finer candles. */
export function CandlesRead({ results }: { results: Results }) {
  const figure = (name: string) => (typeof results[name] === "number" ? (results[name] as number) : null);
  return (
    <Panel
      title="Candles that were read"
      actions={
        <span className="muted">
          {integer(results.gaps)} gaps, {integer(figure("missing_bars"))} missing bars,{" "}
          {integer(figure("delayed_decisions"))} decisions delayed by them, {integer(figure("coarse_fills"))}{" "}
          fills that finer candles could not tell
        </span>
      }
      flush
    >
      <DataTable
        label="Candles that were read"
        columns={COLUMNS}
        rows={results.candles}
        rowId={(row) => row.symbol}
        empty="Nothing was read."
      />
    </Panel>
  );
}
