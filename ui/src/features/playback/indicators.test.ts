import { expect, it } from "vitest";
import { indicatorsOf, placeOf, shownAtFirst } from "@/features/playback/indicators";

const close = Float64Array.of(100, 101, 99);
const far = Float64Array.of(55, 50, 45);
const near = Float64Array.of(Number.NaN, 100.5, 99.5);

it("an indicator whose values lie near the price is drawn on it, any other below", () => {
  const none = Float64Array.of(Number.NaN, Number.NaN, Number.NaN);
  expect([placeOf(near, close), placeOf(far, close), placeOf(none, close)]).toEqual(["price", "below", null]);
});

it("the strategy's own come first and are shown; what every run has can be chosen", () => {
  const columns = { close, volume: far, sma_20: near, macd: far, macd_signal: far, macd_hist: far };
  const places = new Map();
  const indicators = indicatorsOf({ ...columns, slow_ema: near, strength: far }, places);
  expect(indicators.map((one) => [one.id, one.place, one.isOwn])).toEqual([
    ["slow_ema", "price", true],
    ["strength", "below", true],
    ["sma_20", "price", false],
    ["macd", "below", false],
  ]);
  expect(shownAtFirst(indicators)).toEqual(["slow_ema", "strength"]);
  expect(shownAtFirst(indicators.filter((one) => !one.isOwn))).toEqual(["ema_20", "rsi_14"]);
  // Elsewhere in the run its values may look like prices: it stays where it was put.
  expect(indicatorsOf({ ...columns, strength: near }, places)[0]?.place).toBe("below");
});
