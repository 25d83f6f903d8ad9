import { expect, test } from "vitest";
import type { Run } from "@/api/types";
import { matching, ordered, parseSort, parseTags, writeSort } from "@/features/runs/listing";

function run(run_id: string, changes: Partial<Run>): Run {
  return {
    run_id,
    name: null,
    status: "completed",
    strategy: "ema_cross",
    tags: [],
    symbols: [],
    ...changes,
  } as Run;
}

const runs = [
  run("a", { sharpe_ratio: 0.4, tags: ["demo"], symbols: ["BTC-USDT"] }),
  run("b", { sharpe_ratio: null, status: "failed", symbols: ["ETH-USDT"] }),
  run("c", { sharpe_ratio: 1.2, name: "Long moves", symbols: ["BTC-USDT", "ETH-USDT"] }),
];

function ids(found: Run[]): string {
  return found.map((each) => each.run_id).join("");
}

test("a run without the figure comes last, whichever way it is ordered", () => {
  expect(ids(ordered(runs, parseSort("-sharpe")))).toBe("cab");
  expect(ids(ordered(runs, parseSort("sharpe")))).toBe("acb");
});

test("an order that is not known is the server's", () => {
  expect(parseSort("-luck")).toEqual([]);
  expect(ids(ordered(runs, []))).toBe("abc");
  expect(writeSort(parseSort("-sharpe"))).toBe("-sharpe");
  expect(writeSort([])).toBeUndefined();
});

test("every word is looked for, in any field", () => {
  expect(ids(matching(runs, "btc"))).toBe("ac");
  expect(ids(matching(runs, " eth LONG"))).toBe("c");
  expect(ids(matching(runs, "failed"))).toBe("b");
  expect(ids(matching(runs, "  "))).toBe("abc");
});

test("tags are parted by commas, each once", () => {
  expect(parseTags(" demo, trend ,, demo")).toEqual(["demo", "trend"]);
});
