import type { Run } from "@/api/types";
import type { Column } from "@/components/DataTable";
import { Time } from "@/components/Time";
import styles from "@/features/runs/columns.module.css";
import { ORDERS } from "@/features/runs/listing";
import { RunStatus } from "@/features/runs/RunStatus";
import { RunTitle } from "@/features/runs/RunTitle";
import { RunSelect, RunTools } from "@/features/runs/RunTools";
import { decimal, integer, percent, signedPercent, tone } from "@/format/numbers";

function column(id: string, rest: Partial<Column<Run>>): Column<Run> {
  return {
    id,
    header: ORDERS[id]?.label ?? "",
    accessorFn: (run) => ORDERS[id]?.of(run),
    sortUndefined: "last",
    ...rest,
  } as Column<Run>;
}

function figures(id: string, cell: NonNullable<Column<Run>["cell"]>): Column<Run> {
  return column(id, { cell, meta: { numeric: true }, sortDescFirst: true });
}

/** The history's columns; the same from one drawing to the next (see context.ts). */
export const COLUMNS: Column<Run>[] = [
  {
    id: "select",
    header: () => <span className="visually-hidden">Select</span>,
    enableSorting: false,
    cell: ({ row }) => <RunSelect run={row.original} />,
  },
  column("name", {
    cell: ({ row }) => <RunTitle run={row.original} />,
    meta: { title: "Name, tags, notes" },
  }),
  column("status", {
    cell: ({ row }) => <RunStatus run={row.original} />,
    meta: { title: "Status, with progress, error, or when it was started" },
  }),
  column("strategy", { cell: ({ row }) => <RunStrategy run={row.original} /> }),
  column("symbols", {
    cell: ({ row }) => <RunSymbols run={row.original} />,
    meta: { title: "Symbols, and the timeframe" },
  }),
  column("dates", {
    cell: ({ row }) => <RunDates run={row.original} />,
    meta: { title: "The candles' first time and the time before which they end" },
  }),
  figures("return", ({ row: { original: run } }) =>
    run.error ? (
      <RunErrorWords run={run} />
    ) : (
      <span className={tone(run.equity_return_pct)}>{signedPercent(run.equity_return_pct)}</span>
    ),
  ),
  // What failed has no figures: its error stands in their place.
  figures("trades", ({ row: { original: run } }) => !run.error && integer(run.total_trades)),
  figures("sharpe", ({ row: { original: run } }) => !run.error && decimal(run.sharpe_ratio)),
  figures("drawdown", ({ row: { original: run } }) => !run.error && percent(run.max_drawdown_pct)),
  {
    id: "tools",
    header: () => <span className="visually-hidden">Clone, cancel, delete</span>,
    enableSorting: false,
    cell: ({ row }) => <RunTools run={row.original} />,
  },
];

function RunErrorWords({ run }: { run: Run }) {
  return (
    <div className={styles.errorPlace}>
      <div className={styles.error} title={run.error?.detail}>
        {run.error?.detail}
      </div>
    </div>
  );
}

function RunStrategy({ run }: { run: Run }) {
  return (
    <div className={styles.cell} title={run.strategy}>
      <div className={styles.text}>{run.strategy}</div>
      {run.strategy_version !== null && <div className={styles.below}>version {run.strategy_version}</div>}
    </div>
  );
}

/** Two lines: the last symbol stands beside the timeframe, more than two are counted. */
export function RunSymbols({ run }: { run: Run }) {
  const [first, ...others] = run.symbols;
  const second = others.length > 1 ? `+${others.length}` : others[0];
  return (
    <div className={styles.cell} title={run.symbols.join(", ")}>
      <div className={styles.text}>{first}</div>
      <div className={styles.below}>
        {second && <span className={styles.second}>{second} · </span>}
        {run.timeframe}
        {run.simulated && <span title="On generated candles, which are no real market"> · simulated</span>}
        {run.stale && <span title={run.stale_because ?? undefined}> · newer candles</span>}
      </div>
    </div>
  );
}

function RunDates({ run }: { run: Run }) {
  return (
    <div className={styles.dates}>
      <Time iso={run.start_date} date />
      <Time iso={run.end_date} date />
    </div>
  );
}
