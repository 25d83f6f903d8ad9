/** What the screens of strategies, and the form of a new run, ask the API for. */
import {
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { type Api, data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Strategy } from "@/api/types";
import type { Json } from "@/features/strategies/editor/document";

const STRATEGIES = ["strategies"] as const;
const A_PAGE = 100;

export type Kind = Strategy["kind"];
export const KINDS: Kind[] = ["saved", "preset", "archetype"];
export const KIND_WORDS: Record<Kind, string> = {
  saved: "Your own",
  preset: "Preset",
  archetype: "Archetype",
};

/** One page after another, of one kind or of all: your own first, then what ships. */
export function useStrategies(kind: Kind | null = null) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: [...STRATEGIES, "list", kind],
    queryFn: ({ signal, pageParam }) =>
      data(api.GET("/strategies", { params: { query: { kind, limit: A_PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function strategyQuery(api: Api, id: string, version: number | null) {
  return queryOptions({
    queryKey: [...STRATEGIES, "one", id, version],
    queryFn: ({ signal }) =>
      data(
        api.GET("/strategies/{strategy_id}", {
          params: { path: { strategy_id: id }, query: version === null ? {} : { version } },
          signal,
        }),
      ),
    // A version never changes; the newest may be another one a moment later.
    staleTime: version === null ? 5_000 : Number.POSITIVE_INFINITY,
  });
}

export function useStrategy(id: string, version: number | null) {
  return useQuery({ ...strategyQuery(useApi(), id, version), enabled: id !== "" });
}

export function useStrategyVersions(id: string, wanted: boolean) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: [...STRATEGIES, "versions", id],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET("/strategies/{strategy_id}/versions", {
          params: { path: { strategy_id: id }, query: { limit: 25, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: wanted && id !== "",
  });
}

/** The JSON Schema of documents: the same as long as the API is. */
export function useDocumentSchema(wanted: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: ["schemas", "strategy"],
    queryFn: ({ signal }) => data(api.GET("/schemas/strategy", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: wanted,
  });
}

/** Keep a document: as a strategy of its own, or as the next version of one. */
export interface Keeping {
  document: Json;
  /** "" lets the API make one of the document's name. */
  id: string;
  /** The version that the document was made from; null keeps it as a new strategy. */
  basedOn: number | null;
}

export function useKeep(onKept: (strategy: Strategy) => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ document, id, basedOn }: Keeping) =>
      basedOn === null
        ? data(api.POST("/strategies", { body: { strategy: document, id: id || null } }))
        : data(
            api.PUT("/strategies/{strategy_id}", {
              params: { path: { strategy_id: id } },
              body: { strategy: document, if_version: basedOn },
            }),
          ),
    onSuccess: async (strategy) => {
      await forgetStrategies(queries);
      onKept(strategy);
    },
  });
}

export function useDelete(onGone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      data(api.DELETE("/strategies/{strategy_id}", { params: { path: { strategy_id: id } } })),
    onSuccess: async () => {
      onGone();
      await queries.invalidateQueries({ queryKey: [...STRATEGIES, "list"] });
    },
  });
}

function forgetStrategies(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries({ queryKey: STRATEGIES });
}
