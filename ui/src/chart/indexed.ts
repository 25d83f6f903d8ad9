/**
 * Several equity curves on one scale: each as its return since its own start, on one even grid of times.
 *
 * The grid matters: the chart places points by their number, so curves of minutes and of hours that kept their
 * own points would stretch the one and squeeze the other.
 */
export interface Curve {
  /** Epoch seconds, rising. */
  times: number[];
  equity: number[];
  /** The equity that 0 % stands for. */
  start: number;
}

export interface Indexed {
  /** Epoch seconds; seconds since the start where the curves are laid over each other. */
  times: number[];
  /** By curve: its return in percent at each time; null before it began and after it ended. */
  returns: (number | null)[][];
}

export type Alignment = "calendar" | "start";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const STEPS = [
  ...[1, 5, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 4, 6, 8, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28].map((count) => count * DAY),
];
/** More than a chart has pixels, so that a part of it can be looked at closer. */
const MOST_POINTS = 2_500;

export function indexed(curves: Curve[], alignment: Alignment, most = MOST_POINTS): Indexed {
  const shifts = curves.map(({ times }) => (alignment === "start" ? -(times[0] ?? 0) : 0));
  const ends = curves.flatMap(({ times }, i) =>
    [times[0], times.at(-1)].flatMap((time) => (time === undefined ? [] : [time + (shifts[i] as number)])),
  );
  if (ends.length === 0) return { times: [], returns: curves.map(() => []) };
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const step = STEPS.find((each) => (last - first) / each < most) ?? (STEPS.at(-1) as number);
  const begin = Math.floor(first / step) * step;
  const times = Array.from({ length: Math.ceil((last - begin) / step) + 1 }, (_, i) => begin + i * step);
  return { times, returns: curves.map((curve, i) => onGrid(curve, shifts[i] as number, times)) };
}

/** Return what a curve stood at: at each time the newest of its points, once after its last. */
function onGrid({ times, equity, start }: Curve, shift: number, grid: number[]): (number | null)[] {
  let next = 0;
  let ended = false;
  return grid.map((time) => {
    while (next < times.length && (times[next] as number) + shift <= time) next += 1;
    if (next === 0 || ended) return null;
    ended = next === times.length;
    return 100 * ((equity[next - 1] as number) / start - 1);
  });
}
