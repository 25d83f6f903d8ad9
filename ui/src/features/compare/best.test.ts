import { expect, test } from "vitest";
import { best } from "@/features/compare/best";
import { metricNamed } from "@/format/metrics";

function bestOf(name: string, values: unknown[], sameStart = true): number[] {
  return [...best(metricNamed(name), values, sameStart)];
}

test("the highest return, but the lowest drawdown", () => {
  expect(bestOf("equity_return_pct", [4, 12, -3])).toEqual([1]);
  expect(bestOf("max_drawdown_pct", [4, 12, 3])).toEqual([2]);
});

test("losses are negative: the one nearest to zero is the best", () => {
  expect(bestOf("worst_day_pct", [-12, -3])).toEqual([1]);
  expect(bestOf("avg_loss", [-40, -46.1])).toEqual([0]);
});

test("equals share it, and where all are equal none has it", () => {
  expect(bestOf("sharpe_ratio", [1, 1, 0])).toEqual([0, 1]);
  expect(bestOf("sharpe_ratio", [1, 1])).toEqual([]);
});

test("what is not defined is neither best nor compared with", () => {
  expect(bestOf("profit_factor", [null, 1.2, 0.8])).toEqual([1]);
  expect(bestOf("profit_factor", [null, 1.2])).toEqual([]);
});

test("more trades, or a higher beta, are not better", () => {
  expect(bestOf("total_trades", [1, 2])).toEqual([]);
  expect(bestOf("beta", [0.2, 1.4])).toEqual([]);
});

test("money says nothing between runs that began with different amounts", () => {
  expect(bestOf("final_equity", [14_000, 26_000], false)).toEqual([]);
  expect(bestOf("final_equity", [14_000, 26_000])).toEqual([1]);
});
