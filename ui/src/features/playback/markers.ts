/** Fills as marks on the bars: the direction by shape, side and words, never by colour alone. */
import type { SeriesMarker, UTCTimestamp } from "lightweight-charts";
import type { EventRow } from "@/api/types";
import { atOrBefore } from "@/features/playback/windows";

const WORDS: Record<string, string> = {
  stop: "Stop",
  trailing_stop: "Trail",
  target: "Target",
  liquidation: "Liquidated",
  time_exit: "Time",
  flatten_daily: "Flat",
  walk_away: "Walk away",
  initial_allocation: "Start",
};

/** The marks of a symbol's fills among the bars. A fill inside a bar stands at the bar that it lies in. */
export function markersOf(
  events: EventRow[],
  symbol: string,
  times: Float64Array,
  colours: { buy: string; sell: string },
): SeriesMarker<UTCTimestamp>[] {
  const marks: SeriesMarker<UTCTimestamp>[] = [];
  for (const event of events) {
    if (event.type !== "fill" || event.symbol !== symbol) continue;
    const index = atOrBefore(times, Date.parse(event.timestamp));
    if (index < 0) continue;
    const isBuy = event.payload.side === "buy";
    const side = isBuy ? "Buy" : "Sell";
    const why = WORDS[String(event.payload.reason)];
    marks.push({
      id: String(event.seq),
      time: ((times[index] as number) / 1000) as UTCTimestamp,
      position: isBuy ? "belowBar" : "aboveBar",
      shape: isBuy ? "arrowUp" : "arrowDown",
      color: isBuy ? colours.buy : colours.sell,
      text: why ? `${side} · ${why}` : side,
    });
  }
  return marks;
}
