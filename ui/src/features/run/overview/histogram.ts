/** Values in classes of one even, round width, of which zero is a bound; outliers share the outermost ones. */
export interface Class {
  from: number;
  to: number;
  count: number;
  /** It has those beyond its bound too. */
  open: "below" | "above" | null;
}

const ABOUT = 32;
/** This share at either end does not decide the width. */
const OUTLIERS = 0.01;

export function histogram(values: readonly number[], about = ABOUT): Class[] {
  if (values.length === 0) return [];
  const sorted = Float64Array.from(values).sort();
  const low = Math.min(0, quantile(sorted, OUTLIERS));
  const high = Math.max(0, quantile(sorted, 1 - OUTLIERS));
  const width = roundWidth((high - low) / about);
  const first = Math.floor(low / width);
  const last = Math.max(first + 1, Math.ceil(high / width));
  const counts = new Array<number>(last - first).fill(0);
  for (const value of sorted) {
    const place = Math.min(last - 1, Math.max(first, Math.floor(value / width))) - first;
    counts[place] = (counts[place] ?? 0) + 1;
  }
  const [least, most] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  return counts.map((count, i) => ({
    from: (first + i) * width,
    to: (first + i + 1) * width,
    count,
    open:
      i === 0 && least < first * width
        ? "below"
        : i === counts.length - 1 && most > last * width
          ? "above"
          : null,
  }));
}

export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const from = sorted[below] ?? 0;
  return from + (place - below) * ((sorted[below + 1] ?? from) - from);
}

/** The next of 1, 2, 5 times a power of ten. */
function roundWidth(width: number): number {
  if (!(width > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(width));
  const step = [1, 2, 5, 10].find((each) => each * power >= width * 0.999) ?? 10;
  return step * power;
}
