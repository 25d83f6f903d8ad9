/** The hook that owns a playback's chart: its series, the window in them, where it looks, and its curtain. */
import type { IChartApi, SeriesMarker, UTCTimestamp } from "lightweight-charts";
import { type RefObject, useEffect, useRef, useState } from "react";
import { DRAGGED_HERE, dragBy } from "@/chart/drag";
import { useChart } from "@/chart/useChart";
import type { Indicator } from "@/features/playback/indicators";
import { type Drawn, draw, fill, type Sight } from "@/features/playback/series";
import { atOrBefore, type Bars } from "@/features/playback/windows";
import { useTheme } from "@/shell/theme";

interface Shown {
  bars: Bars | null;
  barMs: number;
  indicators: Indicator[];
  markers: SeriesMarker<UTCTimestamp>[];
  /** The bar under the cursor. */
  bar: number | null;
  isPlaying: boolean;
  /** The middle of what is seen, and how many bars of room there are. */
  onView: (middle: number, room: number) => void;
  onPick: (bar: number) => void;
}

export interface PlaybackChart {
  box: RefObject<HTMLDivElement | null>;
  /** The bar under the pointer, if there is one. */
  hovered: number | null;
}

/** Where the cursor stands in the room, from the left, once the chart moves along with it. */
const FOLLOWS_AT = 0.8;

/** Bars in sight from which on marks have no words. */
const NARROW = 320;

export function usePlaybackChart(shown: Shown): PlaybackChart {
  const { bars, indicators, markers, bar, isPlaying } = shown;
  const { box, chart } = useChart({
    ...DRAGGED_HERE,
    timeScale: { barSpacing: 7, minBarSpacing: 0.6, rightOffset: 12, maxBarSpacing: 60 },
  });
  const theme = useTheme();
  const drawn = useRef<Drawn | null>(null);
  const sight = useRef<Sight>({ bars: null, curtain: { index: null, isOpaque: false } });
  const [isNarrow, setNarrow] = useState(false);
  const [hovered, setHovered] = useState<number | null>(null);
  const followed = useRef<number | null>(null);
  // Between two windows the chart looks somewhere for a moment; nobody has gone there.
  const isChanging = useRef(false);
  const latest = useRef(shown);
  useEffect(() => {
    latest.current = shown;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme's colours need other series
  useEffect(() => {
    if (chart === null) return undefined;
    const made = draw(chart, indicators, sight.current);
    drawn.current = made;
    if (sight.current.bars) {
      keepingPlace(chart, sight.current.bars, sight.current.bars, () =>
        fill(made, sight.current.bars as Bars),
      );
    }
    return () => {
      drawn.current = null;
      made.remove();
    };
  }, [chart, indicators, theme]);

  useEffect(() => {
    const made = drawn.current;
    if (chart === null || made === null || bars === null) return;
    isChanging.current = true;
    keepingPlace(chart, sight.current.bars, bars, () => {
      sight.current.bars = bars;
      sight.current.curtain.index = indexOf(bars, latest.current.bar);
      made.markers.setMarkers([]);
      fill(made, bars);
    });
    isChanging.current = false;
  }, [chart, bars]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other series need their marks anew
  useEffect(() => {
    if (bars === null) return;
    // Where bars are narrow the words would stand in each other; the arrows still say which way.
    drawn.current?.markers.setMarkers(isNarrow ? markers.map(({ text: _, ...mark }) => mark) : markers);
  }, [chart, markers, bars, indicators, theme, isNarrow]);

  useEffect(() => {
    if (chart === null || bars === null || sight.current.bars !== bars) return;
    sight.current.curtain.index = indexOf(bars, bar);
    sight.current.curtain.isOpaque = isPlaying;
    for (const curtain of drawn.current?.curtains ?? []) curtain.redraw();
    // It goes after a cursor that moved, and leaves a reader alone who moved the chart away from it.
    const index = bar === null || bar === followed.current ? -1 : bars.times.indexOf(bar);
    if (index < 0) return;
    follow(chart, index, isPlaying);
    followed.current = bar;
  }, [chart, bars, bar, isPlaying]);

  useEffect(() => {
    if (chart === null || box.current === null) return undefined;
    const scale = chart.timeScale();
    const left = new AbortController();
    dragBy(box.current, chart, left.signal);
    const looked = () => {
      const range = scale.getVisibleLogicalRange();
      const held = sight.current.bars;
      if (isChanging.current || range === null || held === null || held.times.length === 0) return;
      const room = range.to - range.from;
      setNarrow(room > NARROW);
      latest.current.onView(timeAt(held, (range.from + range.to) / 2, latest.current.barMs), room);
    };
    scale.subscribeVisibleLogicalRangeChange(looked);
    chart.subscribeCrosshairMove((at) => {
      setHovered(at.time === undefined ? null : (at.time as number) * 1000);
    });
    chart.subscribeClick((at) => {
      if (at.time !== undefined) latest.current.onPick((at.time as number) * 1000);
    });
    return () => {
      left.abort();
      scale.unsubscribeVisibleLogicalRangeChange(looked);
    };
  }, [chart, box]);

  return { box, hovered };
}

/** Index of the cursor among the bars; outside of them, one before the first or past the last. */
function indexOf(bars: Bars, bar: number | null): number | null {
  return bar === null || bars.times.length === 0 ? null : atOrBefore(bars.times, bar);
}

/** The time at an index of the chart, also beyond the bars that are held. */
function timeAt(bars: Bars, index: number, barMs: number): number {
  const last = bars.times.length - 1;
  const inside = Math.min(last, Math.max(0, Math.round(index)));
  return (bars.times[inside] as number) + (index - inside) * barMs;
}

/** Change the bars so that those that stay do not move under the reader's eyes. */
function keepingPlace(chart: IChartApi, before: Bars | null, after: Bars, change: () => void): void {
  const scale = chart.timeScale();
  const position = scale.scrollPosition();
  const shared = before === null ? null : sharedTime(before, after);
  change();
  if (before === null || shared === null) return;
  const moved = after.times.indexOf(shared) - before.times.indexOf(shared);
  const right = before.times.length - 1 + position + moved;
  scale.scrollToPosition(right - (after.times.length - 1), false);
}

function sharedTime(before: Bars, after: Bars): number | null {
  const first = Math.max(before.times[0] ?? 0, after.times[0] ?? 0);
  const index = atOrBefore(after.times, first);
  const time = after.times[index];
  return time !== undefined && before.times.indexOf(time) >= 0 ? time : null;
}

function follow(chart: IChartApi, index: number, isPlaying: boolean): void {
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (range === null) return;
  const room = range.to - range.from;
  const limit = range.from + room * (isPlaying ? FOLLOWS_AT : 0.98);
  const isSeen = index >= range.from + 1 && index <= limit;
  if (isSeen) return;
  // Playing, it moves along bar by bar; a jump puts the cursor where the next steps are seen too.
  const isNear = isPlaying && index > limit && index - limit < 0.3 * room;
  const target = isNear ? FOLLOWS_AT : isPlaying ? 0.6 : 0.7;
  // The first bars of a run stand at the left: there is nothing before them to see.
  const from = Math.max(-2, index - target * room);
  scale.scrollToPosition(scale.scrollPosition() + from - range.from, false);
}
