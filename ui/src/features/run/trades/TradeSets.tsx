import { useCallback, useMemo, useState } from "react";
import type { Run, TradeSet } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Icon } from "@/components/Icon";
import { number, pnl, text, time } from "@/features/run/trades/cells";
import { Legs, legsHeight } from "@/features/run/trades/Legs";
import { tradeSetPage } from "@/features/run/trades/pages";
import { RowsPanel, TABLE_HEIGHT } from "@/features/run/trades/RowsPanel";
import { useAllRows } from "@/features/run/trades/rows";
import styles from "@/features/run/trades/TradeSets.module.css";
import { money, price, quantity } from "@/format/numbers";

/** Sets carry their legs, a page of them is as long as ten of other tables: the rest comes as one scrolls. */
const UNASKED_SETS = 1_500;

/** Everything from flat to flat in one symbol; the legs unfold. */
export function TradeSets({ run }: { run: Run }) {
  const all = useAllRows("trade_sets", run.run_id, tradeSetPage, UNASKED_SETS);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const toggle = useCallback(
    (set: TradeSet) =>
      setOpen((before) => {
        const after = new Set(before);
        if (!after.delete(set.set_id)) after.add(set.set_id);
        return after;
      }),
    [],
  );
  const columns = useMemo(() => columnsFor(open, toggle), [open, toggle]);
  const detail = useMemo(
    () => ({
      height: (set: TradeSet) => (open.has(set.set_id) ? legsHeight(set) : 0),
      render: (set: TradeSet) => <Legs runId={run.run_id} set={set} />,
    }),
    [open, run.run_id],
  );
  const { more } = all;
  return (
    <RowsPanel title="Trade sets" what="sets" all={all} hint="a click unfolds the legs">
      <DataTable
        label="Trade sets"
        columns={columns}
        rows={all.rows}
        rowId={(set) => String(set.set_id)}
        height={TABLE_HEIGHT}
        rowHeight={30}
        onOpen={toggle}
        detail={detail}
        {...(more ? { onNearEnd: more } : {})}
        empty="Nothing was ever held."
      />
    </RowsPanel>
  );
}

function columnsFor(open: ReadonlySet<number>, toggle: (set: TradeSet) => void): Column<TradeSet>[] {
  return [
    {
      accessorKey: "set_id",
      header: "#",
      cell: ({ row: { original: set } }) => (
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={open.has(set.set_id)}
          aria-label={`Legs of set ${set.set_id}`}
          onClick={() => toggle(set)}
        >
          <Icon name="chevron" size={12} />
          {set.set_id}
        </button>
      ),
    },
    time("opened_at", "Opened"),
    time("closed_at", "Closed"),
    text("symbol", "Symbol"),
    text("side", "Side"),
    number("total_pnl", "P&L", pnl, "Net of fees and funding"),
    number("entries", "Entries", (value) => value),
    number("exits", "Exits", (value) => value),
    number("average_entry_price", "Average entry", price),
    number("average_exit_price", "Average exit", price),
    number("total_qty_entered", "Entered", quantity),
    number("total_qty_exited", "Exited", quantity),
    number("max_exposure", "Max. exposure", money, "Largest position at its fill's price"),
    number("total_fees", "Fees", money),
    number("total_funding", "Funding", money, "Paid; below zero received"),
    text("entry_trigger", "Entry trigger"),
    text("exit_trigger", "Exit trigger"),
  ];
}
