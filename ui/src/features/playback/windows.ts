/**
 * The windows of bars that a playback holds: pages of equally long spans of time, so that the same page is asked
 * for again by the same name, and few of them at once, so that the length of a run does not matter.
 *
 * A missing bar is a missing bar: a page holds as many as there are, and one at whose edge bars are missing
 * knows the next there is, so that a gap of months is one step like any other.
 */
export const PAGE_BARS = 1_000;
/** Pages kept, the last used: a few megabytes. */
export const MOST_PAGES = 24;

export interface Page {
  number: number;
  /** Opens of the bars, epoch milliseconds, ascending. */
  times: Float64Array;
  columns: Record<string, Float64Array>;
  /** The last bar before an empty page; null: there is none in the run; undefined: not looked for. */
  before?: number | null;
  /** The first bar after the page where the bars at its end are missing; null: there is none in the run. */
  after?: number | null;
}

export type Lookup = (number: number) => Page | undefined;

/** A run of pages as one: what the chart draws. */
export interface Bars {
  times: Float64Array;
  columns: Record<string, Float64Array>;
  pages: number[];
  /** No bar of the run opens before the first, or after the last. */
  isStart: boolean;
  isEnd: boolean;
}

export function pageOf(time: number, barMs: number): number {
  return Math.floor(time / (barMs * PAGE_BARS));
}

export function pageSpan(number: number, barMs: number): { start: number; end: number } {
  const length = barMs * PAGE_BARS;
  return { start: number * length, end: (number + 1) * length };
}

/** The page that holds the next bars after those of a page, as far as is known; null at the end of the run. */
function following(number: number, lookup: Lookup, barMs: number): number | null {
  const after = lookup(number)?.after;
  if (after === null) return null;
  return after === undefined ? number + 1 : pageOf(after, barMs);
}

function preceding(number: number, lookup: Lookup, barMs: number): number | null {
  const before = lookup(number)?.before;
  if (before === null) return null;
  return before === undefined ? number - 1 : pageOf(before, barMs);
}

export interface Around {
  center: number;
  /** How many pages on each side. */
  sides: number;
  first: number;
  last: number;
}

/** The pages to hold around one, the nearest first. Pages that are known to be empty are stepped over. */
export function wantedPages(around: Around, lookup: Lookup, barMs: number): number[] {
  const wanted = [around.center];
  let left: number | null = around.center;
  let right: number | null = around.center;
  for (let side = 0; side < around.sides; side++) {
    right = right === null ? null : following(right, lookup, barMs);
    if (right !== null && right > around.last) right = null;
    if (right !== null) wanted.push(right);
    left = left === null ? null : preceding(left, lookup, barMs);
    if (left !== null && left < around.first) left = null;
    if (left !== null) wanted.push(left);
  }
  return wanted;
}

/** The loaded pages around the center, in order; they end where one is not there yet. None without the center. */
export function unbroken(around: Around, lookup: Lookup, barMs: number): number[] {
  const numbers = wantedPages(around, lookup, barMs).sort((a, b) => a - b);
  let low = numbers.indexOf(around.center);
  if (lookup(around.center) === undefined) return [];
  let high = low;
  while (low > 0 && lookup(numbers[low - 1] as number)) low -= 1;
  while (high < numbers.length - 1 && lookup(numbers[high + 1] as number)) high += 1;
  return numbers.slice(low, high + 1);
}

/** Join pages that follow each other; null without any. */
export function assemble(
  numbers: number[],
  ends: Pick<Around, "first" | "last">,
  lookup: Lookup,
  barMs: number,
): Bars | null {
  const pages = numbers.map(lookup).filter((page) => page !== undefined);
  const firstPage = numbers[0];
  const lastPage = numbers.at(-1);
  if (firstPage === undefined || lastPage === undefined || pages.length < numbers.length) return null;
  const before = preceding(firstPage, lookup, barMs);
  const after = following(lastPage, lookup, barMs);
  return {
    times: joined(pages.map((page) => page.times)),
    columns: Object.fromEntries(
      columnsOf(pages).map((name) => [name, joined(pages.map((page) => valuesOf(page, name)))]),
    ),
    pages: numbers,
    isStart: before === null || before < ends.first,
    isEnd: after === null || after > ends.last,
  };
}

/** A page without bars has no columns. */
function columnsOf(pages: Page[]): string[] {
  return Object.keys(pages.find((page) => page.times.length > 0)?.columns ?? {});
}

function valuesOf(page: Page, name: string): Float64Array {
  return page.columns[name] ?? new Float64Array(page.times.length).fill(Number.NaN);
}

function joined(parts: Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Index of the last time at or before a moment; -1 if there is none. */
export function atOrBefore(times: ArrayLike<number>, moment: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The bar at or before a moment; null: the run has none; undefined: the page that knows is not there yet. */
export function barAtOrBefore(
  moment: number,
  first: number,
  lookup: Lookup,
  barMs: number,
): number | null | undefined {
  let number: number | null = pageOf(moment, barMs);
  while (number !== null && number >= first) {
    const page = lookup(number);
    if (page === undefined) return undefined;
    const index = atOrBefore(page.times, moment);
    if (index >= 0) return page.times[index];
    if (page.before !== undefined) return page.before;
    number -= 1;
  }
  return null;
}

/** The bar `count` bars after a bar (before, if negative), or the run's last or first; undefined: not held. */
export function stepped(bars: Bars, bar: number, count: number): number | undefined {
  const from = atOrBefore(bars.times, bar);
  if (bars.times[from] !== bar) return undefined;
  const to = from + count;
  if (to < 0) return bars.isStart ? bars.times[0] : undefined;
  if (to >= bars.times.length) return bars.isEnd ? bars.times[bars.times.length - 1] : undefined;
  return bars.times[to];
}

/** Keep the pages last used: `order` with those of now in front, and what is to be let go of. */
export function keepRecent(
  order: number[],
  used: number[],
  most = MOST_PAGES,
): { order: number[]; dropped: number[] } {
  const all = [...new Set([...used, ...order])];
  const kept = Math.max(most, used.length);
  return { order: all.slice(0, kept), dropped: all.slice(kept) };
}

/** Milliseconds of a timeframe: `5m`, `1h`, `1d`. */
export function barLength(timeframe: string): number {
  const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
  const unit = units[timeframe.slice(-1)];
  const count = Number(timeframe.slice(0, -1));
  if (unit === undefined || !(count > 0)) throw new Error(`${timeframe} is no length of a bar`);
  return unit * count;
}
