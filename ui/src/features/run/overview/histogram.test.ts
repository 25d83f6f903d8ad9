import { describe, expect, it } from "vitest";
import { histogram, quantile } from "@/features/run/overview/histogram";

describe("classes of values", () => {
  it("have zero as a bound and count each value once", () => {
    const classes = histogram([-1.5, -0.5, 0, 0.5, 0.5, 2.5], 4);
    expect(classes.map(({ from, count }) => [from, count])).toEqual([
      [-2, 1],
      [-1, 1],
      [0, 3],
      [1, 0],
      [2, 1],
    ]);
  });

  it("put outliers into the outermost, and say so", () => {
    const values = [...Array.from({ length: 500 }, (_, i) => (i % 10) - 5), 1000];
    const classes = histogram(values, 10);
    expect(classes.at(-1)?.open).toBe("above");
    expect(classes[0]?.open).toBeNull();
    expect(classes.length).toBeLessThan(15);
    expect(classes.reduce((sum, each) => sum + each.count, 0)).toBe(501);
  });

  it("are there for one value, or for none", () => {
    expect(histogram([])).toEqual([]);
    expect(histogram([0]).map(({ count }) => count)).toEqual([1]);
    expect(histogram([-3]).reduce((sum, each) => sum + each.count, 0)).toBe(1);
  });

  it("know their quantiles", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  });
});
