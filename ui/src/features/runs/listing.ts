/** What is done with the runs that are loaded: searched, ordered. Filters are the server's. */
import type { SortingState } from "@tanstack/react-table";
import type { Run } from "@/api/types";

/** The orders there are, by their name in the address; `undefined` values come last in both directions. */
export const ORDERS: Record<string, { label: string; of: (run: Run) => string | number | undefined }> = {
  name: { label: "Name", of: (run) => run.name?.toLowerCase() },
  status: { label: "Status", of: (run) => run.status },
  strategy: { label: "Strategy", of: (run) => run.strategy },
  symbols: { label: "Symbols", of: (run) => `${run.symbols.join(" ")} ${run.timeframe}` },
  dates: { label: "Dates", of: (run) => run.start_date ?? undefined },
  return: { label: "Return", of: (run) => run.equity_return_pct ?? undefined },
  trades: { label: "Trades", of: (run) => run.total_trades ?? undefined },
  sharpe: { label: "Sharpe", of: (run) => run.sharpe_ratio ?? undefined },
  drawdown: { label: "Drawdown", of: (run) => run.max_drawdown_pct ?? undefined },
};

/** Read `-sharpe` as the table's order: sharpe, falling. Nothing, or an unknown name, is the server's order. */
export function parseSort(text: string | undefined): SortingState {
  if (!text) return [];
  const desc = text.startsWith("-");
  const id = desc ? text.slice(1) : text;
  return id in ORDERS ? [{ id, desc }] : [];
}

export function writeSort(sorting: SortingState): string | undefined {
  const first = sorting[0];
  return first && `${first.desc ? "-" : ""}${first.id}`;
}

/** Order runs as the table does, for where there is no table. */
export function ordered(runs: Run[], sorting: SortingState): Run[] {
  const first = sorting[0];
  const order = first && ORDERS[first.id];
  if (!order) return runs;
  const sign = first.desc ? -1 : 1;
  return [...runs].sort((one, other) => {
    const [a, b] = [order.of(one), order.of(other)];
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
    return a < b ? -sign : a > b ? sign : 0;
  });
}

/** Return the runs in which every word is found: in names, tags, notes, symbols, the strategy, the error. */
export function matching(runs: Run[], words: string): Run[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return runs;
  return runs.filter((run) => {
    const text = [
      run.run_id,
      run.name,
      run.status,
      run.strategy,
      run.timeframe,
      run.notes,
      run.error?.detail,
      ...run.tags,
      ...run.symbols,
    ]
      .join("\n")
      .toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

export function isActive(run: { status: Run["status"] }): boolean {
  return run.status === "queued" || run.status === "running";
}

/** What a run is called: its name, else its strategy. */
export function titleOf(run: Pick<Run, "name" | "strategy">): string {
  return run.name ?? run.strategy;
}

/** Read tags as they are typed, `demo, trend`; each once. */
export function parseTags(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter(Boolean);
}
