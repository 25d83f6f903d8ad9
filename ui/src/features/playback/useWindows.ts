/** The windows that a playback holds at the moment: asked for as the reader moves, let go of behind. */
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import type { EventRow } from "@/api/types";
import { lanes } from "@/features/playback/lanes";
import { candlesKey, eventsKey, fetchCandles, fetchEvents, type Stage } from "@/features/playback/pages";
import {
  assemble,
  type Bars,
  keepRecent,
  type Lookup,
  type Page,
  unbroken,
  wantedPages,
} from "@/features/playback/windows";

export interface Looking {
  /** Page in the middle of the view, and the page of the cursor, which may be elsewhere. */
  center: number;
  cursor: number;
  /** Pages of the view on each side of its center. */
  sides: number;
  /** Pages of the run's ends. */
  first: number;
  last: number;
}

export interface Windows {
  /** What the chart draws; null until its center is there. */
  bars: Bars | null;
  /** Bars around the cursor. */
  near: Bars | null;
  page: Lookup;
  events: (number: number) => EventRow[] | undefined;
  /** Changes whenever `page` or `events` would answer otherwise. */
  version: string;
  error: Error | null;
  retry: () => void;
}

const KEPT = { staleTime: Number.POSITIVE_INFINITY, gcTime: 60_000, structuralSharing: false } as const;

/** Few at once: the cursor's account and reasons must not wait for what is only fetched ahead. */
const lane = lanes(2);

interface Asked {
  signal: AbortSignal;
}

export function useWindows(stage: Stage, looking: Looking): Windows {
  const queries = useQueryClient();
  const { runId, symbol, barMs, api } = stage;
  const { center, cursor, sides, first, last } = looking;
  const page: Lookup = (number) => queries.getQueryData<Page>(candlesKey(runId, symbol, number));
  const events = (number: number) => queries.getQueryData<EventRow[]>(eventsKey(runId, number));

  // First what is looked at; then one page more than is drawn on each side, before it is needed.
  const spread = (around: number, pages: number) =>
    wantedPages({ center: around, sides: page(around) === undefined ? 0 : pages, first, last }, page, barMs);
  const wanted = [...new Set([...spread(center, sides + 1), ...spread(cursor, 1)])];
  const beside = (page(cursor) === undefined ? [cursor] : [cursor - 1, cursor, cursor + 1]).filter(
    (number) => number >= first && number <= last,
  );
  const happened = [...new Set([...wanted, ...beside])];

  const used = happened.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `used` names what is wanted
  const asks = useMemo(
    () =>
      happened.flatMap((number) => {
        const ofEvents = {
          ...KEPT,
          queryKey: eventsKey(runId, number) as readonly unknown[],
          queryFn: ({ signal }: Asked): Promise<unknown> =>
            lane(signal, () => fetchEvents(api, runId, barMs, number, signal)),
        };
        if (!wanted.includes(number)) return [ofEvents];
        const ofCandles = {
          ...KEPT,
          queryKey: candlesKey(runId, symbol, number) as readonly unknown[],
          queryFn: ({ signal }: Asked): Promise<unknown> =>
            lane(signal, () => fetchCandles(stage, number, signal)),
        };
        return [ofCandles, ofEvents];
      }),
    [stage, used, wanted.length],
  );
  const asked = useQueries({ queries: asks });

  const recent = useRef<number[]>([]);
  useEffect(() => {
    const kept = keepRecent(recent.current, used.split(",").map(Number));
    recent.current = kept.order;
    for (const number of kept.dropped) {
      queries.removeQueries({ queryKey: candlesKey(runId, symbol, number), exact: true });
      queries.removeQueries({ queryKey: eventsKey(runId, number), exact: true });
    }
  }, [queries, runId, symbol, used]);

  // Pages never change once they are there: which of them are says all.
  const version = `${runId} ${symbol} ${used} ${asked.map((one) => (one.data === undefined ? 0 : 1)).join("")}`;
  const drawn = unbroken({ center, sides, first, last }, page, barMs);
  const bars = useJoined(stage, drawn, { first, last }, page);
  const around = drawn.includes(cursor)
    ? drawn
    : unbroken({ center: cursor, sides: 1, first, last }, page, barMs);
  const other = useJoined(stage, around === drawn ? [] : around, { first, last }, page);
  const failed = asked.find((one) => one.error !== null);
  return {
    bars,
    near: around === drawn ? bars : other,
    page,
    events,
    version,
    error: failed?.error ?? null,
    retry: () => {
      for (const one of asked) if (one.error !== null) void one.refetch();
    },
  };
}

/** Join pages once, as long as they are the same: pages do not change. */
function useJoined(
  { runId, symbol, barMs }: Stage,
  numbers: number[],
  { first, last }: { first: number; last: number },
  page: Lookup,
): Bars | null {
  const joined = numbers.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names say which pages, and so what `page` answers
  return useMemo(
    () => assemble(numbers, { first, last }, page, barMs),
    [runId, symbol, barMs, joined, first, last],
  );
}
