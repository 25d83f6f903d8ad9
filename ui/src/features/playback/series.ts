/** The series of a playback's chart: made for what is shown, filled from a window of bars. */
import {
  type AutoscaleInfo,
  CandlestickSeries,
  createSeriesMarkers,
  type DeepPartial,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  type PriceFormatCustom,
  type SeriesOptionsCommon,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { Curtain, type CurtainState } from "@/chart/curtain";
import type { Indicator } from "@/features/playback/indicators";
import type { Bars } from "@/features/playback/windows";
import { price } from "@/format/numbers";
import { colour } from "@/shell/theme";

interface DrawnLine {
  column: string;
  series: ISeriesApi<"Line"> | ISeriesApi<"Histogram">;
}

/** The smallest step of a scale that reaches such values; its labels are written as anywhere on the page. */
function scaledTo(values: Float64Array): PriceFormatCustom {
  const size = Math.abs(values.findLast((value) => !Number.isNaN(value)) ?? 1);
  const minMove = size >= 1000 ? 0.01 : size >= 1 ? 0.0001 : 0.00000001;
  return { type: "custom", minMove, formatter: price };
}

export interface Drawn {
  candles: ISeriesApi<"Candlestick">;
  markers: ISeriesMarkersPluginApi<Time>;
  volume: ISeriesApi<"Histogram">;
  lines: DrawnLine[];
  curtains: Curtain[];
  remove: () => void;
}

/** What the price scales may look at: they must not tell what the curtain hides. */
export interface Sight {
  bars: Bars | null;
  curtain: CurtainState;
}

const QUIET: DeepPartial<SeriesOptionsCommon> = {
  lastValueVisible: false,
  priceLineVisible: false,
};

export function draw(chart: IChartApi, shown: Indicator[], sight: Sight): Drawn {
  const up = colour("up");
  const down = colour("down");
  const candles = chart.addSeries(CandlestickSeries, {
    ...QUIET,
    // Hollow when it rose, so that the direction is seen without its colour.
    upColor: colour("surface-1"),
    downColor: down,
    borderUpColor: up,
    borderDownColor: down,
    wickUpColor: up,
    wickDownColor: down,
    autoscaleInfoProvider: within(chart, sight, ["low", "high"]),
  });
  const volume = chart.addSeries(HistogramSeries, {
    ...QUIET,
    color: colour("line-strong"),
    priceFormat: { type: "volume" },
    priceScaleId: "volume",
    autoscaleInfoProvider: within(chart, sight, ["volume"], 0),
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.2 } });
  let pane = 0;
  const lines: DrawnLine[] = [];
  const topmost: DrawnLine["series"][] = [];
  for (const indicator of shown) {
    if (indicator.place === "below") pane += 1;
    for (const line of indicator.lines) {
      const options = {
        ...QUIET,
        color: colour(line.colour),
        autoscaleInfoProvider: within(chart, sight, [line.column]),
      };
      const index = indicator.place === "price" ? 0 : pane;
      const series =
        line.style === "line"
          ? chart.addSeries(LineSeries, { ...options, lineWidth: 1, crosshairMarkerVisible: false }, index)
          : chart.addSeries(HistogramSeries, { ...options, base: 0 }, index);
      lines.push({ column: line.column, series });
      if (indicator.place === "below" && line === indicator.lines.at(-1)) topmost.push(series);
    }
  }
  for (const [index, one] of chart.panes().entries()) one.setStretchFactor(index === 0 ? 4 : 1);
  const curtains = [candles, ...topmost].map((series) => {
    const curtain = new Curtain(chart, sight.curtain);
    series.attachPrimitive(curtain);
    return curtain;
  });
  return {
    candles,
    markers: createSeriesMarkers(candles),
    volume,
    lines,
    curtains,
    remove() {
      // From the lowest pane up: one that becomes empty goes, and those below it move.
      for (const line of lines.reverse()) chart.removeSeries(line.series);
      chart.removeSeries(volume);
      chart.removeSeries(candles);
    },
  };
}

export function fill(drawn: Drawn, bars: Bars): void {
  const times = Array.from(bars.times, (ms) => (ms / 1000) as UTCTimestamp);
  const column = (name: string) => bars.columns[name] ?? new Float64Array();
  const [open, high, low, close] = [column("open"), column("high"), column("low"), column("close")];
  drawn.candles.setData(
    times.map((time, index) => ({
      time,
      open: open[index] as number,
      high: high[index] as number,
      low: low[index] as number,
      close: close[index] as number,
    })),
  );
  const points = (name: string) => {
    const values = column(name);
    return times.map((time, index) => {
      const value = values[index];
      // While it warms up it has no value, and the line a hole.
      return value === undefined || Number.isNaN(value) ? { time } : { time, value };
    });
  };
  drawn.volume.setData(points("volume"));
  for (const line of drawn.lines) line.series.setData(points(line.column));
  for (const { series, column: name } of [{ series: drawn.candles, column: "close" }, ...drawn.lines]) {
    const format = scaledTo(column(name));
    const held = series.options().priceFormat;
    if (held.type !== "custom" || held.minMove !== format.minMove)
      series.applyOptions({ priceFormat: format });
  }
}

/** Let a scale span what is visible of these columns, up to the curtain where that hides what follows. */
function within(chart: IChartApi, sight: Sight, columns: string[], least?: number) {
  return (original: () => AutoscaleInfo | null): AutoscaleInfo | null => {
    const { bars, curtain } = sight;
    const range = chart.timeScale().getVisibleLogicalRange();
    if (!curtain.isOpaque || curtain.index === null || bars === null || range === null) return original();
    const from = Math.max(0, Math.floor(range.from));
    const to = Math.min(bars.times.length - 1, Math.ceil(range.to), curtain.index);
    let low = least ?? Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const name of columns) {
      const values = bars.columns[name];
      if (values === undefined) continue;
      for (let index = from; index <= to; index++) {
        const value = values[index] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return high < low ? null : { priceRange: { minValue: low, maxValue: high } };
  };
}
