import type { ReactNode } from "react";
import { useMemo } from "react";
import type { EventRow } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import styles from "@/features/playback/ChartPanel.module.css";
import type { Indicator } from "@/features/playback/indicators";
import { Legend } from "@/features/playback/Legend";
import { markersOf } from "@/features/playback/markers";
import { usePlaybackChart } from "@/features/playback/usePlaybackChart";
import type { Windows } from "@/features/playback/useWindows";
import { colour, useTheme } from "@/shell/theme";

interface Props {
  symbol: string;
  timeframe: string;
  barMs: number;
  windows: Windows;
  indicators: Indicator[];
  bar: number | null;
  isPlaying: boolean;
  onView: (middle: number, room: number) => void;
  onPick: (bar: number) => void;
  /** The transport. */
  children: ReactNode;
}

/** The candles with all that is drawn on them and below. */
export function ChartPanel({ symbol, timeframe, windows, indicators, bar, isPlaying, ...props }: Props) {
  const { bars } = windows;
  const markers = useMarkers(windows, symbol);
  const { box, hovered } = usePlaybackChart({
    bars,
    barMs: props.barMs,
    indicators,
    markers,
    bar,
    isPlaying,
    onView: props.onView,
    onPick: props.onPick,
  });
  // While it plays, the pointer must not read what has not happened yet.
  const told = hovered === null || (isPlaying && bar !== null && hovered > bar) ? bar : hovered;
  return (
    <section className={styles.panel} aria-label={`Candles of ${symbol}, ${timeframe}`}>
      <div className={styles.chart}>
        <Legend symbol={symbol} timeframe={timeframe} bars={bars} indicators={indicators} bar={told} />
        <div ref={box} className={styles.box} role="img" aria-label={`Chart of ${symbol}`} />
        {bars === null && windows.error === null && (
          <div className={styles.over}>
            <Loading height="100%" label="Loading candles" />
          </div>
        )}
        {windows.error !== null && (
          <div className={styles.fault}>
            <ErrorNotice
              error={windows.error}
              what="A part of the run could not be loaded"
              onRetry={windows.retry}
            />
          </div>
        )}
      </div>
      {props.children}
    </section>
  );
}

function useMarkers(windows: Windows, symbol: string) {
  const theme = useTheme();
  const { bars, events, version } = windows;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for `events`, the theme for colours
  return useMemo(() => {
    if (bars === null) return [];
    const happened: EventRow[] = bars.pages.flatMap((number) => events(number) ?? []);
    return markersOf(happened, symbol, bars.times, { buy: colour("up"), sell: colour("down") });
  }, [bars, version, symbol, theme]);
}
