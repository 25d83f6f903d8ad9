/** What the screens of candles ask the API for, and what becomes old by what. */
import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { type Api, data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Dataset } from "@/api/types";

const DATASETS = ["datasets"] as const;
const VERSIONS_A_PAGE = 25;

/** The key of all that is asked of one dataset. */
export function ofDataset(datasetId: string) {
  return [...DATASETS, datasetId] as const;
}

export function useDatasets() {
  const api = useApi();
  return useQuery({
    queryKey: DATASETS,
    queryFn: async ({ signal }) => (await data(api.GET("/datasets", { signal }))).datasets,
  });
}

/** A dataset with its gaps and its audit; `known` is what the list says of it, whose change asks anew. */
export function datasetQuery(api: Api, datasetId: string, known?: Dataset) {
  return queryOptions({
    queryKey: [...ofDataset(datasetId), known?.updated_at ?? null],
    queryFn: ({ signal }) =>
      data(api.GET("/datasets/{dataset_id}", { params: { path: { dataset_id: datasetId } }, signal })),
    staleTime: 60_000,
  });
}

export function useDataset(datasetId: string, known?: Dataset) {
  return useQuery(datasetQuery(useApi(), datasetId, known));
}

export function useDatasetRuns(datasetId: string) {
  const api = useApi();
  return useQuery({
    queryKey: [...ofDataset(datasetId), "runs"],
    queryFn: ({ signal }) =>
      data(api.GET("/datasets/{dataset_id}/runs", { params: { path: { dataset_id: datasetId } }, signal })),
  });
}

export function useVersions(datasetId: string) {
  const api = useApi();
  return useInfiniteQuery(
    infiniteQueryOptions({
      queryKey: [...ofDataset(datasetId), "versions"],
      queryFn: ({ signal, pageParam }) =>
        data(
          api.GET("/datasets/{dataset_id}/versions", {
            params: { path: { dataset_id: datasetId }, query: { limit: VERSIONS_A_PAGE, cursor: pageParam } },
            signal,
          }),
        ),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    }),
  );
}

/** Candles came, changed or went: whatever is shown of them is asked for again. */
export function forgetDatasets(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries({ queryKey: DATASETS });
}
