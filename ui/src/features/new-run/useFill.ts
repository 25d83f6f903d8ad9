/**
 * Filling the form from an address: `?clone=bt-…` asks what a run was asked, `?strategy=` chooses one,
 * `?dataset=` the market.
 */
import { useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { draftOf } from "@/features/new-run/clone";
import type { Draft } from "@/features/new-run/draft";

/** Return the draft of a run's clone, once it is there. */
export function useClone(runId: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: ["runs", runId, "clone"],
    enabled: runId !== undefined,
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const path = { run_id: runId ?? "" };
      const [run, request, { regimes }, { write }] = await Promise.all([
        data(api.GET("/backtests/{run_id}", { params: { path }, signal })),
        data(api.GET("/backtests/{run_id}/request", { params: { path }, signal })),
        data(api.GET("/market/regimes", { signal })),
        import("@/features/strategies/editor/document"),
      ]);
      const document = typeof request.strategy === "string" ? "" : write(request.strategy, "yaml");
      const regime = regimes.find((one) => one.id === request.regime) ?? null;
      return draftOf(request, run, regime, document);
    },
  });
}

/** Return what changes in the form when `my_cross`, `my_cross@2` or a preset's id is chosen. */
export function useChosen(named: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: ["strategies", "chosen", named],
    enabled: named !== undefined,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<Partial<Draft>> => {
      const [id = "", version] = (named ?? "").split("@");
      const query = version ? { version: Number(version) } : {};
      const found = await data(
        api.GET("/strategies/{strategy_id}", { params: { path: { strategy_id: id }, query }, signal }),
      );
      if (found.kind !== "saved") return { source: "preset", presetId: id, parameters: {} };
      return { source: "own", savedId: id, savedVersion: version ? found.version : null, parameters: {} };
    },
  });
}

/** Return what changes in the form when it is to run over the whole of a dataset. */
export function useMarket(datasetId: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: ["datasets", "chosen", datasetId],
    enabled: datasetId !== undefined,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<Partial<Draft>> => {
      const path = { dataset_id: datasetId ?? "" };
      const { exchange, symbol, timeframe } = await data(
        api.GET("/datasets/{dataset_id}", { params: { path }, signal }),
      );
      // Funding rates have no timeframe.
      const bars = timeframe === null ? {} : { timeframe };
      return { exchange, symbols: [symbol], ...bars, regime: "", start: "", end: "" };
    },
  });
}
