import { describe, expect, it } from "vitest";
import { barLength, timeAt, wanted } from "@/chart/window";

const HOUR = 3_600_000;
const whole = { start: 0, end: 20_000 * HOUR };
const coarse = { span: whole, points: 2_000 };

describe("the part of a series that is held", () => {
  it("stays the whole while enough of its points are seen", () => {
    expect(wanted(whole, coarse, whole, HOUR)).toBeUndefined();
    expect(wanted({ start: 0, end: 6_000 * HOUR }, coarse, whole, HOUR)).toBeUndefined();
  });

  it("is a finer one, wider than what is seen, when few points are", () => {
    // 1,000 hours of points ten hours apart are 100 points.
    const seen = { start: 5_000 * HOUR, end: 6_000 * HOUR };
    expect(wanted(seen, coarse, whole, HOUR)).toEqual({ start: 4_000 * HOUR, end: 7_000 * HOUR });
  });

  it("stops at single bars, which cannot be finer", () => {
    const held = { span: { start: 0, end: 3_000 * HOUR }, points: 3_000 };
    expect(wanted({ start: 0, end: 20 * HOUR }, held, whole, HOUR)).toBeUndefined();
  });

  it("moves along, and is the whole again when all is seen", () => {
    const held = { span: { start: 4_000 * HOUR, end: 7_000 * HOUR }, points: 3_000 };
    expect(wanted({ start: 6_500 * HOUR, end: 7_500 * HOUR }, held, whole, HOUR)).toEqual({
      start: 5_500 * HOUR,
      end: 8_500 * HOUR,
    });
    expect(wanted({ start: 1_000 * HOUR, end: 19_000 * HOUR }, held, whole, HOUR)).toBeNull();
  });

  it("does not ask for the whole again when the reader moves past its ends", () => {
    expect(wanted({ start: -500 * HOUR, end: 21_000 * HOUR }, coarse, whole, HOUR)).toBeUndefined();
  });
});

describe("times", () => {
  it("of places between and beyond the points", () => {
    const times = [100, 200, 300];
    expect([timeAt(1.5, times), timeAt(-2, times), timeAt(4, times)]).toEqual([250, -100, 500]);
  });

  it("of a bar", () => {
    expect(["15m", "1h", "1d"].map(barLength)).toEqual([900_000, HOUR, 24 * HOUR]);
  });
});
