import { useNavigate } from "@tanstack/react-router";
import type { Fill, Run } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { useResults } from "@/features/run/run";
import { number, pnl, rMultiple, text, time, words } from "@/features/run/trades/cells";
import { fillPage } from "@/features/run/trades/pages";
import { RowsPanel, TABLE_HEIGHT } from "@/features/run/trades/RowsPanel";
import { useAllRows } from "@/features/run/trades/rows";
import { decimal, money, percent, price, quantity } from "@/format/numbers";

const COLUMNS: Column<Fill>[] = [
  number("seq", "#", (value) => value),
  time("timestamp", "Time", "Open of its bar, UTC"),
  text("symbol", "Symbol"),
  text("side", "Side"),
  text("is_entry", "Kind", (row) => (row.is_entry ? "entry" : "exit")),
  number("qty", "Quantity", quantity),
  number("price", "Price", price),
  number("pnl", "P&L", (value) => (value === 0 ? "–" : pnl(value)), "Realised, net of fees and funding"),
  text("reason", "Reason", (row) => words(row.reason)),
  text("trigger_id", "Trigger"),
  text("category", "Category", (row) => words(row.category)),
  number("fee", "Fee", money),
  number("slippage", "Slippage", money),
  text("liquidity", "Liquidity"),
  number("r_multiple", "R", rMultiple, "P&L ÷ risk at the stop"),
  number(
    "exit_fraction",
    "Closed",
    (value) => percent(value === null ? null : 100 * value, 0),
    "Share of the position",
  ),
  number("position_after", "Position after", quantity, "Below zero is short"),
  number("average_cost", "Average cost", price),
  number("cash_after", "Cash after", money),
  number("stop_distance", "Stop distance", price),
  number("actual_risk_at_stop", "Risk at stop", money, "Quantity × stop distance"),
  number("risk_used_abs", "Risk used", money, "Quantity × stop distance, else × ATR"),
  number("allocated_risk_abs", "Risk allowed", money, "What the position-risk limit allowed"),
  number("profile_multiplier", "Multiplier", decimal, "What the trigger's confidence did to the size"),
  text("bound_by", "Size bound by", (row) => words(row.bound_by)),
  number("margin_after", "Margin after", money),
  number("funding", "Funding", money),
  time("decided_at", "Decided", "Open of the bar at whose close it was decided"),
  number("set_id", "Set", (value) => value),
];

/** Every fill. A click goes to its bar. */
export function Fills({ run }: { run: Run }) {
  const navigate = useNavigate();
  const results = useResults(run.run_id);
  const all = useAllRows("fills", run.run_id, fillPage);
  const total = results.data?.total_fills;
  return (
    <RowsPanel
      title="Fills"
      what="fills"
      all={all}
      total={typeof total === "number" ? total : undefined}
      hint="a click plays its bar back"
    >
      <DataTable
        label="Fills"
        columns={COLUMNS}
        rows={all.rows}
        rowId={(row) => String(row.seq)}
        height={TABLE_HEIGHT}
        rowHeight={30}
        onOpen={(row) =>
          navigate({
            to: "/runs/$runId/playback",
            params: { runId: run.run_id },
            search: { symbol: row.symbol, at: row.timestamp },
          })
        }
        empty="Nothing was filled. “Risk and data” shows how often each rule was true, and what blocked it."
      />
    </RowsPanel>
  );
}
