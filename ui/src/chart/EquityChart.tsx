/** Equity and its benchmark above, the drawdown below, on one scale of time. */
import {
  AreaSeries,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { changeRange } from "@/chart/range";
import { useChart } from "@/chart/useChart";
import { type Span, timeAt } from "@/chart/window";
import { money, percent } from "@/format/numbers";
import { utc } from "@/format/times";
import { colour, useTheme } from "@/shell/theme";

/** Arrays of one length; `times` are epoch seconds, rising. */
export interface EquityCurve {
  times: number[];
  equity: number[];
  benchmark: number[];
  /** In percent below the highest equity so far, zero or less. */
  drawdown: number[];
}

interface Props {
  label: string;
  curve: EquityCurve;
  height: number;
  /** What to show of it; all of it if null. Another object moves the chart there. */
  view: Span | null;
  /** The reader moved or zoomed to this; called when it stands still. */
  onSeen: (seen: Span) => void;
  /** Which point the reader points at, as its number; null when at none. */
  onPoint: (index: number | null) => void;
}

interface Series {
  equity: ISeriesApi<"Line">;
  benchmark: ISeriesApi<"Line">;
  drawdown: ISeriesApi<"Area">;
}

const STILL_MS = 200;
const SHARE_OF_DRAWDOWN = 0.28;

export function EquityChart({ label, curve, height, view, onSeen, onPoint }: Props) {
  const theme = useTheme();
  const { box, chart } = useChart({
    rightPriceScale: { scaleMargins: { top: 0.06, bottom: 0.06 }, minimumWidth: 72 },
    // With fixed edges the labels at them are not cut.
    timeScale: { minBarSpacing: 0.02, fixLeftEdge: true, fixRightEdge: true },
    localization: { timeFormatter: (time: Time) => utc(new Date((time as number) * 1000).toISOString()) },
  });
  const series = useRef<Series | null>(null);
  const pointed = useRef<number | null>(null);
  const touched = useRef(false);
  /** Where the reader is now, and the view that was shown before that. */
  const looked = useRef<Span | null>(null);
  const shown = useRef<Span | null>(null);

  useEffect(() => {
    if (chart === null) return undefined;
    const plain = { priceLineVisible: false, lastValueVisible: false } as const;
    const figures = { type: "custom", minMove: 0.01, formatter: money } as const;
    const made: Series = {
      benchmark: chart.addSeries(LineSeries, {
        ...plain,
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        priceFormat: figures,
        crosshairMarkerVisible: false,
      }),
      equity: chart.addSeries(LineSeries, { ...plain, lineWidth: 2, priceFormat: figures }),
      drawdown: chart.addSeries(
        AreaSeries,
        {
          ...plain,
          lineWidth: 1,
          invertFilledArea: true,
          priceFormat: { type: "custom", minMove: 0.01, formatter: (value: number) => percent(value, 1) },
        },
        1,
      ),
    };
    const [above, below] = chart.panes();
    above?.setStretchFactor(1 - SHARE_OF_DRAWDOWN);
    below?.setStretchFactor(SHARE_OF_DRAWDOWN);
    made.drawdown.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.1 } });
    series.current = made;
    // The chart removes its series with itself.
    return () => {
      series.current = null;
    };
  }, [chart]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are another theme's
  useEffect(() => {
    const made = series.current;
    made?.equity.applyOptions({ color: colour("series-1") });
    made?.benchmark.applyOptions({ color: colour("benchmark") });
    made?.drawdown.applyOptions({
      lineColor: colour("down"),
      topColor: `${colour("down")}1a`,
      bottomColor: `${colour("down")}66`,
    });
  }, [chart, theme]);

  useEffect(() => {
    const made = series.current;
    if (chart === null || made === null) return;
    for (const name of ["equity", "benchmark", "drawdown"] as const) {
      made[name].setData(
        curve.times.map((time, i) => ({ time: time as UTCTimestamp, value: curve[name][i] as number })),
      );
    }
    const scale = chart.timeScale();
    // While finer points were on their way the reader may have gone on: that counts, unless a view is new.
    const to = view === shown.current ? (looked.current ?? view) : view;
    shown.current = view;
    if (view === null || to === null) {
      looked.current = null;
      scale.fitContent();
    } else {
      scale.setVisibleRange({
        from: (to.start / 1000) as UTCTimestamp,
        to: (to.end / 1000) as UTCTimestamp,
      });
    }
  }, [chart, curve, view]);

  useEffect(() => {
    if (chart === null) return undefined;
    const scale = chart.timeScale();
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const moved = () => {
      // Only what the reader does: setting data and sizes moves the scale too.
      if (!touched.current) return;
      const range = scale.getVisibleLogicalRange();
      if (range === null || curve.times.length < 2) return;
      const seen = {
        start: timeAt(range.from, curve.times) * 1000,
        end: timeAt(range.to, curve.times) * 1000,
      };
      looked.current = seen;
      clearTimeout(waiting);
      waiting = setTimeout(() => onSeen(seen), STILL_MS);
    };
    scale.subscribeVisibleLogicalRangeChange(moved);
    return () => {
      clearTimeout(waiting);
      scale.unsubscribeVisibleLogicalRangeChange(moved);
    };
  }, [chart, curve, onSeen]);

  useEffect(() => {
    if (chart === null) return undefined;
    const follow = ({ logical, time }: MouseEventParams<Time>) => {
      const index = time === undefined || logical === undefined ? null : Math.round(logical);
      pointed.current = index !== null && index in curve.times ? index : null;
      onPoint(pointed.current);
    };
    chart.subscribeCrosshairMove(follow);
    return () => chart.unsubscribeCrosshairMove(follow);
  }, [chart, curve, onPoint]);

  /** Arrows read the values, `+` and `-` zoom. */
  function onKeyDown(event: KeyboardEvent) {
    const made = series.current;
    if (chart === null || made === null) return;
    const zoom = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (zoom !== undefined) {
      event.preventDefault();
      touched.current = true;
      changeRange(chart, ({ from, to }) => {
        const [middle, half] = [(from + to) / 2, ((to - from) / 2) * zoom];
        return { from: middle - half, to: middle + half };
      });
    }
    if (step !== undefined) {
      event.preventDefault();
      const last = curve.times.length - 1;
      const from = pointed.current ?? (step > 0 ? -1 : last + 1);
      const index = Math.min(last, Math.max(0, from + step * (event.shiftKey ? 10 : 1)));
      chart.setCrosshairPosition(
        curve.equity[index] ?? 0,
        (curve.times[index] ?? 0) as UTCTimestamp,
        made.equity,
      );
      pointed.current = index;
      onPoint(index);
    }
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has no place around a drawing
    <div
      role="group"
      aria-label={`${label}. Left and right arrows read its values, with shift ten at a time; plus and minus zoom`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is read by keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
      // Before the chart, which keeps what it acts on to itself.
      onPointerDownCapture={() => {
        touched.current = true;
      }}
      onWheelCapture={() => {
        touched.current = true;
      }}
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
