import { expect, test } from "vitest";
import type { LiveMessage } from "@/api/live";
import { type LiveFill, NOTHING, told } from "@/features/live/provisional";

function fills(attempt: number, ...seqs: number[]): LiveMessage {
  const rows = seqs.map((seq) => ({ seq }) as LiveFill);
  return {
    type: "fill",
    run_id: "bt-1",
    sequence: 1,
    attempt,
    provisional: true,
    fills: rows,
    left_out: 0,
  };
}

test("the newest fills come first, each once", () => {
  const held = [fills(1, 0, 1), fills(1, 1, 2)].reduce(told, NOTHING);
  expect(held.fills.map((fill) => fill.seq)).toEqual([2, 1, 0]);
  expect(held.count).toBe(3);
});

test("fills that were too many to be pushed are counted", () => {
  expect(told(NOTHING, fills(1, 4_592, 4_593)).count).toBe(4_594);
});

test("of a lost attempt nothing is left, and it is said that one was lost", () => {
  const lost: LiveMessage = { type: "retracted", run_id: "bt-1", sequence: 2, attempt: 1 };
  const held = [fills(1, 0, 1), lost].reduce(told, NOTHING);
  expect(held).toMatchObject({ fills: [], count: 0, lost: 1, attempt: 2 });
  expect(told(held, fills(2, 0)).fills.map((fill) => fill.seq)).toEqual([0]);
});

test("what is of another attempt takes the place of what was there", () => {
  const held = [fills(1, 0, 1), fills(2, 0)].reduce(told, NOTHING);
  expect(held.fills.length).toBe(1);
});
