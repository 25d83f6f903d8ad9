/** The order of a table's rows, whatever their number: keys are taken once, and places are sorted, not rows. */
import type { SortingState } from "@tanstack/react-table";

interface Sortable<Item> {
  id?: string | undefined;
  accessorKey?: unknown;
  accessorFn?: ((row: Item, index: number) => unknown) | undefined;
  /** `basic` compares text by its code units, as times want it: ten times as fast as the words of a language. */
  sortingFn?: unknown;
}

type Compare = (a: number, b: number) => number;

// "run 2" stands before "run 10".
const words = new Intl.Collator("en", { numeric: true });

/** Return the rows in their order; equal ones as they were. What is not defined is last in both directions. */
export function sorted<Item>(
  rows: Item[],
  columns: readonly Sortable<Item>[],
  sorting: SortingState,
): Item[] {
  const compares = sorting.flatMap(({ id, desc }) => {
    const column = columns.find((each) => (each.id ?? each.accessorKey) === id);
    return column ? [compareBy(rows, column, desc)] : [];
  });
  if (compares.length === 0) return rows;
  const places = Uint32Array.from(rows.keys());
  places.sort((a, b) => {
    for (const compare of compares) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return a - b;
  });
  return Array.from(places, (place) => rows[place] as Item);
}

function compareBy<Item>(rows: Item[], column: Sortable<Item>, desc: boolean): Compare {
  const { accessorFn, accessorKey, sortingFn } = column;
  const keys = rows.map((row, i) =>
    accessorFn ? accessorFn(row, i) : (row as Record<string, unknown>)[String(accessorKey)],
  );
  const sign = desc ? -1 : 1;
  return (a, b) => {
    const [one, other] = [keys[a], keys[b]];
    const missing = Number(one === undefined || one === null) - Number(other === undefined || other === null);
    if (missing !== 0) return missing;
    if (typeof one === "string" && typeof other === "string" && sortingFn !== "basic") {
      return sign * words.compare(one, other);
    }
    return (one as number) < (other as number) ? -sign : (one as number) > (other as number) ? sign : 0;
  };
}
