import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { figure, GROUPS, metricNamed } from "@/format/metrics";

const page = readFileSync(fileURLToPath(new URL("../../../docs/metrics.md", import.meta.url)), "utf8");
const documented = new Map(
  [
    ...page.matchAll(/^\| `(\w+)` \| (money|%|fraction|ratio|count|days|hours|time|date|ms|bars|text) \|/gm),
  ].map((row) => [row[1] as string, row[2] as string]),
);

test("every metric that is shown is one that the engine has", () => {
  const unknown = GROUPS.flatMap((group) => group.metrics).filter((each) => !documented.has(each.name));
  expect(unknown).toEqual([]);
});

test("units are those of the page of metrics", () => {
  const units: Record<string, string[]> = {
    money: ["money"],
    percent: ["%"],
    fraction: ["fraction"],
    ratio: ["ratio", "bars", "fraction"],
    count: ["count", "bars", "days"],
    days: ["days"],
    hours: ["hours"],
    ms: ["ms"],
    time: ["time"],
    text: ["text", "date"],
  };
  const wrong = [...documented].filter(([name, unit]) => !units[metricNamed(name).kind]?.includes(unit));
  expect(wrong).toEqual([]);
  expect(documented.size).toBeGreaterThan(120);
});

test("a value is written in the unit of its metric, and one that is not defined as a dash", () => {
  expect(figure(metricNamed("max_drawdown_pct"), 33.456)).toBe("33.46 %");
  expect(figure(metricNamed("worst_symbol_pnl"), -1234.5)).toBe("−1,234.50");
  expect(figure(metricNamed("best_trade_timestamp"), "2021-08-13T02:00:00Z")).toBe("2021-08-13 02:00");
  expect(figure(metricNamed("total_trades"), 1741)).toBe("1,741");
  expect(figure(metricNamed("sharpe_ratio"), null)).toBe("–");
});
