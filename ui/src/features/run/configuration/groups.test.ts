import { describe, expect, it } from "vitest";
import { settingGroups, writtenValue } from "@/features/run/configuration/groups";

const request = {
  start_date: "2021-01-01T00:00:00Z",
  initial_cash: 10000,
  taker_fee_bps: 10,
  slippage_bps: 2,
  something_new: 3,
  parameters: { fast: 12 },
  symbols: [{ symbol: "BTC-USDT" }, { symbol: "ETH-USDT" }],
  allocations: [0, 4000],
  risk: null,
  behaviour: { min_hold_hours: 0, walk_away_profit_pct: null },
  strategy: { risk: { max_daily_loss_pct: 3 } },
};

describe("the configuration", () => {
  const groups = settingGroups(request);
  const titled = (title: string) =>
    groups
      .find((group) => group.title === title)
      ?.settings.map((each) => `${each.label} ${writtenValue(each)}`);

  it("stands in groups, and leaves nothing out that it does not know", () => {
    expect(titled("Costs")).toEqual(["Taker fee 10 bps", "Slippage 2 bps"]);
    expect(titled("Span")).toEqual(["First bar 2021-01-01"]);
    expect(titled("Other")).toEqual(["Something new 3"]);
    expect(titled("Parameters")).toEqual(["Fast 12"]);
    expect(titled("Allocations at the start")).toEqual(["ETH-USDT 4,000"]);
  });

  it("says whose the limits are, and what is off", () => {
    expect(titled("Risk limits (the strategy's own)")).toEqual(["Max daily loss 3 %"]);
    expect(titled("Behaviour")).toEqual(["Min hold 0 h", "Walk away profit off"]);
  });
});
