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

function log(sequence: number, ...lines: string[]): LiveMessage {
  return { type: "log", run_id: "bt-1", sequence, attempt: 1, provisional: true, lines };
}

function lost(attempt: number): LiveMessage {
  return { type: "retracted", run_id: "bt-1", sequence: 2, attempt };
}

test("the newest fills come first, each once", () => {
  const held = [fills(1, 0, 1), fills(1, 1, 2)].reduce(told, NOTHING);
  expect(held.fills.map((fill) => fill.seq)).toEqual([2, 1, 0]);
  expect(held.count).toBe(3);
});

test("fills that come late take their place, and count no less", () => {
  const held = [fills(1, 5, 6), fills(1, 2, 3)].reduce(told, NOTHING);
  expect(held.fills.map((fill) => fill.seq)).toEqual([6, 5, 3, 2]);
  expect(held.count).toBe(7);
});

test("lines that come late take their place, and stand there once", () => {
  const held = [log(96, "c"), log(64, "a", "b"), log(64, "a", "b")].reduce(told, NOTHING);
  expect(held.lines.map((line) => line.text)).toEqual(["a", "b", "c"]);
});

test("fills that were too many to be pushed are counted", () => {
  expect(told(NOTHING, fills(1, 4_592, 4_593)).count).toBe(4_594);
});

test("of a lost attempt nothing is left, and it is said that one was lost", () => {
  const held = [fills(1, 0, 1), lost(1)].reduce(told, NOTHING);
  expect(held).toMatchObject({ fills: [], count: 0, lost: 1, attempt: 2 });
  expect(told(held, fills(2, 0)).fills.map((fill) => fill.seq)).toEqual([0]);
});

test("what comes late of a lost attempt brings nothing of it back", () => {
  const held = [lost(1), fills(1, 0), log(64, "a")].reduce(told, NOTHING);
  expect(held).toMatchObject({ fills: [], lines: [], count: 0, lost: 1, attempt: 2 });
});

test("that an attempt was lost takes nothing of the next one, told late or twice", () => {
  const held = [fills(2, 0), lost(1), lost(1)].reduce(told, NOTHING);
  expect(held.fills.map((fill) => fill.seq)).toEqual([0]);
  expect(held).toMatchObject({ lost: 1, attempt: 2 });
});

test("what is of another attempt takes the place of what was there", () => {
  const held = [fills(1, 0, 1), fills(2, 0)].reduce(told, NOTHING);
  expect(held.fills.length).toBe(1);
});
