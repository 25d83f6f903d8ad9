/** Series of rows by pages of columns: how they are asked for, whether for a table or for a file. */
import type { Api } from "@/api/client";
import { data } from "@/api/client";
import type { Fill, PairedTrade, TradeSet } from "@/api/types";
import { path } from "@/features/run/run";

export interface Page<Row> {
  rows: Row[];
  next: string | null;
}

/** Ask for the page at a cursor; null is the first. */
export type Fetch<Row> = (
  api: Api,
  runId: string,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
) => Promise<Page<Row>>;

export const pairedTradePage: Fetch<PairedTrade> = async (api, runId, cursor, limit, signal) => {
  const answer = await data(
    api.GET("/backtests/{run_id}/paired_trades", options(runId, cursor, limit, signal)),
  );
  return { rows: rowsOf<PairedTrade>(answer.paired_trades), next: answer.next_cursor };
};

export const fillPage: Fetch<Fill> = async (api, runId, cursor, limit, signal) => {
  const answer = await data(api.GET("/backtests/{run_id}/trades", options(runId, cursor, limit, signal)));
  return { rows: rowsOf<Fill>(answer.trades), next: answer.next_cursor };
};

export const tradeSetPage: Fetch<TradeSet> = async (api, runId, cursor, limit, signal) => {
  const query = { limit: Math.min(limit, MOST_SETS), ...(cursor ? { cursor } : {}) };
  const answer = await data(
    api.GET("/backtests/{run_id}/trade_sets", {
      params: { ...path(runId), query },
      ...(signal ? { signal } : {}),
    }),
  );
  return { rows: answer.trade_sets, next: answer.next_cursor };
};

/** The API's own bound: sets carry their legs. */
const MOST_SETS = 1_000;

export function options(runId: string, cursor: string | null, limit: number, signal?: AbortSignal) {
  return {
    params: {
      ...path(runId),
      query: { limit, format: "columns" as const, ...(cursor ? { cursor } : {}) },
    },
    ...(signal ? { signal } : {}),
  };
}

/** Make rows of the columns that `format=columns` answers. */
export function rowsOf<Row extends object>(answer: Row[] | Record<string, unknown[]>): Row[] {
  if (Array.isArray(answer)) return answer;
  const names = Object.keys(answer);
  const count = answer[names[0] ?? ""]?.length ?? 0;
  const columns = names.map((name) => answer[name] as unknown[]);
  const rows = new Array<Row>(count);
  for (let i = 0; i < count; i += 1) {
    const row: Record<string, unknown> = {};
    for (let c = 0; c < names.length; c += 1) row[names[c] as string] = columns[c]?.[i];
    rows[i] = row as Row;
  }
  return rows;
}
