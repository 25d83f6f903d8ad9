import { describe, expect, it } from "vitest";
import type { EventRow } from "@/api/types";
import { passes, shownValue, summaryOf } from "@/features/playback/events";
import { markersOf } from "@/features/playback/markers";
import { isBeyond } from "@/features/playback/pages";
import { nthBeyond } from "@/features/playback/steps";

function event(type: string, payload: Record<string, unknown>, more: Partial<EventRow> = {}): EventRow {
  return {
    seq: 7,
    timestamp: "2021-01-01T00:07:00Z",
    type,
    symbol: "BTC-USDT",
    trigger_id: "cross",
    correlation_id: null,
    payload,
    ...more,
  };
}

const sold = { side: "sell", qty: 0.0335, price: 38606.86, reason: "stop", pnl: -42.9 };

describe("an event", () => {
  it("says in one line what happened", () => {
    expect(summaryOf(event("fill", sold))).toBe("sell 0.0335 at 38,606.86, stop, −42.90");
    expect(summaryOf(event("trade_blocked", { reason: "min_hold", side: "sell", count: 5 }))).toBe(
      "cross sell: min hold, 5 times",
    );
    expect(
      summaryOf(event("gap", { from: "2021-01-01T00:01:00Z", to: "2021-01-01T00:02:00Z", missing_bars: 2 })),
    ).toBe("2 bars missing, 2021-01-01 00:01 to 2021-01-01 00:02");
  });

  it("passes a filter by type and by symbol", () => {
    const filled = event("fill", sold);
    expect(passes(filled, { types: [], symbol: null })).toBe(true);
    expect(passes(filled, { types: ["gap"], symbol: null })).toBe(false);
    expect(passes(filled, { types: ["gap", "fill"], symbol: "BTC-USDT" })).toBe(true);
    expect(passes(filled, { types: [], symbol: "ETH-USDT" })).toBe(false);
  });

  it("lies beyond where one stands: on another event of the same bar, or past a bar", () => {
    const at = { time: Date.parse("2021-01-01T00:07:00Z") };
    expect(isBeyond(event("fill", sold), { ...at, seq: 6 }, true)).toBe(true);
    expect(isBeyond(event("fill", sold), { ...at, seq: 7 }, true)).toBe(false);
    expect(isBeyond(event("fill", sold), { ...at, seq: null }, true)).toBe(false);
    expect(isBeyond(event("fill", sold), { time: at.time + 1, seq: null }, false)).toBe(true);
  });

  it("unfolds to values that can be read", () => {
    expect(
      ["2021-01-01T00:07:00Z", 0.123456789, 3, "exit_rule", null, [1]].map((value) => shownValue(value)),
    ).toEqual(["2021-01-01 00:07 UTC", "0.12345679", "3", "exit rule", "–", "[1]"]);
  });
});

it("a step leads to the next event that passes, as far as pages follow each other", () => {
  const at = (minute: number, seq: number, type: string) =>
    event(type, {}, { seq, timestamp: new Date(minute * 60_000).toISOString() });
  const pages = new Map([
    [0, [at(10, 1, "fill"), at(10, 2, "gap"), at(20, 3, "fill")]],
    [1, [at(1_005, 4, "gap"), at(1_006, 5, "fill")]],
  ]);
  const lead = (seq: number | null, count: number, types: string[] = []) =>
    nthBeyond({ time: 10 * 60_000, seq }, count, 60_000, { types, symbol: null }, (page) => pages.get(page))
      ?.seq;
  expect([lead(1, 1), lead(1, 1, ["fill"]), lead(1, 2, ["fill"]), lead(1, 3, ["fill"])]).toEqual([
    2,
    3,
    5,
    undefined,
  ]);
  // From the bar alone: on past it, and back to what happened at it.
  expect([lead(null, 1), lead(null, -1), lead(2, -1), lead(1, -1)]).toEqual([3, 2, 1, undefined]);
});

it("a fill is marked at the bar that it lies in, with its side and its reason in words", () => {
  const times = Float64Array.of(Date.parse("2021-01-01T00:05:00Z"), Date.parse("2021-01-01T00:10:00Z"));
  const bought = event("fill", { ...sold, side: "buy", reason: "entry_rule" }, { seq: 8 });
  const other = event("fill", sold, { symbol: "ETH-USDT" });
  const marks = markersOf([event("fill", sold), other, bought], "BTC-USDT", times, { buy: "g", sell: "r" });
  expect(marks).toEqual([
    {
      id: "7",
      time: 1_609_459_500,
      position: "aboveBar",
      shape: "arrowDown",
      color: "r",
      text: "Sell · Stop",
    },
    { id: "8", time: 1_609_459_500, position: "belowBar", shape: "arrowUp", color: "g", text: "Buy" },
  ]);
});
