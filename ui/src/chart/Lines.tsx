/** Plain lines over days, with a legend that reads them at the cursor. */
import {
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "react";
import styles from "@/chart/legend.module.css";
import { useChart } from "@/chart/useChart";
import { drawZero } from "@/chart/zeroLine";
import { utcDate } from "@/format/times";
import { colour, useTheme } from "@/shell/theme";

export interface LineSet {
  /** Epoch seconds of days, rising. */
  times: number[];
  series: { name: string; token: string; dashed: boolean; values: (number | null)[] }[];
}

interface Props {
  label: string;
  lines: LineSet;
  height: number;
  write: (value: number | null | undefined) => string;
}

export function Lines({ label, lines, height, write }: Props) {
  const theme = useTheme();
  const { box, chart } = useChart({
    rightPriceScale: { minimumWidth: 56 },
    // With fixed edges the labels at them are not cut.
    timeScale: { minBarSpacing: 0.05, fixLeftEdge: true, fixRightEdge: true },
    localization: {
      timeFormatter: (time: Time) => utcDate(new Date((time as number) * 1000).toISOString()),
    },
  });
  const drawn = useRef<ISeriesApi<"Line">[]>([]);
  const [pointed, setPointed] = useState<number | null>(null);

  useEffect(() => {
    if (chart === null) return undefined;
    const made = lines.series.map(({ dashed, values }) => {
      const line = chart.addSeries(LineSeries, {
        lineWidth: 2,
        lineStyle: dashed ? LineStyle.Dashed : LineStyle.Solid,
        priceLineVisible: false,
        lastValueVisible: false,
        priceFormat: { type: "custom", minMove: 0.01, formatter: (value: number) => write(value) },
      });
      line.setData(
        lines.times.map((at, i) => {
          const [time, value] = [at as UTCTimestamp, values[i] ?? null];
          return value === null ? { time } : { time, value };
        }),
      );
      return line;
    });
    drawn.current = made;
    chart.timeScale().fitContent();
    return () => {
      drawn.current = [];
      for (const line of made) chart.removeSeries(line);
    };
  }, [chart, lines, write]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are another theme's, the lines are other ones
  useEffect(() => {
    drawn.current.forEach((line, i) => {
      line.applyOptions({ color: colour(lines.series[i]?.token ?? "series-1") });
    });
    return drawZero(drawn.current[0]);
  }, [chart, lines, write, theme]);

  useEffect(() => {
    if (chart === null) return undefined;
    const follow = ({ logical, time }: MouseEventParams<Time>) =>
      setPointed(time === undefined || logical === undefined ? null : Math.round(logical));
    chart.subscribeCrosshairMove(follow);
    return () => chart.unsubscribeCrosshairMove(follow);
  }, [chart]);

  const at = pointed !== null && pointed in lines.times ? pointed : lines.times.length - 1;
  const time = lines.times[at];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has no place around a drawing
    <div role="group" aria-label={label}>
      <dl className={styles.legend}>
        <div>
          <dt className="visually-hidden">Day</dt>
          <dd>{time === undefined ? "–" : utcDate(new Date(time * 1000).toISOString())}</dd>
        </div>
        {lines.series.map(({ name, token, dashed, values }) => (
          <div key={name}>
            <svg width="18" height="4" viewBox="0 0 18 4" aria-hidden="true">
              <path
                d="M0 2h18"
                stroke={`var(--${token})`}
                strokeWidth="2"
                strokeDasharray={dashed ? "4 3" : undefined}
              />
            </svg>
            <dt>{name}</dt>
            <dd>{write(values[at])}</dd>
          </div>
        ))}
      </dl>
      <div ref={box} style={{ height }} />
    </div>
  );
}
