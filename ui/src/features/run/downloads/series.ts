/** What of a run can be taken away as CSV or JSON, made in the browser from pages of the API. */
import type { Api } from "@/api/client";
import { data } from "@/api/client";
import type { Run, TradeSet } from "@/api/types";
import { path } from "@/features/run/run";
import {
  type Fetch,
  fillPage,
  options,
  type Page,
  pairedTradePage,
  rowsOf,
  tradeSetPage,
} from "@/features/run/trades/pages";

export interface Series {
  name: string;
  label: string;
  /** How many rows there will be, if that is known. */
  total: (run: Run, fills: number | null, bars: number | null) => number | null;
  fetch: Fetch<object>;
  /** Make flat rows of one for CSV, where a row holds others. */
  flat?: (row: object) => object[];
}

const equityPage: Fetch<object> = async (api, runId, cursor, limit, signal) => {
  const answer = await data(api.GET("/backtests/{run_id}/equity", options(runId, cursor, limit, signal)));
  return { rows: rowsOf<object>(answer.equity), next: answer.next_cursor };
};

const eventPage: Fetch<object> = async (api, runId, cursor, limit, signal) => {
  const answer = await data(
    api.GET("/backtests/{run_id}/playback/events", options(runId, cursor, limit, signal)),
  );
  return { rows: rowsOf<object>(answer.events), next: answer.next_cursor };
};

export const SERIES: Series[] = [
  { name: "trades", label: "Trades (round trips)", total: (run) => run.total_trades, fetch: pairedTradePage },
  { name: "fills", label: "Fills", total: (_run, fills) => fills, fetch: fillPage },
  {
    name: "trade-sets",
    label: "Trade sets with their legs",
    total: () => null,
    fetch: tradeSetPage,
    flat: (row) => {
      const { set_id, symbol, side, legs } = row as TradeSet;
      return legs.map((leg) => ({ set_id, symbol, set_side: side, ...leg }));
    },
  },
  { name: "equity", label: "Equity, bar by bar", total: (_run, _fills, bars) => bars, fetch: equityPage },
  { name: "events", label: "Events: what happened, and why not", total: () => null, fetch: eventPage },
];

const PAGE_ROWS = 10_000;

/** All pages of a series, one after the other. */
export async function* pages(api: Api, runId: string, fetch: Fetch<object>, signal: AbortSignal) {
  let cursor: string | null = null;
  do {
    const page: Page<object> = await fetch(api, runId, cursor, PAGE_ROWS, signal);
    yield page.rows;
    cursor = page.next;
  } while (cursor !== null);
}

/** Metrics, tables and the request as one document. */
export async function wholeResults(api: Api, runId: string, signal: AbortSignal): Promise<object> {
  const [run, results, report] = await Promise.all([
    data(api.GET("/backtests/{run_id}", { params: path(runId), signal })),
    data(api.GET("/backtests/{run_id}/results", { params: path(runId), signal })),
    data(api.GET("/backtests/{run_id}/report", { params: path(runId), signal })),
  ]);
  return { run, results, report };
}
