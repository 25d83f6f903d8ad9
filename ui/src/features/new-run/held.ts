/** What candles are held, as the form needs to know it. */
import type { components } from "@/api/schema";
import { madeOf, timeframeMs } from "@/format/timeframes";

export type HeldSymbol = components["schemas"]["SymbolAnswer"];
export type Held = components["schemas"]["HeldTimeframe"];

/** Return what a run would read of a symbol: these bars, else the longest that these are made of. */
export function serving(symbol: HeldSymbol | undefined, timeframe: string, exchange: string): Held | null {
  return (symbol?.held ?? [])
    .filter((held) => (exchange === "" || held.exchange === exchange) && madeOf(timeframe, held.timeframe))
    .reduce<Held | null>(
      (best, held) =>
        best === null || timeframeMs(held.timeframe) > timeframeMs(best.timeframe) ? held : best,
      null,
    );
}

export interface Span {
  from: number;
  /** Exclusive. */
  to: number;
}

/** Return the span that all of these cover; null where there is none. */
export function common(held: Held[]): Span | null {
  if (held.length === 0) return null;
  const from = Math.max(...held.map((one) => Date.parse(one.start)));
  const to = Math.min(...held.map((one) => Date.parse(one.end) + timeframeMs(one.timeframe)));
  return from < to ? { from, to } : null;
}

/** Read the form's dates: a bare end date includes that day. Null for what is no date. */
export function moment(text: string, isEnd: boolean): number | null {
  if (!text.trim()) return null;
  const bare = /^\d{4}-\d\d-\d\d$/.test(text.trim());
  const time = Date.parse(bare || /Z$|[+-]\d\d:?\d\d$/.test(text.trim()) ? text : `${text}Z`);
  return Number.isNaN(time) ? null : time + (bare && isEnd ? 86_400_000 : 0);
}

/** Say about how many bars a run reads of each symbol; null if nobody knows. */
export function barsOf(span: Span | null, start: string, end: string, timeframe: string): number | null {
  const from = moment(start, false) ?? span?.from ?? null;
  const to = moment(end, true) ?? span?.to ?? null;
  if (from === null || to === null || to <= from) return null;
  return Math.floor((to - from) / timeframeMs(timeframe));
}

/** As the API reads symbols: `btc/usdt`, and `BTCUSDT` where it is held. What it cannot read stays as it is. */
export function canonical(text: string, held: HeldSymbol[]): string {
  const written = text.trim().toUpperCase().replace("/", "-");
  return held.find(({ symbol }) => symbol.replaceAll("-", "") === written)?.symbol ?? written;
}
