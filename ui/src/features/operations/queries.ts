/** What is going on, asked again while something is. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";

const A_PAGE = 25;
const BUSY_MS = 2_000;
const QUIET_MS = 15_000;
const ENDED = new Set(["completed", "failed", "cancelled", "awaiting_upload"]);

export function isEnded(status: string): boolean {
  return ENDED.has(status);
}

export function useWorkflows() {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ["workflows"],
    queryFn: ({ signal, pageParam }) =>
      data(api.GET("/workflows", { params: { query: { limit: A_PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) => {
      const rows = state.data?.pages.flatMap((page) => page.workflows) ?? [];
      return rows.some((row) => !isEnded(row.status)) ? BUSY_MS : QUIET_MS;
    },
  });
}

export function useWorkflow(workflowId: string) {
  const api = useApi();
  return useQuery({
    queryKey: ["workflows", workflowId],
    queryFn: ({ signal }) =>
      data(api.GET("/workflows/{workflow_id}", { params: { path: { workflow_id: workflowId } }, signal })),
    refetchInterval: ({ state }) => (state.data && !isEnded(state.data.status) ? BUSY_MS : false),
  });
}

export function useChanges() {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ["changes"],
    queryFn: ({ signal, pageParam }) =>
      data(api.GET("/events", { params: { query: { limit: A_PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: QUIET_MS,
  });
}

export function useStatus() {
  const api = useApi();
  return useQuery({
    queryKey: ["status"],
    queryFn: async ({ signal }) => {
      const began = performance.now();
      const answer = await data(api.GET("/status", { signal }));
      return { ...answer, tookMs: performance.now() - began };
    },
    refetchInterval: QUIET_MS,
  });
}
