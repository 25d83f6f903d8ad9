/** What of a dataset's span is held, as something to draw: lengths on one axis that datasets share. */

export interface Axis {
  from: number;
  to: number;
}

interface Spanned {
  start: string;
  end: string;
}

/** A stretch of the strip, in pixels from its left. */
export interface Stripe {
  x: number;
  width: number;
}

export interface Tick {
  x: number;
  label: string;
}

/** Return the time from the first beginning to the last end; null of nothing. */
export function axisOf(spans: Spanned[]): Axis | null {
  if (spans.length === 0) return null;
  const from = Math.min(...spans.map((span) => Date.parse(span.start)));
  const to = Math.max(...spans.map((span) => Date.parse(span.end)));
  // One bar alone still has a place.
  return { from, to: Math.max(to, from + 1) };
}

export function place(ms: number, axis: Axis, width: number): number {
  return ((ms - axis.from) / (axis.to - axis.from)) * width;
}

/** Return where a span lies, at least two pixels wide so that it is seen. */
export function stripe(span: Spanned, axis: Axis, width: number): Stripe {
  const x = Math.min(place(Date.parse(span.start), axis, width), width - 2);
  return { x, width: Math.max(2, place(Date.parse(span.end), axis, width) - x) };
}

/**
 * Return where bars are missing. An outage of hours in years would be thinner than any pixel, so none is
 * thinner than one, and those that touch are drawn as one: a strip has never more of them than pixels.
 */
export function holes(gaps: Spanned[], barMs: number, axis: Axis, width: number): Stripe[] {
  const found: Stripe[] = [];
  for (const gap of gaps) {
    const from = place(Date.parse(gap.start), axis, width);
    const to = Math.max(from + 1, place(Date.parse(gap.end) + barMs, axis, width));
    const last = found.at(-1);
    if (last && from <= last.x + last.width + 0.5) last.width = Math.max(last.width, to - last.x);
    else found.push({ x: from, width: to - from });
  }
  return found;
}

/** Return a few round dates of the axis: years where there are enough of them, else months or days. */
export function ticks(axis: Axis, width: number): Tick[] {
  const most = Math.max(2, Math.floor(width / 56));
  const first = new Date(axis.from);
  for (const [unit, steps] of UNITS) {
    for (const step of steps) {
      const dates = rounds(first, axis.to, unit, step, most);
      if (dates.length > 0 && dates.length <= most) return dates.map((date) => labelled(date, unit));
    }
  }
  return [];

  function labelled(date: number, unit: Unit): Tick {
    const iso = new Date(date).toISOString();
    const label = unit === "year" ? iso.slice(0, 4) : unit === "month" ? iso.slice(0, 7) : iso.slice(5, 10);
    return { x: place(date, axis, width), label };
  }
}

type Unit = "day" | "month" | "year";

const UNITS: [Unit, number[]][] = [
  ["day", [1, 2, 7]],
  ["month", [1, 3, 6]],
  ["year", [1, 2, 5, 10]],
];

function rounds(first: Date, to: number, unit: Unit, step: number, most: number): number[] {
  const [year, month, day] = [first.getUTCFullYear(), first.getUTCMonth(), first.getUTCDate()];
  const dates: number[] = [];
  for (let count = 0; dates.length <= most; count += 1) {
    const at = {
      day: () => Date.UTC(year, month, day + count * step),
      month: () => Date.UTC(year, (Math.floor(month / step) + count) * step),
      year: () => Date.UTC((Math.floor(year / step) + count) * step, 0),
    }[unit]();
    if (at > to) break;
    if (at >= first.getTime()) dates.push(at);
  }
  return dates;
}

/** Share of the bars that there should be, in percent and rounded down: what lacks a bar is never "100". */
export function coverage(rows: number, missing: number): number {
  return Math.floor((rows / (rows + missing)) * 10_000) / 100;
}
