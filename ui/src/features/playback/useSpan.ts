import { useQuery } from "@tanstack/react-query";
import type { Run } from "@/api/types";
import { firstBar, lastBar, type Stage } from "@/features/playback/pages";

const KEPT = { staleTime: Number.POSITIVE_INFINITY } as const;

export interface Span {
  first: number;
  last: number;
}

/** Where a run begins and where its last bar may open. */
export function spanOf(run: Run, barMs: number): Span {
  return { first: Date.parse(run.start_date ?? ""), last: Date.parse(run.end_date ?? "") - barMs };
}

/**
 * The first and the last bar of a symbol in a run, which lie inside of its span where bars are missing; the
 * span until they are known. They are asked for when there is nothing more urgent.
 */
export function useSpan(run: Run, stage: Stage, isDue: boolean): Span {
  const { runId, symbol, barMs } = stage;
  const span = spanOf(run, barMs);
  const first = useQuery({
    ...KEPT,
    enabled: isDue,
    queryKey: ["playback", runId, "first", symbol],
    queryFn: ({ signal }) => firstBar(stage, signal),
  });
  const last = useQuery({
    ...KEPT,
    enabled: isDue,
    queryKey: ["playback", runId, "last", symbol],
    queryFn: ({ signal }) => lastBar(stage, signal),
  });
  return { first: first.data ?? span.first, last: last.data ?? span.last };
}
