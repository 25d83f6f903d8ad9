import { expect, test } from "vitest";
import { grouped, written } from "@/features/compare/differences";

function titles(...paths: string[]): string[] {
  return grouped(paths.map((path) => ({ path, values: [1, 2] }))).map(
    (group) => `${group.title}: ${group.rows.map((row) => row.path).join(" ")}`,
  );
}

test("what was asked for comes before what the document says", () => {
  expect(
    titles(
      "strategy.name",
      "symbols[0].dataset_version",
      "strategy.risk.max_daily_loss_pct",
      "parameters.fast",
      "symbols[1].symbol",
    ),
  ).toEqual([
    "Run: parameters.fast symbols[1].symbol",
    "Candles and warm-up: symbols[0].dataset_version",
    "Strategy: limits, size, behaviour: strategy.risk.max_daily_loss_pct",
    "Strategy: its document: strategy.name",
  ]);
});

test("a strategy's parameter that is called risk is no limit", () => {
  expect(titles("strategy.parameters.risk.default", "parameters.risk")).toEqual([
    "Run: parameters.risk",
    "Strategy: its document: strategy.parameters.risk.default",
  ]);
});

test("values are written as they are, days without their midnight", () => {
  expect(written("2021-01-01T00:00:00Z")).toBe("2021-01-01");
  expect(written("2021-01-01T12:30:00Z")).toBe("2021-01-01T12:30Z");
  expect(written(0)).toBe("0");
  expect(written(false)).toBe("false");
  expect(written(null)).toBeNull();
});
