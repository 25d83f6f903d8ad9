import { describe, expect, it } from "vitest";
import { monthGrid, shade } from "@/features/run/overview/months";

const row = { equity: 1, return_pct: 1, benchmark_return_pct: null, pnl: null, trades: null };

describe("months", () => {
  it("stand by year, with nothing where the run has none", () => {
    const grid = monthGrid(
      [
        { ...row, month: "2021-11" },
        { ...row, month: "2021-12" },
        { ...row, month: "2022-01" },
      ],
      [{ ...row, year: "2022", return_pct: 7 }],
    );
    expect(grid.map(({ year, months }) => [year, months.flatMap((month, i) => (month ? [i] : []))])).toEqual([
      ["2021", [10, 11]],
      ["2022", [0]],
    ]);
    expect(grid.map(({ total }) => total?.return_pct)).toEqual([undefined, 7]);
  });

  it("are shaded by size alone, up to a bound", () => {
    expect([shade(0), shade(-20), shade(300)]).toEqual([0, 48, 48]);
    expect(shade(5)).toBe(shade(-5));
  });
});
