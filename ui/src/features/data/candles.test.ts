import { expect, it } from "vitest";
import { slots } from "@/features/data/candles";

it("leaves missing bars blank", () => {
  expect(slots([0, 10, 40], 10)).toEqual([
    { time: 0, bar: 0 },
    { time: 10, bar: 1 },
    { time: 20, bar: null },
    { time: 30, bar: null },
    { time: 40, bar: 2 },
  ]);
});

it("shows of a long gap that there is one", () => {
  expect(slots([0, 1_000_000], 10)).toHaveLength(202);
});
