/** What the page of a run asks the API: the run, how far it is, and, once completed, what never changes again. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { FOREVER } from "@/api/queries";
import type { Run } from "@/api/types";
import { useIsPushed } from "@/features/live/pushed";
import { isActive } from "@/features/runs/listing";

const EVERY_MS = 1_000;

export function useRun(runId: string) {
  const api = useApi();
  return useQuery({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => data(api.GET("/backtests/{run_id}", { params: path(runId), signal })),
  });
}

/** Ask how far a run is while it is under way and nothing is pushed; whenever its status is another one, ask for the run again. */
export function useRunProgress({ run_id: runId, status }: Run) {
  const api = useApi();
  const queries = useQueryClient();
  const pushed = useIsPushed();
  const progress = useQuery({
    queryKey: ["progress", runId],
    queryFn: ({ signal }) => data(api.GET("/backtests/{run_id}/progress", { params: path(runId), signal })),
    refetchInterval: (query) =>
      pushed || (query.state.data && !isActive(query.state.data)) ? false : EVERY_MS,
    staleTime: 0,
  });
  const now = progress.data?.status;
  useEffect(() => {
    if (now === undefined || now === status) return;
    void queries.invalidateQueries({ queryKey: ["run", runId] });
    if (!isActive({ status: now })) void queries.invalidateQueries({ queryKey: ["runs"] });
  }, [now, status, queries, runId]);
  return progress;
}

/** Metrics and what there is to know of the candles; `stale` in it may change, so it is not kept for ever. */
export function useResults(runId: string) {
  const api = useApi();
  return useQuery({
    queryKey: ["results", runId],
    queryFn: ({ signal }) => data(api.GET("/backtests/{run_id}/results", { params: path(runId), signal })),
    staleTime: 60_000,
  });
}

export type Table = "monthly" | "yearly" | "drawdowns" | "rolling_sharpe" | "daily" | Breakdown;
export type Breakdown =
  | "by_symbol"
  | "by_side"
  | "by_trigger"
  | "by_exit_trigger"
  | "by_exit_reason"
  | "by_hour"
  | "by_weekday"
  | "excursions";

export function useReport(runId: string, tables: readonly Table[]) {
  const api = useApi();
  const wanted = tables.join(",");
  return useQuery({
    queryKey: ["report", runId, wanted],
    queryFn: ({ signal }) =>
      data(
        api.GET("/backtests/{run_id}/report", {
          params: { ...path(runId), query: { tables: wanted } },
          signal,
        }),
      ),
    ...FOREVER,
  });
}

export function path(runId: string) {
  return { path: { run_id: runId } };
}
