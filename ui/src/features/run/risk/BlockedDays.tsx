import { useMemo } from "react";
import type { Report } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import { blockedInAll } from "@/features/run/risk/reasons";
import { Reasons } from "@/features/run/risk/Triggers";
import { integer, signedPercent, tone } from "@/format/numbers";

type Daily = NonNullable<Report["daily"]>;

interface Day {
  date: string;
  blocked: Record<string, number>;
  fills: number;
  return_pct: number | null;
}

const COLUMNS: Column<Day>[] = [
  { accessorKey: "date", header: "Day", sortingFn: "basic" },
  {
    id: "count",
    header: "Blocked",
    accessorFn: (day) => blockedInAll(day.blocked),
    cell: ({ row }) => integer(blockedInAll(row.original.blocked)),
    sortingFn: "basic",
    meta: { numeric: true },
  },
  {
    accessorKey: "fills",
    header: "Fills",
    cell: ({ row }) => integer(row.original.fills),
    meta: { numeric: true },
  },
  {
    accessorKey: "return_pct",
    header: "Return",
    cell: ({ row }) => (
      <span className={tone(row.original.return_pct)}>{signedPercent(row.original.return_pct)}</span>
    ),
    meta: { numeric: true },
  },
  {
    id: "reasons",
    header: "Blocked by",
    enableSorting: false,
    cell: ({ row }) => <Reasons counts={row.original.blocked} />,
  },
];

/** Days on which something was blocked. */
export function BlockedDays({ daily }: { daily: Daily }) {
  const days = useMemo(
    () =>
      daily.date.flatMap((date, i): Day[] => {
        const blocked = daily.blocked[i] ?? {};
        if (blockedInAll(blocked) === 0) return [];
        return [{ date, blocked, fills: daily.fills[i] ?? 0, return_pct: daily.return_pct[i] ?? null }];
      }),
    [daily],
  );
  return (
    <Panel
      title="Blocked, by day"
      actions={
        <span className="muted">
          {integer(days.length)} of {integer(daily.date.length)} days
        </span>
      }
      flush
    >
      <DataTable
        label="Days on which decisions were blocked"
        columns={COLUMNS}
        rows={days}
        rowId={(day) => day.date}
        height={360}
        rowHeight={30}
        empty="Nothing was blocked on any day."
      />
    </Panel>
  );
}
