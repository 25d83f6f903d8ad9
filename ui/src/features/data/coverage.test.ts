import { describe, expect, it } from "vitest";
import { axisOf, coverage, holes, stripe, ticks } from "@/features/data/coverage";

const HOUR = 3_600_000;
const day = (date: string) => `${date}T00:00:00Z`;
const AXIS = { from: Date.parse(day("2021-01-01")), to: Date.parse(day("2021-01-11")) };

describe("the strip of a dataset", () => {
  it("stands on one axis with the others", () => {
    const spans = [
      { start: day("2021-01-05"), end: day("2021-01-11") },
      { start: day("2021-01-01"), end: day("2021-01-03") },
    ];
    expect(axisOf(spans)).toEqual(AXIS);
    expect(axisOf([])).toBeNull();
    expect(stripe(spans[0] as (typeof spans)[0], AXIS, 100)).toEqual({ x: 40, width: 60 });
  });

  it("is seen even where it is one bar at the end", () => {
    expect(stripe({ start: day("2021-01-11"), end: day("2021-01-11") }, AXIS, 100)).toEqual({
      x: 98,
      width: 2,
    });
  });

  it("shows an outage of an hour, and draws outages side by side as one", () => {
    const at = (hour: string) => `2021-01-02T${hour}:00:00Z`;
    const gaps = [
      { start: at("00"), end: at("00") },
      { start: at("02"), end: at("04") },
      { start: day("2021-01-06"), end: "2021-01-06T23:00:00Z" },
    ];
    const found = holes(gaps, HOUR, AXIS, 100);
    expect(found).toHaveLength(2);
    expect(found[0]?.x).toBe(10);
    // The first alone would be 0.4 pixels wide; until 05:00 it is 5 hours of 2.4 a pixel.
    expect(found[0]?.width).toBeCloseTo(5 / 2.4);
    expect(found[1]).toEqual({ x: 50, width: 10 });
  });
});

describe("the axis", () => {
  it("names days, months or years, as many as fit", () => {
    expect(ticks(AXIS, 640).map((tick) => tick.label)).toHaveLength(11);
    const years = { from: Date.parse(day("2018-06-01")), to: Date.parse(day("2023-12-31")) };
    expect(ticks(years, 300).map((tick) => tick.label)).toEqual(["2019", "2020", "2021", "2022", "2023"]);
    const months = { from: Date.parse(day("2021-01-01")), to: Date.parse(day("2021-05-31")) };
    expect(ticks(months, 200).map((tick) => tick.label)).toEqual(["2021-01", "2021-04"]);
  });
});

describe("coverage", () => {
  it("never says 100 % of what lacks a bar", () => {
    expect(coverage(132_479, 1)).toBe(99.99);
    expect(coverage(132_480, 0)).toBe(100);
  });
});
