import { describe, expect, it } from "vitest";
import type { BacktestRequest } from "@/api/types";
import { draftOf } from "@/features/new-run/clone";
import { type Draft, emptyDraft } from "@/features/new-run/draft";
import { requestOf } from "@/features/new-run/request";
import { declaredOf } from "@/features/strategies/parameters";

const DECLARED = declaredOf({ fast: { type: "int", default: 12, min: 2 }, half: 0.5, daily: true });

function draft(change: Partial<Draft>): Draft {
  return { ...emptyDraft(), presetId: "ema_cross", symbols: ["BTC-USDT"], ...change };
}

function asked(change: Partial<Draft>) {
  return requestOf(draft(change), null, DECLARED);
}

describe("a request", () => {
  it("says nothing of what has its default", () => {
    expect(asked({})).toEqual({
      request: { strategy: "ema_cross", symbols: ["BTC-USDT"], timeframe: "1h" },
      faults: [],
    });
  });

  it("leaves risk and behaviour to the strategy, or puts every default in their place", () => {
    const { values } = emptyDraft().risk;
    expect(asked({ risk: { own: false, values } }).request.risk).toEqual({});
    const set = { ...values, max_daily_loss_pct: "", max_trades_per_day: "7" };
    expect(asked({ risk: { own: false, values: set } }).request.risk).toEqual({
      max_daily_loss_pct: null,
      max_trades_per_day: 7,
    });
  });

  it("sends the parameters that differ, in their own kind", () => {
    const parameters = { fast: "12", half: "0.25", daily: false, gone: "1" };
    expect(asked({ parameters }).request.parameters).toEqual({ half: 0.25, daily: false });
  });

  it("sends the regime in the place of the dates that it filled in", () => {
    const { request } = asked({ regime: "bear_2022", start: "2021-11-11", end: "2022-11-21" });
    expect(request).toMatchObject({ regime: "bear_2022" });
    expect(request).not.toHaveProperty("start_date");
  });

  it("names a version of an own strategy", () => {
    expect(asked({ source: "own", savedId: "mine", savedVersion: 3 }).request.strategy).toBe("mine@3");
    expect(asked({ source: "own", savedId: "mine" }).request.strategy).toBe("mine");
  });

  it("is not sent with what cannot be read", () => {
    const paths = (change: Partial<Draft>) => asked(change).faults.map((fault) => fault.path);
    expect(paths({ presetId: "", symbols: [] })).toEqual(["strategy", "symbols"]);
    expect(paths({ source: "document", document: "name: [" })).toEqual(["strategy"]);
    expect(paths({ costs: { ...emptyDraft().costs, slippage_bps: "-1" } })).toEqual(["costs.slippage_bps"]);
    expect(paths({ funding: "assumed" })).toEqual(["funding.assumed_rate_bps"]);
    const twice = [
      { name: "cash", amount: "5" },
      { name: "BTC", amount: "" },
      { name: "cash", amount: "6" },
    ];
    expect(paths({ funds: "allocations", allocations: twice })).toEqual([
      "initial_allocations.BTC",
      "initial_allocations.cash",
    ]);
  });
});

describe("a clone", () => {
  const run = { run_id: "bt-1", strategy_id: "ema_cross", strategy_version: null };
  /** As the API keeps it: every field of every group, the document in the place of the name. */
  const sent: BacktestRequest = {
    strategy: { name: "EMA cross" },
    symbols: ["BTC-USDT", "ETH-USDT"],
    timeframe: "4h",
    exchange: "binance",
    start_date: "2021-02-01T06:00:00Z",
    end_date: null,
    regime: null,
    initial_cash: 10_000,
    initial_allocations: { cash: 6000, BTC: 4000 },
    parameters: { fast: 9, daily: false },
    costs: {
      taker_fee_bps: 5,
      maker_fee_bps: null,
      slippage_bps: 2,
      slippage_range_fraction: 0.05,
      slippage_volume_share: 0,
    },
    risk: {
      max_position_risk_pct: 2,
      max_portfolio_exposure_pct: 80,
      max_daily_loss_pct: null,
      max_symbol_exposure_pct: 50,
    },
    behaviour: null,
    leverage: 3,
    maintenance_margin_pct: 0.5,
    funding: { assumed_rate_bps: 0, every_hours: 4 },
    finer_timeframe: "1m",
    name: "first",
    tags: ["a"],
    notes: null,
  };

  it("asks what the run was asked", () => {
    const { request, faults } = requestOf(draftOf(sent, run, null, ""), null, DECLARED);
    expect(faults).toEqual([]);
    expect(request).toEqual({
      strategy: "ema_cross",
      symbols: ["BTC-USDT", "ETH-USDT"],
      timeframe: "4h",
      exchange: "binance",
      start_date: "2021-02-01T06:00:00Z",
      initial_allocations: { cash: 6000, BTC: 4000 },
      parameters: { fast: 9, daily: false },
      costs: { taker_fee_bps: 5, slippage_range_fraction: 0.05 },
      risk: { max_daily_loss_pct: null, max_symbol_exposure_pct: 50 },
      leverage: 3,
      funding: { assumed_rate_bps: 0, every_hours: 4 },
      finer_timeframe: "1m",
      name: "first",
      tags: ["a"],
    });
  });

  it("keeps the document of a run that was sent one, and the version of one that was kept", () => {
    const whole = draftOf(sent, { ...run, strategy_id: null }, null, "name: EMA cross");
    expect(requestOf(whole, { name: "EMA cross" }, DECLARED).request.strategy).toEqual({ name: "EMA cross" });
    const own = draftOf(sent, { ...run, strategy_id: "mine", strategy_version: 2 }, null, "");
    expect(requestOf(own, null, DECLARED).request.strategy).toBe("mine@2");
  });
});
