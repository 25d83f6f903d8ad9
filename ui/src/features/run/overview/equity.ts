/** The equity curve in so many points: the whole of it, or a part that the reader zoomed into. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Api } from "@/api/client";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { FOREVER } from "@/api/queries";
import type { EquityCurve } from "@/chart/EquityChart";
import type { Span } from "@/chart/window";
import { path } from "@/features/run/run";

/** More than a chart of this page has pixels; of a part, a third is seen. */
export const WHOLE_POINTS = 2_000;
const PART_POINTS = 3_000;

export interface EquityPart {
  curve: EquityCurve;
  /** What was asked for; null is the whole. */
  part: Span | null;
}

export function useEquity(runId: string, part: Span | null) {
  const api = useApi();
  return useQuery({
    queryKey: ["equity", runId, part?.start ?? null, part?.end ?? null],
    queryFn: async ({ signal }): Promise<EquityPart> => ({
      curve: await equity(api, runId, part, part ? PART_POINTS : WHOLE_POINTS, signal),
      part,
    }),
    placeholderData: keepPreviousData,
    ...FOREVER,
  });
}

export async function equity(
  api: Api,
  runId: string,
  part: Span | null,
  points: number,
  signal?: AbortSignal,
): Promise<EquityCurve> {
  const window = part && { start: new Date(part.start).toISOString(), end: new Date(part.end).toISOString() };
  const answer = await data(
    api.GET("/backtests/{run_id}/equity", {
      params: { ...path(runId), query: { points, format: "columns", ...window } },
      ...(signal ? { signal } : {}),
    }),
  );
  const columns = answer.equity as Record<string, unknown[]>;
  return {
    times: (columns.timestamp as string[]).map((iso) => Date.parse(iso) / 1000),
    equity: columns.equity as number[],
    benchmark: columns.benchmark as number[],
    drawdown: (columns.drawdown as number[]).map((fraction) => -100 * fraction || 0),
  };
}
