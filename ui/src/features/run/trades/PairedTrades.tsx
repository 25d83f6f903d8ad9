import { useNavigate } from "@tanstack/react-router";
import type { PairedTrade, Run } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { number, pnl, rMultiple, text, time, words } from "@/features/run/trades/cells";
import { pairedTradePage } from "@/features/run/trades/pages";
import { RowsPanel, TABLE_HEIGHT } from "@/features/run/trades/RowsPanel";
import { useAllRows } from "@/features/run/trades/rows";
import { money, price, quantity, signedPercent, tone } from "@/format/numbers";
import { hours } from "@/format/times";

const COLUMNS: Column<PairedTrade>[] = [
  time("entry_timestamp", "Entry", "Open of the bar that it was entered at, UTC"),
  text("symbol", "Symbol"),
  text("side", "Side"),
  number("pnl", "P&L", pnl, "Net of fees and funding"),
  number(
    "return_pct",
    "Return",
    (value) => <span className={tone(value)}>{signedPercent(value)}</span>,
    "P&L ÷ cost of the entry",
  ),
  number("r_multiple", "R", rMultiple, "P&L ÷ risk at the stop"),
  number("qty", "Quantity", quantity),
  number("entry_price", "Entry price", price, "Weighted average cost"),
  number("exit_price", "Exit price", price),
  time("exit_timestamp", "Exit"),
  number("hold_duration_hours", "Held", hours),
  text("exit_reason", "Exit by", (row) => words(row.exit_reason)),
  text("entry_trigger", "Entry trigger"),
  text("exit_trigger", "Exit trigger"),
  number("fees", "Fees", money),
  number("funding", "Funding", money, "Paid; below zero received"),
  number("risk", "Risk", money, "Quantity × stop distance"),
  number("mae", "MAE", money, "Furthest against its holder"),
  number("mfe", "MFE", money, "Furthest for its holder"),
];

/** Round trips. A click goes to the bar of the entry. */
export function PairedTrades({ run }: { run: Run }) {
  const navigate = useNavigate();
  const all = useAllRows("paired_trades", run.run_id, pairedTradePage);
  return (
    <RowsPanel
      title="Trades"
      what="round trips"
      all={all}
      total={run.total_trades ?? undefined}
      hint="a click plays its bar back"
    >
      <DataTable
        label="Round trips"
        columns={COLUMNS}
        rows={all.rows}
        rowId={tradeId}
        height={TABLE_HEIGHT}
        rowHeight={30}
        onOpen={(row) =>
          navigate({
            to: "/runs/$runId/playback",
            params: { runId: run.run_id },
            search: { symbol: row.symbol, at: row.entry_timestamp },
          })
        }
        empty="No trade was closed. “Risk and data” shows how often each rule was true, and what blocked it."
      />
    </RowsPanel>
  );
}

/** An exit is one by its set, its time and its quantity. */
function tradeId(row: PairedTrade): string {
  return `${row.set_id} ${row.exit_timestamp} ${row.exit_trigger} ${row.qty} ${row.exit_reason}`;
}
