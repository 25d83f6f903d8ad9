import type { Metric } from "@/format/metrics";

/**
 * Return which of the values are the best ones, by number; none where neither is better, where all are alike,
 * and for money where the runs did not begin with the same.
 */
export function best({ better, kind }: Metric, values: unknown[], sameStart: boolean): Set<number> {
  if (!better || (kind === "money" && !sameStart)) return new Set();
  const figures = values.filter((value): value is number => typeof value === "number");
  if (figures.length < 2) return new Set();
  const [lowest, highest] = [Math.min(...figures), Math.max(...figures)];
  if (lowest === highest) return new Set();
  const wanted = better === "higher" ? highest : lowest;
  return new Set(values.flatMap((value, place) => (value === wanted ? [place] : [])));
}
