/** The list of runs as the page holds it: pages by cursor, each run changed in place when it is known to have. */
import {
  type InfiniteData,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { isPassing } from "@/api/errors";
import type { Progress, Run, RunPage } from "@/api/types";
import { useIsPushed } from "@/features/live/pushed";
import { isActive } from "@/features/runs/listing";

const PAGE = 50;
const EVERY_MS = 1_500;
const AGAIN_MS = 4_000;
const LIST = ["runs"] as const;

/** The server's own filters. */
export interface Filters {
  status?: string;
  strategy?: string;
  symbol?: string;
  tag?: string;
}

export function useRuns({ status, ...others }: Filters) {
  const api = useApi();
  // What is no status the API refuses, in words of its own.
  const filters = status ? { ...others, status: status as Run["status"] } : others;
  return useInfiniteQuery({
    queryKey: [...LIST, filters],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/backtests", {
          params: {
            query: {
              ...filters,
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page: RunPage) => page.next_cursor,
    staleTime: 0,
    // Until the answer to other filters is there, the runs of the last ones stand, and are marked as such.
    placeholderData: keepPreviousData,
    // When the API did not answer, the list comes by itself once it does.
    refetchInterval: (query) => (isPassing(query.state.error) ? AGAIN_MS : false),
  });
}

/** Change one run wherever it is listed; null takes it out. */
export function changeListed(queries: QueryClient, runId: string, change: (run: Run) => Run | null): void {
  queries.setQueriesData<InfiniteData<RunPage>>({ queryKey: LIST }, (held) => {
    if (!held) return held;
    const pages = held.pages.map((page) => {
      if (!page.backtests.some((run) => run.run_id === runId)) return page;
      const backtests = page.backtests.flatMap((run) => {
        if (run.run_id !== runId) return [run];
        const changed = change(run);
        return changed ? [changed] : [];
      });
      return { ...page, backtests };
    });
    return { ...held, pages };
  });
}

/** Whether a run stands in any list that was loaded; true where none was. */
export function isListed(queries: QueryClient, runId: string): boolean {
  const lists = queries.getQueriesData<InfiniteData<RunPage>>({ queryKey: LIST });
  const loaded = lists.flatMap(([, held]) => held?.pages ?? []);
  return loaded.length === 0 || loaded.some((page) => page.backtests.some((run) => run.run_id === runId));
}

/** Ask how far a run is, as long as it is under way and drawn, where it is not pushed; when it has ended, list it as it ended. */
export function useProgress(run: Run): Progress | undefined {
  const api = useApi();
  const queries = useQueryClient();
  const pushed = useIsPushed();
  const active = isActive(run);
  const runId = run.run_id;
  const progress = useQuery({
    queryKey: ["progress", runId],
    queryFn: ({ signal }) =>
      data(api.GET("/backtests/{run_id}/progress", { params: { path: { run_id: runId } }, signal })),
    enabled: active,
    refetchInterval: (query) =>
      pushed || (query.state.data && !isActive(query.state.data)) ? false : EVERY_MS,
    staleTime: 0,
  });
  const status = progress.data?.status;
  useEffect(() => {
    if (!active || status === undefined || isActive({ status })) return;
    void refreshListed();

    async function refreshListed() {
      const path = { run_id: runId };
      const ended = await queries.fetchQuery({
        queryKey: ["run", runId],
        queryFn: () => data(api.GET("/backtests/{run_id}", { params: { path } })),
        staleTime: 0,
      });
      changeListed(queries, runId, () => ended);
    }
  }, [active, status, api, queries, runId]);
  return active ? progress.data : undefined;
}
