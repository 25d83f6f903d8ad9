import { expect, test } from "vitest";
import { indexed } from "@/chart/indexed";

const MINUTE = 60;
const HOUR = 3_600;

const hours = { times: [0, HOUR, 2 * HOUR], equity: [1_000, 1_100, 900], start: 1_000 };

test("a curve is its return since its own start, however much cash it began with", () => {
  const richer = { ...hours, equity: hours.equity.map((each) => 25 * each), start: 25_000 };
  const { returns } = indexed([hours, richer], "calendar", 3);
  expect(returns[0]?.map((each) => Math.round(each ?? Number.NaN))).toEqual([0, 10, -10]);
  expect(returns[1]).toEqual(returns[0]);
});

test("minutes and hours stand on one even grid", () => {
  const minutes = {
    times: [HOUR, HOUR + MINUTE, HOUR + 2 * MINUTE],
    equity: [50, 51, 52],
    start: 50,
  };
  const { times, returns } = indexed([hours, minutes], "calendar", 200);
  const steps = new Set(times.slice(1).map((time, i) => time - (times[i] as number)));
  expect([...steps]).toEqual([MINUTE]);
  // Between its bars an hourly curve stands where its last bar left it.
  expect(returns[0]?.[59]).toBe(0);
  expect(returns[0]?.[60]).toBeCloseTo(10);
  expect(returns[1]?.slice(59, 64).map((each) => each && Math.round(each))).toEqual([null, 0, 2, 4, null]);
});

test("the last value is never lost between two times of the grid", () => {
  const odd = { times: [0, HOUR, 2 * HOUR + 7 * MINUTE], equity: [100, 90, 120], start: 100 };
  const { returns } = indexed([odd], "calendar", 4);
  expect(returns[0]?.filter((each) => each !== null).at(-1)).toBeCloseTo(20);
});

test("laid over each other, curves of different years begin together", () => {
  const later = { ...hours, times: hours.times.map((time) => time + 1_000 * HOUR) };
  const { times, returns } = indexed([hours, later], "start", 5);
  expect(times).toEqual([0, HOUR / 2, HOUR, 1.5 * HOUR, 2 * HOUR]);
  expect(returns[1]).toEqual(returns[0]);
});

test("curves without points are no reason to fail", () => {
  expect(indexed([{ times: [], equity: [], start: 1 }], "calendar")).toEqual({ times: [], returns: [[]] });
});
