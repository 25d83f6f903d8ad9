/**
 * Which part of a long series a chart should hold: the whole coarsely, a part of it finely.
 *
 * A chart places points by their number, so a part that was spliced finely into a coarse whole would stretch.
 * What is held is therefore of one fineness throughout, and wider than what is seen, so that moving a little
 * needs nothing new.
 */
export interface Span {
  /** Epoch ms; `end` is exclusive. */
  start: number;
  end: number;
}

export interface Held {
  span: Span;
  points: number;
}

/** Fewer points than this in what is seen look coarse. */
const FEWEST_SEEN = 500;
/** So near to the end of what is held, in lengths of what is seen, the next part is wanted. */
const NEAR = 0.25;
/** How much more than what is seen is held, on either side. */
const MARGIN = 1;

/** Return the part to hold once `seen` is looked at; null is the whole, undefined what is held already. */
export function wanted(seen: Span, held: Held, whole: Span, barMs: number): Span | null | undefined {
  const length = seen.end - seen.start;
  const isWhole = held.span.start <= whole.start && held.span.end >= whole.end;
  // Before its ends are reached, because the chart stops there.
  const near = NEAR * length;
  const beyond =
    (seen.start < held.span.start + near && held.span.start > whole.start) ||
    (seen.end > held.span.end - near && held.span.end < whole.end);
  const step = (held.span.end - held.span.start) / Math.max(1, held.points);
  const coarse = length / step < FEWEST_SEEN && step > 1.5 * barMs;
  if (!coarse && !beyond) return undefined;
  const part = {
    start: Math.max(whole.start, Math.floor(seen.start - MARGIN * length)),
    end: Math.min(whole.end, Math.ceil(seen.end + MARGIN * length)),
  };
  if (part.start <= whole.start && part.end >= whole.end) return isWhole ? undefined : null;
  return part;
}

/**
 * Return the time that a place on the chart's scale stands for: places beyond the points go on in their step.
 * `times` are epoch seconds, rising.
 */
export function timeAt(place: number, times: readonly number[]): number {
  const last = times.length - 1;
  const [first, final] = [times[0] ?? 0, times[last] ?? 0];
  const step = last > 0 ? (final - first) / last : 0;
  if (place <= 0) return first + place * step;
  if (place >= last) return final + (place - last) * step;
  const below = Math.floor(place);
  const from = times[below] ?? first;
  return from + (place - below) * ((times[below + 1] ?? from) - from);
}

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Return the length of a bar in ms: of `15m`, `1h`, `1d`. */
export function barLength(timeframe: string): number {
  return Number.parseInt(timeframe, 10) * (UNITS[timeframe.slice(-1)] ?? 60_000);
}
