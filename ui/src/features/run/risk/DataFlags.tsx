import { useNavigate } from "@tanstack/react-router";
import type { Results, Run } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/risk/Risk.module.css";
import { number, text, time, words } from "@/features/run/trades/cells";
import { decimal, integer } from "@/format/numbers";

type Flags = Results["data_flags"];
type Flag = Flags["flags"][number];

const KINDS: Record<string, string> = {
  disagreement: "Bars that finer candles of the same market contradict",
  jump: "Bars that reach many average ranges away from the close before",
  gap: "Bars that the market should have had",
  incomplete: "Bars that lack some of the finer bars they are made of",
  flat: "Bars whose high is their low",
  zero_volume: "Bars without volume",
};

const COLUMNS: Column<Flag>[] = [
  time("start", "First bar"),
  time("end", "Last bar"),
  text("kind", "Kind", (flag) => <span title={KINDS[flag.kind]}>{words(flag.kind)}</span>),
  number("count", "Bars", integer),
  text("dataset_id", "Dataset"),
  {
    id: "values",
    header: "Values",
    enableSorting: false,
    cell: ({ row }) =>
      Object.entries(row.original.values)
        .map(([name, value]) => `${words(name).replace(" pct", " %")} ${decimal(value)}`)
        .join(", ") || "–",
  },
];

/** What is suspicious in the candles of the span. A click goes to the bar. */
export function DataFlags({ run, flags }: { run: Run; flags: Flags }) {
  const navigate = useNavigate();
  return (
    <Panel title="What is suspicious in the candles" flush>
      <div className={styles.counts}>
        {Object.entries(flags.counts).map(([kind, count]) => (
          <span key={kind} title={KINDS[kind]} data-none={count === 0}>
            {words(kind)} <b>{integer(count)}</b>
          </span>
        ))}
      </div>
      <DataTable
        label="Flags of the candles"
        columns={COLUMNS}
        rows={flags.flags}
        rowId={(flag) => `${flag.dataset_id} ${flag.kind} ${flag.start}`}
        height={360}
        rowHeight={30}
        onOpen={(flag) => {
          const symbol = run.symbols.find((each) => flag.dataset_id.split(".")[1] === each);
          void navigate({
            to: "/runs/$runId/playback",
            params: { runId: run.run_id },
            search: { at: flag.start, ...(symbol ? { symbol } : {}) },
          });
        }}
        empty="Nothing is."
      />
      {flags.left_out > 0 && (
        <p className={styles.none}>
          {integer(flags.left_out)} more are counted and not listed; each dataset's own page has all.
        </p>
      )}
      {flags.not_audited.length > 0 && (
        <p className={styles.none}>
          Older than audits, so that only gaps are known: {flags.not_audited.join(", ")}.
        </p>
      )}
    </Panel>
  );
}
