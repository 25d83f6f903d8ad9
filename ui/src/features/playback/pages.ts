/** What a playback asks of the API: pages of bars and of events, and what lies before or after a moment. */
import { type Api, data } from "@/api/client";
import type { EventRow } from "@/api/types";
import { PAGE_BARS, type Page, pageSpan } from "@/features/playback/windows";

/** Where it is played back. */
export interface Stage {
  api: Api;
  runId: string;
  symbol: string;
  barMs: number;
}

export const candlesKey = (runId: string, symbol: string, number: number) =>
  ["playback", runId, "candles", symbol, number] as const;
export const eventsKey = (runId: string, number: number) => ["playback", runId, "events", number] as const;

interface Window {
  start?: string;
  end?: string;
  cursor?: string;
  newest?: boolean;
  limit: number;
}

interface Rows {
  times: number[];
  columns: Record<string, (number | null)[]>;
  next: string | null;
}

/** Fetch a page of bars; where bars are missing at its edges, find out which come before and after. */
export async function fetchCandles(stage: Stage, number: number, signal: AbortSignal): Promise<Page> {
  const { start, end } = pageSpan(number, stage.barMs);
  const pieces: Rows[] = [];
  let cursor: string | undefined;
  // Without an end: a page that is not full also brings the first bar after it.
  for (let left = PAGE_BARS; left > 0; ) {
    const rows = await candles(
      stage,
      { start: iso(start), limit: left, ...(cursor ? { cursor } : {}) },
      signal,
    );
    pieces.push(rows);
    left -= rows.times.length;
    if (rows.next === null || (rows.times.at(-1) ?? end) >= end) break;
    cursor = rows.next;
  }
  const times = pieces.flatMap((rows) => rows.times);
  const inside = times.findIndex((time) => time >= end);
  const count = inside < 0 ? times.length : inside;
  const page: Page = { number, times: Float64Array.from(times.slice(0, count)), columns: {} };
  for (const name of Object.keys(pieces[0]?.columns ?? {})) {
    const values = pieces.flatMap((rows) => rows.columns[name] ?? []);
    page.columns[name] = Float64Array.from(values.slice(0, count), (value) => value ?? Number.NaN);
  }
  if (inside >= 0) page.after = times[inside] as number;
  else if (pieces.at(-1)?.next === null) page.after = null;
  if (count === 0) page.before = await lastBefore(stage, start, signal);
  return page;
}

async function candles(stage: Stage, window: Window, signal: AbortSignal): Promise<Rows> {
  const answer = await data(
    stage.api.GET("/backtests/{run_id}/playback/candles", {
      params: {
        path: { run_id: stage.runId },
        query: { symbol: stage.symbol, format: "columns", ...window },
      },
      signal,
    }),
  );
  const { timestamp = [], ...columns } = answer.candles as Record<string, (number | null)[]>;
  return {
    times: (timestamp as unknown as string[]).map((text) => Date.parse(text)),
    columns,
    next: answer.next_cursor,
  };
}

async function lastBefore(stage: Stage, moment: number, signal: AbortSignal): Promise<number | null> {
  const rows = await candles(stage, { end: iso(moment), newest: true, limit: 1 }, signal);
  return rows.times[0] ?? null;
}

/** The bar `count` bars away, wherever it lies; the run's last (first) if it ends before; null without any. */
export async function barAway(
  stage: Stage,
  bar: number,
  count: number,
  signal: AbortSignal,
): Promise<number | null> {
  const rows =
    count > 0
      ? await candles(stage, { start: iso(bar + 1), limit: count }, signal)
      : await candles(stage, { end: iso(bar), newest: true, limit: -count }, signal);
  return (count > 0 ? rows.times.at(-1) : rows.times[0]) ?? null;
}

export async function lastBar(stage: Stage, signal: AbortSignal): Promise<number | null> {
  return (await candles(stage, { newest: true, limit: 1 }, signal)).times[0] ?? null;
}

export async function firstBar(stage: Stage, signal: AbortSignal): Promise<number | null> {
  return (await candles(stage, { limit: 1 }, signal)).times[0] ?? null;
}

const MOST_EVENTS = 5_000;

/** Fetch what happened in a page's span, of all symbols and types. */
export async function fetchEvents(
  api: Api,
  runId: string,
  barMs: number,
  number: number,
  signal: AbortSignal,
): Promise<EventRow[]> {
  const { start, end } = pageSpan(number, barMs);
  const found: EventRow[] = [];
  let cursor: string | null = null;
  do {
    const page = await events(
      api,
      runId,
      { start: iso(start), end: iso(end), limit: MOST_EVENTS, ...(cursor ? { cursor } : {}) },
      {},
      signal,
    );
    found.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

export interface EventFilter {
  /** None: all of them. */
  types: string[];
  symbol: string | null;
}

const SEARCHED = 100;

/** The event `count` events of a filter away from one, however far; the outermost there is; null without any. */
export async function eventAway(
  stage: Stage,
  filter: EventFilter,
  from: { time: number; seq: number | null },
  count: number,
  signal: AbortSignal,
): Promise<EventRow | null> {
  const forwards = count > 0;
  const window: Window = forwards
    ? { start: iso(from.time), limit: SEARCHED }
    : { end: iso(from.time + 1), newest: true, limit: SEARCHED };
  let left = Math.abs(count);
  let cursor: string | null = null;
  let outermost: EventRow | null = null;
  do {
    const page = await events(
      stage.api,
      stage.runId,
      { ...window, ...(cursor ? { cursor } : {}) },
      filter,
      signal,
    );
    for (const event of forwards ? page.rows : page.rows.reverse()) {
      if (!isBeyond(event, from, forwards)) continue;
      outermost = event;
      left -= 1;
      if (left === 0) return event;
    }
    cursor = page.next;
  } while (cursor !== null);
  return outermost;
}

/** Whether an event lies on the far side of where one stands: on an event, or on a bar alone. */
export function isBeyond(
  event: EventRow,
  from: { time: number; seq: number | null },
  forwards: boolean,
): boolean {
  if (from.seq !== null) return forwards ? event.seq > from.seq : event.seq < from.seq;
  const time = Date.parse(event.timestamp);
  // From a bar one goes on after it, and back to what happened at it.
  return forwards ? time > from.time : time <= from.time;
}

async function events(
  api: Api,
  runId: string,
  window: Window,
  filter: Partial<EventFilter>,
  signal: AbortSignal,
): Promise<{ rows: EventRow[]; next: string | null }> {
  const answer = await data(
    api.GET("/backtests/{run_id}/playback/events", {
      params: {
        path: { run_id: runId },
        query: {
          ...window,
          ...(filter.types?.length ? { type: filter.types.join(",") } : {}),
          ...(filter.symbol ? { symbol: filter.symbol } : {}),
        },
      },
      signal,
    }),
  );
  return { rows: answer.events as EventRow[], next: answer.next_cursor };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
