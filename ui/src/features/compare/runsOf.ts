/** What is asked of the API for a comparison. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { FOREVER } from "@/api/queries";
import type { Compare, Run } from "@/api/types";
import type { Curve } from "@/chart/indexed";

const POINTS = 4_000;

export interface Asked {
  id: string;
  /** Its letter and its colour keep to it, whatever becomes of the others. */
  place: number;
  letter: string;
  run: Run | undefined;
  error: Error | null;
}

/** Ask for each run; of one that is under way its progress says when it is to be asked for again. */
export function useAskedRuns(ids: string[]): Asked[] {
  const api = useApi();
  const answers = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["run", id],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        data(api.GET("/backtests/{run_id}", { params: { path: { run_id: id } }, signal })),
    })),
  });
  return answers.map((answer, place) => ({
    id: ids[place] as string,
    place,
    letter: String.fromCharCode(65 + place),
    run: answer.data,
    error: answer.error,
  }));
}

/** Metrics and differences of completed runs; two at least. */
export function useCompare(ids: string[]) {
  const api = useApi();
  const list = ids.join(",");
  return useQuery<Compare>({
    queryKey: ["compare", list],
    queryFn: ({ signal }) =>
      data(api.GET("/backtests/compare", { params: { query: { ids: list } }, signal })),
    enabled: ids.length >= 2,
    ...FOREVER,
  });
}

/** The equity of each run, in as many points as a chart can show; `curves` changes only when one of them does. */
export function useEquities(ids: string[]) {
  const api = useApi();
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ["equity", id, "compare"],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        curveOf(
          await data(
            api.GET("/backtests/{run_id}/equity", {
              params: { path: { run_id: id }, query: { points: POINTS, format: "columns" } },
              signal,
            }),
          ),
        ),
      ...FOREVER,
    })),
    combine: (answers) => ({
      curves: answers.map((answer) => answer.data),
      error: answers.find((answer) => answer.error)?.error ?? null,
      retry: () => {
        for (const answer of answers) if (answer.error) void answer.refetch();
      },
    }),
  });
}

/** Until its metrics are there, a curve's own first value stands for 0 %. */
function curveOf(answer: { equity: unknown }): Curve {
  const columns = answer.equity as { timestamp: string[]; equity: number[] };
  return {
    times: columns.timestamp.map((iso) => Date.parse(iso) / 1000),
    equity: columns.equity,
    start: columns.equity[0] ?? 1,
  };
}
