/** Cells that the tables of trades have in common. */
import type { Column } from "@/components/DataTable";
import { Time } from "@/components/Time";
import { decimal, signedMoney, tone } from "@/format/numbers";

/** Text is compared as it is: the library's own comparison takes numbers out of texts, row by row. */
export function text<Row>(
  key: keyof Row & string,
  header: string,
  of?: (row: Row) => React.ReactNode,
  title?: string,
): Column<Row> {
  return {
    accessorKey: key,
    header,
    cell: ({ row }) => (of ? of(row.original) : ((row.original[key] as string | null) ?? "–")),
    sortingFn: "basic",
    sortUndefined: "last",
    ...(title ? { meta: { title } } : {}),
  } as Column<Row>;
}

export function number<Row>(
  key: keyof Row & string,
  header: string,
  write: (value: number | null) => React.ReactNode,
  title?: string,
): Column<Row> {
  return {
    id: key,
    // What is not defined stands last, whichever way the rest goes.
    accessorFn: (row: Row) => (row[key] as number | null) ?? undefined,
    header,
    cell: ({ row }) => write(row.original[key] as number | null),
    sortingFn: "basic",
    sortUndefined: "last",
    sortDescFirst: true,
    meta: { numeric: true, ...(title ? { title } : {}) },
  } as Column<Row>;
}

export function time<Row>(key: keyof Row & string, header: string, title?: string): Column<Row> {
  return text<Row>(key, header, (row) => <Time iso={row[key] as string | null} />, title);
}

export function pnl(value: number | null) {
  return <span className={tone(value)}>{signedMoney(value)}</span>;
}

export function rMultiple(value: number | null) {
  return value === null ? "–" : <span className={tone(value)}>{`${decimal(value)} R`}</span>;
}

/** The API's word as people read it: `trailing_stop`. */
export function words(value: string | null): string {
  return value === null ? "–" : value.replaceAll("_", " ");
}
