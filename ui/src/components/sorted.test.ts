import { describe, expect, it } from "vitest";
import { sorted } from "@/components/sorted";

const rows = [
  { name: "run 10", pnl: -1 },
  { name: "run 2", pnl: null },
  { name: "Run 1", pnl: 5 },
  { name: "run 3", pnl: -1 },
];
const columns = [
  { accessorKey: "name" },
  { id: "pnl", accessorFn: (row: { pnl: number | null }) => row.pnl },
];
const names = (found: { name: string }[]) => found.map(({ name }) => name);

describe("rows in order", () => {
  it("are numbers by size and texts by their words, equal ones as they were", () => {
    expect(names(sorted(rows, columns, [{ id: "name", desc: false }]))).toEqual([
      "Run 1",
      "run 2",
      "run 3",
      "run 10",
    ]);
    expect(names(sorted(rows, columns, [{ id: "pnl", desc: false }]))).toEqual([
      "run 10",
      "run 3",
      "Run 1",
      "run 2",
    ]);
  });

  it("have what is not defined last in both directions", () => {
    expect(names(sorted(rows, columns, [{ id: "pnl", desc: true }]))).toEqual([
      "Run 1",
      "run 10",
      "run 3",
      "run 2",
    ]);
  });

  it("go by a second column where the first says nothing", () => {
    const orders = [
      { id: "pnl", desc: false },
      { id: "name", desc: false },
    ];
    expect(names(sorted(rows, columns, orders))).toEqual(["run 3", "run 10", "Run 1", "run 2"]);
  });

  it("are the same rows where no column is known", () => {
    expect(sorted(rows, columns, [{ id: "gone", desc: true }])).toBe(rows);
    expect(sorted(rows, columns, [])).toBe(rows);
  });
});
