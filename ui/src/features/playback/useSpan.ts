import { useQuery } from "@tanstack/react-query";
import type { Run } from "@/api/types";
import { firstBar, lastBar, type Stage } from "@/features/playback/pages";

const KEPT = { staleTime: Number.POSITIVE_INFINITY } as const;

/** The first and the last bar of a symbol in a run; until they are known, where the run begins and ends. */
export function useSpan(run: Run, stage: Stage): { first: number; last: number } {
  const { runId, symbol, barMs } = stage;
  const first = useQuery({
    ...KEPT,
    queryKey: ["playback", runId, "first", symbol],
    queryFn: ({ signal }) => firstBar(stage, signal),
  });
  const last = useQuery({
    ...KEPT,
    queryKey: ["playback", runId, "last", symbol],
    queryFn: ({ signal }) => lastBar(stage, signal),
  });
  return {
    first: first.data ?? Date.parse(run.start_date ?? ""),
    last: last.data ?? Date.parse(run.end_date ?? "") - barMs,
  };
}
