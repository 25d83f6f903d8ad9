/** Windows of candles: a page at first, older and newer ones as the reader comes near an end. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Dataset } from "@/api/types";
import type { Timeframe } from "@/features/data/timeframes";

/** Arrays of one length; times are epoch milliseconds, the opens of the bars. */
export interface Bars {
  time: number[];
  open: number[];
  high: number[];
  low: number[];
  close: number[];
  volume: number[];
}

const NAMES = ["open", "high", "low", "close", "volume"] as const;
export const PAGE_BARS = 1_000;
/** More than can be seen at once; what lies further away is asked for again. */
const MOST_PAGES = 40;

/** What a page is asked by; nothing: the newest bars. */
type Window = { start?: string; end?: string };

/** Ask for the candles of a dataset's newest version, around a bar or the newest ones. */
export function useCandles(dataset: Dataset, timeframe: Timeframe, barMs: number, at: number | null) {
  const api = useApi();
  const { exchange, symbol, version } = dataset;
  const [first, last] = [Date.parse(dataset.start), Date.parse(dataset.end)];
  return useInfiniteQuery({
    queryKey: ["candles", exchange, symbol, timeframe, version, at],
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        exchange,
        symbol,
        timeframe,
        format: "columns",
        limit: PAGE_BARS,
        ...pageParam,
      } as const;
      const page = await data(api.GET("/market/candles", { params: { query }, signal }));
      return barsOf(page.candles as Record<string, unknown[]>);
    },
    initialPageParam: around(at, barMs),
    getPreviousPageParam: (page): Window | undefined => {
      const [start] = page.time;
      return start !== undefined && start > first ? { end: iso(start) } : undefined;
    },
    getNextPageParam: (page): Window | undefined => {
      const end = page.time.at(-1);
      return end !== undefined && end < last ? { start: iso(end + barMs) } : undefined;
    },
    maxPages: MOST_PAGES,
    staleTime: 60_000,
  });
}

function around(at: number | null, barMs: number): Window {
  return at === null ? {} : { start: iso(at - (barMs * PAGE_BARS) / 2) };
}

function barsOf(columns: Record<string, unknown[]>): Bars {
  const numbers = (name: string) => (columns[name] ?? []) as number[];
  const time = ((columns.timestamp ?? []) as string[]).map((text) => Date.parse(text));
  const [open, high, low, close, volume] = NAMES.map(numbers) as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  return { time, open, high, low, close, volume };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Return the pages as one, in time. */
export function joined(pages: Bars[]): Bars {
  return {
    time: pages.flatMap((page) => page.time),
    open: pages.flatMap((page) => page.open),
    high: pages.flatMap((page) => page.high),
    low: pages.flatMap((page) => page.low),
    close: pages.flatMap((page) => page.close),
    volume: pages.flatMap((page) => page.volume),
  };
}

// A gap is left blank as wide as it was, up to this; a longer one shows that there is one.
const MOST_BLANK = 200;

/** Return the place of each bar on a chart's axis, and the opens of missing bars that stay blank between. */
export function slots(time: number[], barMs: number): { time: number; bar: number | null }[] {
  const found: { time: number; bar: number | null }[] = [];
  for (const [bar, open] of time.entries()) {
    const before = time[bar - 1];
    if (before !== undefined) {
      const missing = Math.min(MOST_BLANK, Math.round((open - before) / barMs) - 1);
      for (let blank = 1; blank <= missing; blank += 1)
        found.push({ time: before + blank * barMs, bar: null });
    }
    found.push({ time: open, bar });
  }
  return found;
}
