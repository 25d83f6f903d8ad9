/** Lines on one scale of percent, told apart by colour, by stroke and by a letter at their end. */
import {
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Alignment, Indexed } from "@/chart/indexed";
import { useChart } from "@/chart/useChart";
import { drawZero } from "@/chart/zeroLine";
import { signedPercent } from "@/format/numbers";
import { utc } from "@/format/times";
import { colour, useTheme } from "@/shell/theme";

/** Six strokes for six lines; the swatch of a legend draws the same (see `Stroke`). */
const STROKES = [
  { style: LineStyle.Solid, width: 2, dashes: undefined },
  { style: LineStyle.Dashed, width: 2, dashes: "4 4" },
  { style: LineStyle.Dotted, width: 2, dashes: "2 2" },
  { style: LineStyle.Solid, width: 1, dashes: undefined },
  { style: LineStyle.Solid, width: 4, dashes: undefined },
  { style: LineStyle.LargeDashed, width: 2, dashes: "12 8" },
] as const;

interface Props {
  label: string;
  curves: Indexed;
  alignment: Alignment;
  /** By curve: the letter at its end, and which of the six colours and strokes it has. */
  marks: { letter: string; place: number }[];
  height: number;
  /** Which time the reader points at, as its number; null when at none. */
  onPoint: (index: number | null) => void;
}

export function CompareChart({ label, curves, alignment, marks, height, onPoint }: Props) {
  const theme = useTheme();
  const { box, chart } = useChart({
    rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.08 } },
    // With fixed edges the labels at them are not cut.
    timeScale: { minBarSpacing: 0.05, fixLeftEdge: true, fixRightEdge: true },
  });
  const lines = useRef<ISeriesApi<"Line">[]>([]);
  const pointed = useRef<number | null>(null);

  useEffect(() => {
    if (chart === null) return undefined;
    const made = curves.returns.map((returns, i) => {
      const line = chart.addSeries(LineSeries, {
        title: marks[i]?.letter ?? "",
        priceLineVisible: false,
        priceFormat: { type: "custom", minMove: 0.01, formatter: (value: number) => signedPercent(value, 1) },
      });
      line.setData(
        returns.map((value, at) => {
          const time = curves.times[at] as UTCTimestamp;
          // A time without a value keeps its place, so that the years between two runs are as long as they were.
          return value === null ? { time } : { time, value };
        }),
      );
      return line;
    });
    lines.current = made;
    chart.timeScale().fitContent();
    // And again once the scale of prices has the width that these values need.
    const again = setTimeout(() => chart.timeScale().fitContent(), 60);
    return () => {
      clearTimeout(again);
      lines.current = [];
      for (const line of made) chart.removeSeries(line);
    };
  }, [chart, curves, marks]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are another theme's, the lines are other ones
  useEffect(() => {
    lines.current.forEach((line, i) => {
      const place = marks[i]?.place ?? 0;
      const stroke = STROKES[place % STROKES.length] ?? STROKES[0];
      line.applyOptions({
        color: colour(`series-${place + 1}`),
        lineStyle: stroke.style,
        lineWidth: stroke.width,
      });
    });
    return drawZero(lines.current[0]);
  }, [chart, curves, marks, theme]);

  useEffect(() => {
    // Laid over each other, the times are seconds since the start.
    const write = (time: Time) =>
      alignment === "start"
        ? sinceStart(time as number)
        : utc(new Date((time as number) * 1000).toISOString());
    chart?.applyOptions({
      localization: { timeFormatter: write },
      timeScale:
        alignment === "start" ? { tickMarkFormatter: (time: Time) => sinceStart(time as number) } : {},
    });
  }, [chart, alignment]);

  useEffect(() => {
    if (chart === null) return undefined;
    const follow = ({ time }: MouseEventParams<Time>) => {
      const index = time === undefined ? null : indexOf(curves.times, time as number);
      pointed.current = index;
      onPoint(index);
    };
    chart.subscribeCrosshairMove(follow);
    return () => chart.unsubscribeCrosshairMove(follow);
  }, [chart, curves, onPoint]);

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (chart === null || step === undefined) return;
    event.preventDefault();
    const last = curves.times.length - 1;
    const from = pointed.current ?? (step > 0 ? -1 : last + 1);
    const index = Math.min(last, Math.max(0, from + step * (event.shiftKey ? 10 : 1)));
    const at = curves.returns.findIndex((returns) => returns[index] !== null);
    const line = lines.current[at];
    if (line === undefined) return;
    chart.setCrosshairPosition(curves.returns[at]?.[index] ?? 0, curves.times[index] as UTCTimestamp, line);
    pointed.current = index;
    onPoint(index);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has no place around a drawing
    <div
      role="group"
      aria-label={`${label}. Left and right arrows read its values, with shift ten at a time`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is read by keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => {
        chart?.clearCrosshairPosition();
        pointed.current = null;
        onPoint(null);
      }}
    >
      <div ref={box} style={{ height }} />
    </div>
  );
}

/** The line of a curve, for a legend. */
export function Stroke({ place }: { place: number }) {
  const stroke = STROKES[place % STROKES.length] ?? STROKES[0];
  return (
    <svg width="34" height="10" viewBox="0 0 34 10" aria-hidden="true" style={{ flex: "none" }}>
      <path
        d="M0 5h34"
        fill="none"
        stroke={`var(--series-${place + 1})`}
        strokeWidth={stroke.width}
        strokeDasharray={stroke.dashes}
      />
    </svg>
  );
}

/** `day 12`, with hours and minutes where there are any. */
export function sinceStart(seconds: number): string {
  const clock = new Date(seconds * 1000).toISOString().slice(11, 16);
  return `day ${Math.floor(seconds / 86_400)}${clock === "00:00" ? "" : ` ${clock}`}`;
}

/** Where a time stands in an even grid. */
function indexOf(times: number[], time: number): number | null {
  const [first, second] = times;
  if (first === undefined) return null;
  const index = second === undefined ? 0 : Math.round((time - first) / (second - first));
  return index >= 0 && index < times.length ? index : null;
}
