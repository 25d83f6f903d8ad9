import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import { number, pnl, text, time } from "@/features/run/trades/cells";
import { money, price, quantity } from "@/format/numbers";

/** The API leaves the shape of these rows open; docs/metrics.md has it under `left_open`. */
interface Open {
  symbol: string;
  qty: number;
  average_cost: number;
  last_close: number;
  value: number;
  unrealised_pnl: number;
  entry_timestamp: string | null;
  set_id: number;
}

const COLUMNS: Column<Open>[] = [
  text("symbol", "Symbol"),
  number("qty", "Quantity", quantity, "Below zero is short"),
  number("average_cost", "Average cost", price),
  number("last_close", "Last close", price),
  number("value", "Value", money),
  number("unrealised_pnl", "Unrealised P&L", pnl),
  time("entry_timestamp", "Since"),
];

/** Positions that were open at the end, marked at the last close. */
export function LeftOpen({ rows }: { rows: readonly unknown[] }) {
  if (rows.length === 0) return null;
  return (
    <Panel title="Left open at the end, marked at the last close" flush>
      <DataTable
        label="Positions left open"
        columns={COLUMNS}
        rows={rows as Open[]}
        rowId={(row) => `${row.symbol} ${row.set_id}`}
        empty="None."
      />
    </Panel>
  );
}
