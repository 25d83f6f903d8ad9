/** The bars' lengths, in milliseconds; the type holds this list to the API's. */
import type { components } from "@/api/schema";

export type Timeframe = NonNullable<components["schemas"]["FetchRequest"]["timeframe"]>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const TIMEFRAME_MS: Record<Timeframe, number> = {
  "1m": MINUTE,
  "3m": 3 * MINUTE,
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": HOUR,
  "2h": 2 * HOUR,
  "4h": 4 * HOUR,
  "6h": 6 * HOUR,
  "8h": 8 * HOUR,
  "12h": 12 * HOUR,
  "1d": 24 * HOUR,
};

export const TIMEFRAMES = Object.keys(TIMEFRAME_MS) as Timeframe[];

export function isTimeframe(text: string | null | undefined): text is Timeframe {
  return text !== null && text !== undefined && Object.hasOwn(TIMEFRAME_MS, text);
}

/** Longer ones that a bar of this length goes into a whole number of times. */
export function longerThan(timeframe: Timeframe): Timeframe[] {
  const length = TIMEFRAME_MS[timeframe];
  return TIMEFRAMES.filter((name) => TIMEFRAME_MS[name] > length && TIMEFRAME_MS[name] % length === 0);
}
