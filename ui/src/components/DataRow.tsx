import { flexRender, type Row } from "@tanstack/react-table";
import { type KeyboardEvent, type MouseEvent, memo, type ReactNode } from "react";
import type { Column } from "@/components/DataTable";
import styles from "@/components/DataTable.module.css";

interface Props<Item> {
  row: Row<Item>;
  /** What the cells are drawn by: other columns draw another row. */
  columns: Column<Item>[];
  /** Its number in the table, from 0. */
  place: number;
  height: number;
  selected: boolean | undefined;
  current: boolean;
  onOpen: ((row: Item) => void) | undefined;
  /** Height of what is unfolded below it; 0 is folded. */
  unfolded: number;
  renderDetail: ((row: Item) => ReactNode) | undefined;
}

function PlainDataRow<Item>(props: Props<Item>) {
  const { row, place, height, selected, current, onOpen, unfolded, renderDetail } = props;
  const cells = row.getVisibleCells();
  return (
    <>
      <tr
        aria-rowindex={place + 2}
        aria-selected={selected}
        aria-current={current ? "true" : undefined}
        className={onOpen ? styles.open : undefined}
        style={{ height }}
        tabIndex={onOpen ? 0 : undefined}
        onClick={onOpen && ((event) => openByClick(event, () => onOpen(row.original)))}
        onKeyDown={onOpen && ((event) => openByKey(event, () => onOpen(row.original)))}
      >
        {cells.map((cell) => (
          <td key={cell.id} className={cell.column.columnDef.meta?.numeric ? "num" : undefined}>
            {flexRender(cell.column.columnDef.cell, cell.getContext())}
          </td>
        ))}
      </tr>
      {renderDetail && unfolded > 0 && (
        <tr className={styles.detail}>
          <td colSpan={cells.length} style={{ height: unfolded }}>
            {renderDetail(row.original)}
          </td>
        </tr>
      )}
    </>
  );
}

/** A row is drawn once, however far the table is scrolled while it is in sight. */
export const DataRow = memo(PlainDataRow, (before, after) => {
  const { row, ...rest } = before;
  // The table makes its object of a row anew whenever other rows come into sight.
  return (
    row.id === after.row.id &&
    row.original === after.row.original &&
    (Object.keys(rest) as (keyof typeof rest)[]).every((name) => rest[name] === after[name])
  );
}) as typeof PlainDataRow;

function openByClick(event: MouseEvent, open: () => void): void {
  // A link, a button or a field inside the row is meant for itself, and marking text is no click.
  const target = event.target as Element;
  if (target.closest("a, button, input, select, textarea, label")) return;
  if (getSelection()?.isCollapsed === false) return;
  open();
}

function openByKey(event: KeyboardEvent, open: () => void): void {
  // A key pressed on a button or a field inside the row is meant for that.
  if (event.target !== event.currentTarget) return;
  if (event.key === "Enter") open();
  const step = event.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    let next = event.currentTarget[step];
    // What is unfolded below a row is no stop of its own.
    if (next instanceof HTMLElement && next.tabIndex !== 0) next = next[step];
    if (next instanceof HTMLElement && next.tabIndex === 0) {
      event.preventDefault();
      next.focus();
    }
  }
}
