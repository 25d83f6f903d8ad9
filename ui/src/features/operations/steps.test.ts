import { expect, it } from "vitest";
import { milliseconds, statesOf } from "@/features/operations/steps";

const at = (second: number) => new Date(second * 1000).toISOString();
const step = (second: number, type: string, state: string | null = null, error: string | null = null) => ({
  id: second,
  type,
  timestamp: at(second),
  state,
  error,
});

it("reads when a state was entered and left, and its error", () => {
  const rows = statesOf([
    step(0, "ExecutionStarted"),
    step(1, "TaskStateEntered", "PlanFetch"),
    step(1, "TaskScheduled"),
    step(3, "TaskFailed", null, "RunRejectedError"),
    step(3, "TaskStateExited", "PlanFetch"),
    step(3, "TaskStateEntered", "Settle"),
    step(4, "TaskStateExited", "Settle"),
    step(4, "FailStateEntered", "Failed"),
    step(4, "ExecutionFailed", null, "RunRejectedError"),
  ]);
  expect(rows.map(({ name, kind }) => [name, kind])).toEqual([
    ["PlanFetch", "Task"],
    ["Settle", "Task"],
    ["Failed", "Fail"],
  ]);
  expect(rows[0]?.spells).toEqual([{ from: 1000, to: 3000, error: "RunRejectedError" }]);
  expect(rows[1]?.spells[0]?.error).toBeNull();
});

it("shows the states of a loop once, with each of their spells", () => {
  const rows = statesOf([
    step(0, "TaskStateEntered", "FetchCandles"),
    step(1, "TaskStateExited", "FetchCandles"),
    step(1, "WaitStateEntered", "Wait"),
    step(5, "WaitStateExited", "Wait"),
    step(5, "TaskStateEntered", "FetchCandles"),
  ]);
  expect(rows).toHaveLength(2);
  expect(rows[0]?.spells.map(({ to }) => to)).toEqual([1000, null]);
  expect(milliseconds(rows[0] as (typeof rows)[0], 8000)).toBe(4000);
});
