/** Rows as the text of a file, piece by piece, so that none of it is held twice. */
export type Format = "csv" | "json";

export const TYPES: Record<Format | "html", string> = {
  csv: "text/csv;charset=utf-8",
  json: "application/json",
  html: "text/html;charset=utf-8",
};

type Rows = AsyncIterable<object[]>;

/**
 * Write rows into a Blob. `onRows` hears how many rows are written. Between two pages the browser draws.
 * Columns of CSV are those of the first row: every row of a series has the same.
 */
export async function textOf(
  format: Format,
  rows: Rows,
  onRows: (count: number) => void,
  flat: (row: object) => object[] = (row) => [row],
): Promise<Blob> {
  const parts: string[] = [];
  let names: string[] | null = null;
  let count = 0;
  if (format === "json") parts.push("[");
  for await (const page of rows) {
    const lines: string[] = [];
    for (const row of page) {
      if (format === "json") lines.push(JSON.stringify(row));
      else {
        for (const each of flat(row)) {
          if (names === null) {
            names = Object.keys(each);
            lines.push(names.map(csvField).join(","));
          }
          lines.push(names.map((name) => csvField((each as Record<string, unknown>)[name])).join(","));
        }
      }
    }
    if (lines.length > 0) {
      parts.push(
        format === "json" ? `${count > 0 ? "," : ""}\n${lines.join(",\n")}` : `${lines.join("\r\n")}\r\n`,
      );
    }
    count += page.length;
    onRows(count);
  }
  if (format === "json") parts.push("\n]\n");
  return new Blob(parts, { type: TYPES[format] });
}

/** A field as RFC 4180 has it; null is empty, what is no plain value is JSON. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hand a file to the reader. */
export function save(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
