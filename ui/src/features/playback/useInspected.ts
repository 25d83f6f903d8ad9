import { type Cursor, type Mode, RATE } from "@/features/playback/usePlayer";
import { useSampled, useSettled } from "@/features/playback/useSettled";

const RESTS_MS = 120;
const EVERY_MS = 400;

/** The moment whose account is shown, and the one that is asked for ahead. */
export function useInspected(
  cursor: Cursor,
  bar: number,
  barMs: number,
  play: { isPlaying: boolean; speed: number; mode: Mode },
): { time: number; ahead: number | null } {
  const moment = play.mode === "events" ? cursor.time : bar;
  const settled = useSettled(moment, RESTS_MS);
  const sampled = useSampled(moment, EVERY_MS);
  if (!play.isPlaying) return { time: settled, ahead: null };
  if (play.mode === "events") return { time: sampled, ahead: null };
  // Every so many bars, counted from no bar in particular: then the next one is known before it is reached.
  const stride = barMs * Math.max(1, Math.round((play.speed * RATE.candles * EVERY_MS) / 1000));
  const time = Math.floor(bar / stride) * stride;
  return { time, ahead: time + stride };
}
