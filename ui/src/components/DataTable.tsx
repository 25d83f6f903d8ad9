/**
 * The one table: sorted by its heads, drawn only where it is seen, so that 100,000 rows scroll like a hundred.
 *
 * Rows are real `tr`s between two spacers, so that columns keep their widths and assistive technology its
 * counts (`aria-rowcount`, `aria-rowindex`).
 */
import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  type OnChangeFn,
  type RowSelectionState,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { DataRow } from "@/components/DataRow";
import styles from "@/components/DataTable.module.css";
import { Icon } from "@/components/Icon";
import { sorted } from "@/components/sorted";

declare module "@tanstack/react-table" {
  // The parameters must be named as the library names them.
  interface ColumnMeta<TData, TValue> {
    /** A figure: right-aligned, tabular. */
    numeric?: boolean;
    /** What the column is, for its head. */
    title?: string;
    /** In pixels, or more where there is room: so that columns of several tables stand under each other. */
    width?: number;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a column's own value type differs from column to column
export type Column<Item> = ColumnDef<Item, any>;

interface Props<Item> {
  label: string;
  columns: Column<Item>[];
  rows: Item[];
  rowId: (row: Item) => string;
  /** Height of what scrolls, in pixels or as CSS has it; less where there are fewer rows. */
  height?: number | string;
  rowHeight?: number;
  initialSorting?: SortingState;
  /** Given, the order is kept elsewhere, such as in the address. */
  sorting?: SortingState;
  onSorting?: OnChangeFn<SortingState>;
  /** Given, the rows can be opened: by a click, or by Enter. */
  onOpen?: (row: Item) => void;
  /** Row to bring into view and mark. */
  current?: string | null;
  selection?: RowSelectionState;
  onSelection?: OnChangeFn<RowSelectionState>;
  /** What unfolds below a row; its height is 0 while it is folded. */
  detail?: { height: (row: Item) => number; render: (row: Item) => ReactNode };
  /** Called when the reader comes near the end: ask for the next page then. */
  onNearEnd?: () => void;
  empty: ReactNode;
}

const OVERSCAN = 12;
const NEAR_END = 20;

export function DataTable<Item>({
  label,
  columns,
  rows,
  rowId,
  height = 480,
  rowHeight = 32,
  initialSorting = [],
  sorting: keptSorting,
  onSorting,
  onOpen,
  current = null,
  selection,
  onSelection,
  detail,
  onNearEnd,
  empty,
}: Props<Item>) {
  const [ownSorting, setOwnSorting] = useState<SortingState>(initialSorting);
  const sorting = keptSorting ?? ownSorting;
  const viewport = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => sorted(rows, columns, sorting), [rows, columns, sorting]);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => viewport.current,
    estimateSize: (index) => rowHeight + (detail?.height(shown[index] as Item) ?? 0),
    overscan: OVERSCAN,
  });
  // What unfolds changes heights, and an order puts other rows in their places.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the heights are those of other rows, or other heights
  useLayoutEffect(() => {
    if (detail) virtual.measure();
  }, [virtual, detail, shown]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  // The library makes an object with a dozen functions of each row that it is given: it gets those that are drawn.
  const drawn = useMemo(() => shown.slice(first, last + 1), [shown, first, last]);
  const table = useReactTable({
    data: drawn,
    columns,
    state: { sorting, ...(selection ? { rowSelection: selection } : {}) },
    ...(onSelection ? { onRowSelectionChange: onSelection } : {}),
    onSortingChange: onSorting ?? setOwnSorting,
    manualSorting: true,
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
  });
  // Not only while scrolling: a page may have brought fewer rows than fill the view.
  useEffect(() => {
    if (onNearEnd && last >= 0 && last >= shown.length - NEAR_END) onNearEnd();
  }, [last, shown.length, onNearEnd]);
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const width = table.getVisibleLeafColumns().length;

  if (rows.length === 0) return <div className={styles.empty}>{empty}</div>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={viewport} className={styles.viewport} style={{ maxHeight: height }} tabIndex={0}>
      <table className={styles.table} aria-label={label} aria-rowcount={shown.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {table.getLeafHeaders().map((header) => {
              const sorted = header.column.getIsSorted();
              const words = flexRender(header.column.columnDef.header, header.getContext());
              return (
                <th
                  key={header.id}
                  scope="col"
                  className={header.column.columnDef.meta?.numeric ? "num" : undefined}
                  title={header.column.columnDef.meta?.title}
                  style={{ width: header.column.columnDef.meta?.width }}
                  aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
                >
                  {header.column.getCanSort() ? (
                    <button
                      type="button"
                      className={styles.sort}
                      onClick={header.column.getToggleSortingHandler()}
                    >
                      {words}
                      <span className={styles.arrow} data-sorted={sorted || "none"}>
                        <Icon name="chevron" size={10} />
                      </span>
                    </button>
                  ) : (
                    words
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Spacer height={above} width={width} />}
          {table.getRowModel().rows.map((row, i) => (
            <DataRow
              key={row.id}
              row={row}
              columns={columns}
              place={first + i}
              height={rowHeight}
              selected={selection ? row.getIsSelected() : undefined}
              current={row.id === current}
              onOpen={onOpen}
              unfolded={detail?.height(row.original) ?? 0}
              renderDetail={detail?.render}
            />
          ))}
          {below > 0 && <Spacer height={below} width={width} />}
        </tbody>
      </table>
    </div>
  );
}

/** What stands in the place of the rows that are not drawn. */
function Spacer({ height, width }: { height: number; width: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row without a tabindex cannot be focused
    <tr aria-hidden="true">
      <td colSpan={width} style={{ height, padding: 0, border: 0 }} />
    </tr>
  );
}
