import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useApi } from "@/api/context";
import type { EventRow, Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { ChartPanel } from "@/features/playback/ChartPanel";
import { passes } from "@/features/playback/events";
import styles from "@/features/playback/Playback.module.css";
import { PlaybackHead } from "@/features/playback/PlaybackHead";
import type { EventFilter, Stage } from "@/features/playback/pages";
import { SidePanels } from "@/features/playback/SidePanels";
import { barSteps, cursorOf, eventSteps, NO_STEPS } from "@/features/playback/steps";
import { Tools } from "@/features/playback/Tools";
import { Transport } from "@/features/playback/Transport";
import { type Address, useWrittenCursor } from "@/features/playback/useAddress";
import { useIndicators } from "@/features/playback/useIndicators";
import { useKeys } from "@/features/playback/useKeys";
import { type Steps, usePlayer } from "@/features/playback/usePlayer";
import { useSettled } from "@/features/playback/useSettled";
import { spanOf, useSpan } from "@/features/playback/useSpan";
import { useShownCursor, useView } from "@/features/playback/useView";
import { useWindows, type Windows } from "@/features/playback/useWindows";
import { barAtOrBefore, barLength, pageOf } from "@/features/playback/windows";

interface Props {
  run: Run;
  symbol: string;
  address: Address;
}

const CURSOR_RESTS_MS = 60;

/** A completed run under the cursor: the parts of the page, and what they share. */
export function Playback({ run, symbol, address }: Props) {
  const api = useApi();
  const runId = run.run_id;
  const { mode } = address;
  const barMs = barLength(run.timeframe);
  const stage = useMemo<Stage>(() => ({ api, runId, symbol, barMs }), [api, runId, symbol, barMs]);
  const span = spanOf(run, barMs);
  const [filter, setFilter] = useState<EventFilter>({ types: [], symbol: null });

  const begin = { time: Math.min(span.last, Math.max(span.first, address.at ?? span.first)), seq: null };
  const steps = useRef<Steps>(NO_STEPS);
  const player = usePlayer(begin, mode, steps);
  const { cursor, goTo } = player;

  const ends = { first: pageOf(span.first, barMs), last: pageOf(span.last, barMs) };
  const { center, sides, onView, show } = useView(cursor.time, barMs);
  const cursorPage = useSettled(pageOf(cursor.time, barMs), CURSOR_RESTS_MS);
  const windows = useWindows(stage, { ...ends, center, sides, cursor: cursorPage });
  useShownCursor(cursor.time, barMs, windows.bars, show);
  useEffect(() => {
    steps.current =
      mode === "candles"
        ? barSteps(stage, windows.near, ends.first, windows.page)
        : eventSteps(stage, filter, windows.events);
  });

  const { first, last } = useSpan(run, stage, windows.bars !== null);
  const found = barAtOrBefore(cursor.time, ends.first, windows.page, barMs);
  const bar = found ?? null;
  const at = useCallback((time: number) => goTo({ time, seq: null }), [goTo]);
  // A market that opens after the run began has no bar to stand on before.
  useEffect(() => {
    if (found === null && cursor.time < first) at(first);
  }, [found, cursor, first, at]);
  useWrittenCursor(bar, address.at, at);
  const goFirst = () => goTo({ time: first, seq: mode === "events" ? -1 : null });
  const goLast = () => goTo({ time: last, seq: mode === "events" ? Number.POSITIVE_INFINITY : null });
  useKeys({ toggle: player.toggle, step: player.step, first: goFirst, last: goLast });

  const indicators = useIndicators(windows.bars, run.strategy);
  const events = useEventsAround(windows, cursorPage, filter);

  function open(event: EventRow) {
    goTo(cursorOf(event));
    if (event.symbol !== null && event.symbol !== symbol) address.choose({ symbol: event.symbol });
  }

  return (
    <div className={styles.page}>
      <PlaybackHead
        run={run}
        actions={
          <Tools
            run={run}
            symbol={symbol}
            address={address}
            indicators={indicators.all}
            shown={indicators.shown}
            onIndicators={indicators.choose}
          />
        }
      />
      <div className={styles.body}>
        <ChartPanel
          symbol={symbol}
          timeframe={run.timeframe}
          barMs={barMs}
          windows={windows}
          indicators={indicators.shown}
          bar={bar}
          isPlaying={player.isPlaying}
          onView={onView}
          onPick={at}
        >
          {player.error !== null && <ErrorNotice error={player.error} what="The next step is not known" />}
          <Transport
            time={bar ?? cursor.time}
            first={first}
            last={last}
            barMs={barMs}
            mode={mode}
            isPlaying={player.isPlaying}
            isWaiting={player.isSeeking || bar === null}
            speed={player.speed}
            onScrub={at}
            onStep={player.step}
            onToggle={player.toggle}
            onFirst={goFirst}
            onLast={goLast}
            onSpeed={player.setSpeed}
          />
        </ChartPanel>
        <SidePanels
          run={run}
          symbol={symbol}
          barMs={barMs}
          bar={bar}
          mode={mode}
          player={player}
          events={events ?? []}
          areEventsLoading={events === null}
          filter={filter}
          onFilter={setFilter}
          onOpen={open}
          onStepEvent={(count) => player.step(count, eventSteps(stage, filter, windows.events))}
        />
      </div>
    </div>
  );
}

/** What happened on the cursor's page and its neighbours, as far as it passes; null before it is there. */
function useEventsAround(windows: Windows, page: number, filter: EventFilter): EventRow[] | null {
  const { events, version } = windows;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for what `events` answers
  return useMemo(() => {
    if (events(page) === undefined) return null;
    return [page - 1, page, page + 1]
      .flatMap((number) => events(number) ?? [])
      .filter((event) => passes(event, filter));
  }, [version, page, filter]);
}
