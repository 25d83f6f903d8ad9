/** How a playback steps: by bars or by events, from what is held where that is enough, else asking the API. */
import type { EventRow } from "@/api/types";
import { passes } from "@/features/playback/events";
import { barAway, type EventFilter, eventAway, isBeyond, type Stage } from "@/features/playback/pages";
import type { Cursor, Steps } from "@/features/playback/usePlayer";
import { type Bars, barAtOrBefore, type Lookup, pageOf, stepped } from "@/features/playback/windows";

/** Before anything is held. */
export const NO_STEPS: Steps = { near: (from) => from, far: async (from) => from };

export function barSteps(stage: Stage, near: Bars | null, first: number, page: Lookup): Steps {
  const barOf = (time: number) => barAtOrBefore(time, first, page, stage.barMs);
  return {
    near(from, count) {
      const bar = barOf(from.time);
      if (near === null || bar === null || bar === undefined) return undefined;
      const next = stepped(near, bar, count);
      return next === undefined ? undefined : { time: next, seq: null };
    },
    async far(from, count, signal) {
      const bar = barOf(from.time) ?? from.time;
      return { time: (await barAway(stage, bar, count, signal)) ?? bar, seq: null };
    },
  };
}

export function eventSteps(
  stage: Stage,
  filter: EventFilter,
  held: (number: number) => EventRow[] | undefined,
): Steps {
  return {
    near(from, count) {
      const found = nthBeyond(from, count, stage.barMs, filter, held);
      return found === undefined ? undefined : cursorOf(found);
    },
    async far(from, count, signal) {
      const found = await eventAway(stage, filter, from, count, signal);
      return found === null ? from : cursorOf(found);
    },
  };
}

export function cursorOf(event: EventRow): Cursor {
  return { time: Date.parse(event.timestamp), seq: event.seq };
}

/** The event that `count` steps lead to, if the pages that follow each other from the cursor's on hold it. */
export function nthBeyond(
  from: Cursor,
  count: number,
  barMs: number,
  filter: EventFilter,
  held: (number: number) => EventRow[] | undefined,
): EventRow | undefined {
  const isForwards = count > 0;
  let left = Math.abs(count);
  for (let number = pageOf(from.time, barMs); ; number += isForwards ? 1 : -1) {
    const events = held(number);
    if (events === undefined) return undefined;
    for (const event of isForwards ? events : [...events].reverse()) {
      if (!passes(event, filter) || !isBeyond(event, from, isForwards)) continue;
      left -= 1;
      if (left === 0) return event;
    }
  }
}
