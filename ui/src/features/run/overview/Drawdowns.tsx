import { useMemo } from "react";
import type { Report } from "@/api/types";
import type { Span } from "@/chart/window";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import { Bar } from "@/features/run/breakdown/Bar";
import { decimal, money, percent } from "@/format/numbers";

type Row = Report["drawdowns"][number];

interface Props {
  rows: Row[];
  /** Show a drawdown in the chart. */
  onShow: (span: Span) => void;
}

/** The deepest drawdowns, each from peak to peak. */
export function Drawdowns({ rows, onShow }: Props) {
  const columns = useMemo(() => columnsFor(Math.max(0, ...rows.map((row) => row.depth_pct))), [rows]);
  return (
    <Panel
      title="Drawdowns"
      actions={rows.length > 0 && <span className="muted">a click shows one in the chart</span>}
      flush
    >
      <DataTable
        label="Drawdowns, deepest first"
        columns={columns}
        rows={rows}
        rowId={(row) => row.start_timestamp}
        height={300}
        onOpen={(row) => {
          const start = Date.parse(row.start_timestamp);
          const end = Date.parse(row.recovery_timestamp ?? row.valley_timestamp);
          const margin = (end - start) / 8;
          onShow({ start: start - margin, end: end + margin });
          document.querySelector("main")?.scrollIntoView({ block: "start" });
        }}
        empty="Equity never fell below its peak."
      />
    </Panel>
  );
}

function columnsFor(deepest: number): Column<Row>[] {
  return [
    {
      accessorKey: "depth_pct",
      header: "Depth",
      cell: ({ row }) => (
        <Bar value={-row.original.depth_pct} most={deepest} onesided>
          {percent(row.original.depth_pct)}
        </Bar>
      ),
      meta: { numeric: true },
    },
    {
      accessorKey: "amount",
      header: "Amount",
      cell: ({ row }) => money(row.original.amount),
      meta: { numeric: true },
    },
    {
      accessorKey: "start_timestamp",
      header: "Peak",
      cell: ({ row }) => <Time iso={row.original.start_timestamp} date />,
      sortingFn: "basic",
    },
    {
      accessorKey: "valley_timestamp",
      header: "Valley",
      cell: ({ row }) => <Time iso={row.original.valley_timestamp} date />,
      sortingFn: "basic",
    },
    {
      accessorKey: "recovery_timestamp",
      header: "Recovered",
      cell: ({ row }) =>
        row.original.recovery_timestamp ? <Time iso={row.original.recovery_timestamp} date /> : "not yet",
      sortingFn: "basic",
    },
    {
      accessorKey: "days",
      header: "Days",
      cell: ({ row }) => decimal(row.original.days, 1),
      meta: { numeric: true },
    },
  ];
}
