/**
 * What a chart shows, changed step by step. A chart moves with its next frame: steps that are taken quicker than
 * that begin where the last one leads, not where the chart still stands.
 */
import type { IChartApi, LogicalRange } from "lightweight-charts";

const leading = new WeakMap<IChartApi, LogicalRange>();

/** Show `change` of what is shown or about to be; nothing where the chart has no points. */
export function changeRange(
  chart: IChartApi,
  change: (range: LogicalRange) => { from: number; to: number },
): void {
  const scale = chart.timeScale();
  const range = leading.get(chart) ?? scale.getVisibleLogicalRange();
  if (range === null) return;
  const to = change(range) as LogicalRange;
  scale.setVisibleLogicalRange(to);
  // Asked for after the chart's own frame, so it comes when the chart has moved.
  if (!leading.has(chart)) requestAnimationFrame(() => leading.delete(chart));
  leading.set(chart, to);
}
