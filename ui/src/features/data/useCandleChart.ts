/** Draws bars and their volume, keeps what is seen where it is as more bars come, and says what is near. */
import {
  CandlestickSeries,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type LogicalRange,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { type RefObject, useEffect, useRef, useState } from "react";
import { changeRange } from "@/chart/range";
import { useChart } from "@/chart/useChart";
import { type Bars, slots } from "@/features/data/candles";
import { colour, useTheme } from "@/shell/theme";

export interface Mark {
  time: number;
  label: string;
}

interface Options {
  bars: Bars;
  barMs: number;
  /** The bar to look at; without one the newest. Changes move the view. */
  at: number | null;
  marks: Mark[];
  onNear: (end: "old" | "new") => void;
}

interface Drawn {
  candles: ISeriesApi<"Candlestick">;
  volume: ISeriesApi<"Histogram">;
  marks: ISeriesMarkersPluginApi<Time>;
}

const SHOWN_BARS = 160;
const NEAR_BARS = 120;

export interface CandleChart {
  box: RefObject<HTMLDivElement | null>;
  /** Bar under the cursor, by its number, else the last one that is seen; null where there is none. */
  bar: number | null;
  /** Move the view by so many of its own widths. */
  move: (widths: number) => void;
}

export function useCandleChart({ bars, barMs, at, marks, onNear }: Options): CandleChart {
  const { box, chart } = useChart();
  const theme = useTheme();
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const [under, setUnder] = useState<number | null>(null);
  const [lastSeen, setLastSeen] = useState<number | null>(null);
  // Of what is drawn: the first time, to know how far everything moved, and which bar was asked for.
  const before = useRef<{ times: number[]; at: number | null } | null>(null);
  const near = useRef(onNear);
  near.current = onNear;
  const numbers = useRef(new Map<number, number>());

  useEffect(() => {
    if (chart === null) return undefined;
    const candles = chart.addSeries(CandlestickSeries, { borderVisible: false, priceLineVisible: false });
    const volume = chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.08, bottom: 0.2 } });
    setDrawn({ candles, volume, marks: createSeriesMarkers(candles) });
    before.current = null;
    chart.subscribeCrosshairMove(({ time }) => {
      setUnder(time === undefined ? null : (numbers.current.get((time as number) * 1000) ?? null));
    });
    return () => setDrawn(null);
  }, [chart]);

  useEffect(() => {
    if (chart === null || drawn === null || bars.time.length === 0) return;
    const places = slots(bars.time, barMs);
    numbers.current = new Map(
      places.flatMap(({ time, bar: number }) => (number === null ? [] : [[time, number]])),
    );
    const seen = chart.timeScale().getVisibleLogicalRange();
    put(drawn, bars, places);
    const times = places.map((place) => place.time);
    chart.timeScale().setVisibleLogicalRange(view(times, at, before.current, seen));
    before.current = { times, at };
  }, [chart, drawn, bars, barMs, at]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are the theme's, the digits the prices'
  useEffect(() => {
    if (drawn === null) return;
    const [up, down] = [colour("up"), colour("down")];
    drawn.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    drawn.candles.applyOptions({ priceFormat: { type: "price", ...precision(bars.close.at(-1) ?? 1) } });
    drawn.volume.applyOptions({ color: colour("line-strong") });
    drawn.marks.setMarkers(marks.map(marker));
  }, [drawn, theme, marks, bars.time.length > 0]);

  useEffect(
    () =>
      watch(chart, before, near, (time) =>
        setLastSeen(time === null ? null : (numbers.current.get(time) ?? null)),
      ),
    [chart],
  );

  const move = (widths: number) => {
    if (chart === null) return;
    changeRange(chart, ({ from, to }) => {
      const by = (to - from) * widths;
      return { from: from + by, to: to + by };
    });
  };
  return { box, bar: under ?? lastSeen, move };
}

function put({ candles, volume }: Drawn, bars: Bars, places: { time: number; bar: number | null }[]): void {
  const seconds = (ms: number) => (ms / 1000) as UTCTimestamp;
  const at = (values: number[], bar: number) => values[bar] ?? Number.NaN;
  candles.setData(
    places.map(({ time, bar }) =>
      bar === null
        ? { time: seconds(time) }
        : {
            time: seconds(time),
            open: at(bars.open, bar),
            high: at(bars.high, bar),
            low: at(bars.low, bar),
            close: at(bars.close, bar),
          },
    ),
  );
  volume.setData(
    places.map(({ time, bar }) =>
      bar === null ? { time: seconds(time) } : { time: seconds(time), value: at(bars.volume, bar) },
    ),
  );
}

/** Return what to look at: another bar than before, or what was seen, however many bars came before it. */
function view(
  times: number[],
  at: number | null,
  before: { times: number[]; at: number | null } | null,
  seen: LogicalRange | null,
): { from: number; to: number } {
  const [oldFirst] = before?.times ?? [];
  if (before === null || seen === null || before.at !== at || oldFirst === undefined) {
    if (at === null) return { from: times.length - SHOWN_BARS, to: times.length + 3 };
    const there = times.findIndex((time) => time >= at);
    const middle = there === -1 ? times.length - 1 : there;
    return { from: middle - SHOWN_BARS / 2, to: middle + SHOWN_BARS / 2 };
  }
  const moved = times.indexOf(oldFirst);
  const by = moved >= 0 ? moved : -before.times.indexOf(times[0] ?? 0);
  return { from: seen.from + by, to: seen.to + by };
}

/** Hear of the ends of what is loaded, and of the last place that is seen. */
function watch(
  chart: IChartApi | null,
  drawn: RefObject<{ times: number[] } | null>,
  near: RefObject<(end: "old" | "new") => void>,
  lastSeen: (time: number | null) => void,
): (() => void) | undefined {
  if (chart === null) return undefined;
  const look = (range: LogicalRange | null) => {
    const times = drawn.current?.times ?? [];
    const count = times.length;
    if (range === null || count === 0) return;
    lastSeen(times[Math.max(0, Math.min(count - 1, Math.floor(range.to)))] ?? null);
    if (range.from < NEAR_BARS) near.current("old");
    if (range.to > count - NEAR_BARS) near.current("new");
  };
  chart.timeScale().subscribeVisibleLogicalRangeChange(look);
  return () => chart.timeScale().unsubscribeVisibleLogicalRangeChange(look);
}

function marker({ time, label }: Mark): SeriesMarker<Time> {
  return {
    time: (time / 1000) as UTCTimestamp,
    position: "aboveBar",
    shape: "circle",
    color: colour("warn"),
    text: label,
    size: 0.6,
  };
}

/** Digits of a price axis: two for thousands, more the smaller the price. */
function precision(price: number): { precision: number; minMove: number } {
  const digits = price >= 100 ? 2 : Math.min(8, 4 - Math.floor(Math.log10(Math.max(price, 1e-8))));
  return { precision: digits, minMove: 10 ** -digits };
}
