/**
 * One hook owns a chart and is the only code that touches it imperatively: it makes it, keeps its colours to
 * the theme and its size to its box, and removes it.
 */
import {
  type ChartOptions,
  createChart,
  type DeepPartial,
  type IChartApi,
  type UTCTimestamp,
} from "lightweight-charts";
import { type RefObject, useEffect, useRef, useState } from "react";
import { colour, useTheme } from "@/shell/theme";

export interface Chart {
  box: RefObject<HTMLDivElement | null>;
  /** Null until the box is there. */
  chart: IChartApi | null;
}

export function useChart(options: DeepPartial<ChartOptions> = {}): Chart {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<IChartApi | null>(null);
  const theme = useTheme();
  // What a chart is made with; later changes go through `chart.applyOptions`.
  const first = useRef(options);

  useEffect(() => {
    if (box.current === null) return undefined;
    const made = createChart(box.current, { autoSize: true, ...first.current });
    setChart(made);
    return () => {
      setChart(null);
      // After this turn: who drew into it takes its lines out first, which a removed chart would not have.
      queueMicrotask(() => made.remove());
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are another theme's
  useEffect(() => {
    chart?.applyOptions(themed());
  }, [chart, theme]);

  return { box, chart };
}

/** Epoch seconds, the chart's own time, of an ISO moment. */
export function chartTime(iso: string): UTCTimestamp {
  return (Date.parse(iso) / 1000) as UTCTimestamp;
}

function themed(): DeepPartial<ChartOptions> {
  return {
    layout: {
      background: { color: colour("surface-1") },
      textColor: colour("text-2"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      panes: { separatorColor: colour("line"), separatorHoverColor: colour("line-strong") },
      // The licence's attribution stands on the operations page; a logo in every chart hides bars.
      attributionLogo: false,
    },
    grid: { vertLines: { color: colour("grid") }, horzLines: { color: colour("grid") } },
    crosshair: {
      vertLine: { color: colour("line-strong"), labelBackgroundColor: colour("surface-3") },
      horzLine: { color: colour("line-strong"), labelBackgroundColor: colour("surface-3") },
    },
    rightPriceScale: { borderColor: colour("line") },
    timeScale: { borderColor: colour("line"), timeVisible: true, secondsVisible: false },
    // As the rest of the page writes: the browser's own language may be none that the chart can read.
    localization: { locale: "en-US", dateFormat: "yyyy-MM-dd" },
  };
}
