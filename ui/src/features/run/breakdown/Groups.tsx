import { useMemo } from "react";
import type { Report } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import { Bar } from "@/features/run/breakdown/Bar";
import { orderOf, wordsOf } from "@/features/run/breakdown/groupWords";
import { number, pnl } from "@/features/run/trades/cells";
import { decimal, integer, money, percent, signedPercent, tone } from "@/format/numbers";
import { hours } from "@/format/times";

type Row = Report["by_symbol"][number];

interface Props {
  title: string;
  /** What the groups are: "Symbol". */
  label: string;
  /** The table's name, `by_symbol`; its rows carry their label under `symbol`. */
  name: string;
  rows: Row[];
}

/** One breakdown: a row for each group, its P&L as a small bar too. */
export function Groups({ title, label, name, rows }: Props) {
  const columns = useMemo(() => columnsFor(rows, label, name.replace(/^by_/, "")), [rows, label, name]);
  return (
    <Panel title={title} flush>
      <DataTable
        label={title}
        columns={columns}
        rows={rows}
        rowId={(row) => String(row[name.replace(/^by_/, "")])}
        height={24 * 30 + 34}
        rowHeight={30}
        empty="No trade was closed."
      />
    </Panel>
  );
}

const FIGURE_WIDTH = 110;

function columnsFor(rows: Row[], label: string, key: string): Column<Row>[] {
  const most = Math.max(0, ...rows.map((row) => Math.abs(row.pnl)));
  const columns: Column<Row>[] = [
    {
      id: "label",
      header: label,
      accessorFn: (row) => orderOf(row[key]),
      cell: ({ row }) => wordsOf(row.original[key], key),
      sortingFn: "basic",
      meta: { width: 190 },
    },
    {
      accessorKey: "pnl",
      header: "P&L",
      cell: ({ row }) => (
        <Bar value={row.original.pnl} most={most}>
          {pnl(row.original.pnl)}
        </Bar>
      ),
      meta: { numeric: true, width: 190 },
    },
    number("trades", "Trades", integer),
    {
      accessorKey: "win_rate",
      header: "Win rate",
      cell: ({ row: { original: row } }) => (
        <span title={`${integer(row.wins)} won, ${integer(row.losses)} lost`}>
          {percent(row.win_rate, 1)}
        </span>
      ),
      meta: { numeric: true },
    },
    number("avg_return_pct", "Average return", (value) => (
      <span className={tone(value)}>{signedPercent(value)}</span>
    )),
    number("profit_factor", "Profit factor", decimal, "Won ÷ lost; none where nothing was lost"),
    number("avg_duration_hours", "Average time held", hours),
    number("fees", "Fees", money),
  ];
  return columns.map((column) => ({ ...column, meta: { width: FIGURE_WIDTH, ...column.meta } }));
}
