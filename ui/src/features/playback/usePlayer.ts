/** The cursor of a playback: it steps by bars or by events, plays, and is put somewhere. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useTicker } from "@/features/playback/useTicker";

export type Mode = "candles" | "events";

export interface Cursor {
  /** Epoch milliseconds: a bar's open, an event's time, or any moment while the position is dragged. */
  time: number;
  /** Number of the event that it stands on; null on a bar. */
  seq: number | null;
}

/** Bars, and events, a second at the speed of 1. */
export const RATE: Record<Mode, number> = { candles: 5, events: 2 };
export const SPEEDS = [0.5, 1, 2, 5, 10] as const;

export interface Steps {
  /** Where `count` steps lead; undefined: what is held does not say. */
  near: (from: Cursor, count: number) => Cursor | undefined;
  /** The same, of the API. */
  far: (from: Cursor, count: number, signal: AbortSignal) => Promise<Cursor>;
}

export interface Player {
  cursor: Cursor;
  isPlaying: boolean;
  speed: number;
  /** The API is asked where the next step leads. */
  isSeeking: boolean;
  error: unknown;
  /** Step as the mode has it, or otherwise. */
  step: (count: number, by?: Steps) => void;
  toggle: () => void;
  /** Put the cursor somewhere; playing ends. */
  goTo: (cursor: Cursor) => void;
  setSpeed: (speed: number) => void;
}

/** `steps` is read when a step is taken: what is held by then depends on where the cursor is. */
export function usePlayer(begin: Cursor, mode: Mode, steps: RefObject<Steps>): Player {
  const [cursor, setCursor] = useState(begin);
  const [isPlaying, setPlaying] = useState(false);
  const [isSeeking, setSeeking] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [error, setError] = useState<unknown>(null);
  // Steps follow each other faster than the page is drawn: the next begins where the last one led.
  const at = useRef(begin);
  const seeking = useRef<AbortController | null>(null);
  const due = useRef(0);
  useEffect(() => () => seeking.current?.abort(), []);

  const put = useCallback((next: Cursor) => {
    const isSame = next.time === at.current.time && next.seq === at.current.seq;
    at.current = next;
    setCursor(next);
    // The last bar or event: there is nothing to play any more.
    if (isSame) setPlaying(false);
  }, []);

  const step = useCallback(
    (count: number, by: Steps = steps.current) => {
      if (seeking.current !== null || count === 0) return;
      const near = by.near(at.current, count);
      if (near !== undefined) {
        put(near);
        return;
      }
      const asked = new AbortController();
      seeking.current = asked;
      setSeeking(true);
      setError(null);
      by.far(at.current, count, asked.signal)
        .then((next) => !asked.signal.aborted && put(next))
        .catch((reason: unknown) => {
          if (asked.signal.aborted) return;
          setPlaying(false);
          setError(reason);
        })
        .finally(() => {
          if (seeking.current !== asked) return;
          seeking.current = null;
          setSeeking(false);
        });
    },
    [put, steps],
  );

  const goTo = useCallback((next: Cursor) => {
    seeking.current?.abort();
    seeking.current = null;
    setSeeking(false);
    setPlaying(false);
    setError(null);
    at.current = next;
    setCursor(next);
  }, []);

  useTicker(isPlaying, (seconds) => {
    due.current = seeking.current === null ? due.current + seconds * speed * RATE[mode] : 0;
    const whole = Math.floor(due.current);
    due.current -= whole;
    step(whole);
  });

  const toggle = useCallback(() => setPlaying((playing) => !playing), []);
  return { cursor, isPlaying, speed, isSeeking, error, step, toggle, goTo, setSpeed };
}
