import type { Results } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/risk/Risk.module.css";
import { blockedInAll, reasonWords } from "@/features/run/risk/reasons";
import { number, text } from "@/features/run/trades/cells";
import { integer } from "@/format/numbers";

type Row = Results["triggers"][number];

const COLUMNS: Column<Row>[] = [
  text("trigger_id", "Trigger"),
  text("rule", "Rule"),
  number("evaluated", "Evaluated", integer, "Closes at which the rule counted"),
  number("fired", "Fired", integer, "Closes at which it was true and not under way already"),
  number("executed", "Executed", integer, "Its fills"),
  {
    id: "blocked",
    header: "Blocked",
    accessorFn: (row) => blockedInAll(row.blocked),
    cell: ({ row }) => integer(blockedInAll(row.original.blocked)),
    meta: { numeric: true },
    sortingFn: "basic",
  },
  {
    id: "reasons",
    header: "Blocked by",
    enableSorting: false,
    cell: ({ row }) => <Reasons counts={row.original.blocked} />,
  },
];

/** How often each rule was looked at, was true, became a fill, and what stopped the rest. */
export function Triggers({ rows }: { rows: Row[] }) {
  return (
    <Panel title="Rules: evaluated, fired, executed, blocked" flush>
      <DataTable
        label="Rules"
        columns={COLUMNS}
        rows={rows}
        rowId={(row) => `${row.trigger_id} ${row.rule}`}
        empty="This run is older than the count of its rules; run it again to have it."
      />
    </Panel>
  );
}

export function Reasons({ counts }: { counts: Record<string, number> }) {
  const found = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  if (found.length === 0) return <span className="muted">–</span>;
  return (
    <span className={styles.reasons}>
      {found.map(([reason, count]) => (
        <span key={reason} title={reasonWords(reason).why}>
          {reasonWords(reason).name} <b>{integer(count)}</b>
        </span>
      ))}
    </span>
  );
}
