/** Put what is pushed where the page holds what it asked: one state, however it came. */
import type { QueryClient } from "@tanstack/react-query";
import type { LiveMessage } from "@/api/live";
import type { Progress, Run } from "@/api/types";
import { NOTHING, type Provisional, told } from "@/features/live/provisional";
import { isActive } from "@/features/runs/listing";
import { changeListed, isListed } from "@/features/runs/runs";

export function liveKey(runId: string) {
  return ["live", runId] as const;
}

export function apply(queries: QueryClient, message: LiveMessage): void {
  switch (message.type) {
    case "subscribed":
      for (const { run_id, status, ...state } of message.runs) {
        progressed(queries, run_id, { ...state, status });
        // An answer that is under way may be older than this; the next one is not.
        if (!queries.getQueryData(["progress", run_id])) {
          void queries.invalidateQueries({ queryKey: ["progress", run_id] });
        }
      }
      return;
    case "progress":
      progressed(queries, message.run_id, message);
      return;
    case "status":
      changed(queries, message.run_id, message.status);
      return;
    case "fill":
    case "log":
    case "retracted":
      queries.setQueryData<Provisional>(liveKey(message.run_id), (held) => told(held ?? NOTHING, message));
      return;
    case "gap":
      void queries.invalidateQueries({ queryKey: ["run", message.run_id] });
      void queries.invalidateQueries({ queryKey: ["progress", message.run_id] });
      return;
    case "workflow":
      void queries.invalidateQueries({ queryKey: ["workflows"] });
      return;
    default:
      return;
  }
}

/** Read again what may have changed while nothing was pushed. */
export function catchUp(queries: QueryClient): void {
  for (const key of ["runs", "run", "progress", "workflows"]) {
    void queries.invalidateQueries({ queryKey: [key] });
  }
}

type State = Partial<
  Pick<
    Progress,
    | "status"
    | "progress_pct"
    | "current_phase"
    | "current_timestamp"
    | "total_candles"
    | "processed_candles"
    | "latest_logs"
  >
>;

function progressed(queries: QueryClient, runId: string, state: State): void {
  const { status, progress_pct, current_phase, current_timestamp, total_candles, processed_candles } = state;
  const { latest_logs } = state;
  const given = Object.fromEntries(
    Object.entries({
      status,
      progress_pct,
      current_phase,
      current_timestamp,
      total_candles,
      processed_candles,
      latest_logs,
    }).filter(([, value]) => value !== undefined),
  );
  queries.setQueryData<Progress>(["progress", runId], (held) => held && { ...held, ...given });
}

function changed(queries: QueryClient, runId: string, status: Run["status"] | "deleted"): void {
  if (status === "deleted") {
    changeListed(queries, runId, () => null);
    return;
  }
  // A run that nobody has listed yet is one that was started elsewhere.
  if (!isListed(queries, runId)) void queries.invalidateQueries({ queryKey: ["runs"] });
  changeListed(queries, runId, (run) => (isActive({ status }) ? { ...run, status } : run));
  void queries.invalidateQueries({ queryKey: ["run", runId] });
  // Asked again, not set: an answer that is under way may be older than this.
  void queries.invalidateQueries({ queryKey: ["progress", runId] });
  if (!isActive({ status })) queries.removeQueries({ queryKey: liveKey(runId) });
}
