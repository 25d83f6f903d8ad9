import { describe, expect, it } from "vitest";
import { atFields } from "@/features/new-run/faults";
import {
  barsOf,
  canonical,
  common,
  type Held,
  type HeldSymbol,
  moment,
  serving,
} from "@/features/new-run/held";

function held(timeframe: string, exchange = "binance", start = "2021-01-01", end = "2021-01-31T23:00"): Held {
  return {
    exchange,
    timeframe,
    dataset_id: `${exchange}.BTC-USDT.${timeframe}`,
    start: `${start}T00:00:00Z`,
    end: `${end}:00Z`,
    rows: 1,
    simulated: false,
  };
}

const BTC: HeldSymbol = {
  symbol: "BTC-USDT",
  base: "BTC",
  quote: "USDT",
  held: [held("5m"), held("1h"), held("1d", "kraken")],
};

describe("what a run reads of what is held", () => {
  it("is its own bars, else the longest that make them", () => {
    expect(serving(BTC, "1h", "")?.timeframe).toBe("1h");
    expect(serving(BTC, "4h", "")?.timeframe).toBe("1h");
    expect(serving(BTC, "15m", "")?.timeframe).toBe("5m");
    expect(serving(BTC, "1d", "binance")?.timeframe).toBe("1h");
    expect(serving(BTC, "1m", "")).toBeNull();
    expect(serving(undefined, "1h", "")).toBeNull();
  });

  it("is what all symbols share, a bare end day included", () => {
    const span = common([held("1h"), held("1h", "binance", "2021-01-10")]);
    expect(span).toEqual({ from: Date.parse("2021-01-10"), to: Date.parse("2021-02-01") });
    expect(barsOf(span, "", "", "1h")).toBe(22 * 24);
    expect(barsOf(span, "2021-01-11", "2021-01-11", "1h")).toBe(24);
    expect(barsOf(span, "2021-02-11", "2021-01-11", "1h")).toBeNull();
    expect(common([])).toBeNull();
    expect(moment("soon", false)).toBeNull();
    expect(moment("2021-01-01T06:00", false)).toBe(Date.parse("2021-01-01T06:00Z"));
  });

  it("is found however its symbol is written", () => {
    expect([canonical("btc/usdt ", [BTC]), canonical("BTCUSDT", [BTC]), canonical("solusdt", [BTC])]).toEqual(
      ["BTC-USDT", "BTC-USDT", "SOLUSDT"],
    );
  });
});

describe("a fault", () => {
  const fields = ["strategy", "symbols", "risk", "risk.max_daily_loss_pct", "initial_allocations"];

  it("stands at the field that is nearest to its path", () => {
    const { errors, others } = atFields(
      [
        { path: "risk.max_daily_loss_pct", message: "too much" },
        { path: "symbols[1]", message: "no candles of FOO-USDT are held" },
        { path: "strategy.triggers[0].entry", message: "unknown name 'foo'" },
        { path: "symbols", message: "choose one quote currency" },
        { path: "parameters.zz", message: "unknown parameter" },
      ],
      fields,
    );
    expect(Object.fromEntries(errors)).toEqual({
      "risk.max_daily_loss_pct": "too much",
      symbols: "no candles of FOO-USDT are held; choose one quote currency",
      strategy: "triggers[0].entry: unknown name 'foo'",
    });
    expect(others).toEqual([{ path: "parameters.zz", message: "unknown parameter" }]);
  });
});
