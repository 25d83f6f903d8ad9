/** What was pushed of a run that is under way: the newest of it, and nothing of attempts that were lost. */
import type { LiveMessage } from "@/api/live";
import type { components } from "@/api/schema";

export type LiveFill = components["schemas"]["LiveFill"];

export interface Provisional {
  /** Number of the attempt that all of this is of. */
  attempt: number;
  /** The newest first. */
  fills: LiveFill[];
  /** Fills so far, shown or not. */
  count: number;
  lines: string[];
  /** Attempts that were lost, with all that was pushed of them. */
  lost: number;
}

export const NOTHING: Provisional = { attempt: 0, fills: [], count: 0, lines: [], lost: 0 };
const MOST_FILLS = 100;
const MOST_LINES = 50;

/** Return what holds after a message; the same value where it says nothing of this. */
export function told(held: Provisional, message: LiveMessage): Provisional {
  switch (message.type) {
    case "fill": {
      const now = ofAttempt(held, message.attempt);
      // A worker that goes on from a checkpoint tells some fills again.
      const known = new Set(now.fills.map((fill) => fill.seq));
      const fresh = message.fills.filter((fill) => !known.has(fill.seq));
      const last = message.fills.at(-1);
      return {
        ...now,
        fills: [...fresh.reverse(), ...now.fills].slice(0, MOST_FILLS),
        count: Math.max(now.count, last ? last.seq + 1 : 0),
      };
    }
    case "log": {
      const now = ofAttempt(held, message.attempt);
      return { ...now, lines: [...now.lines, ...message.lines].slice(-MOST_LINES) };
    }
    case "retracted":
      return { ...NOTHING, attempt: message.attempt + 1, lost: held.lost + 1 };
    default:
      return held;
  }
}

function ofAttempt(held: Provisional, attempt: number): Provisional {
  return held.attempt === attempt ? held : { ...NOTHING, attempt, lost: held.lost };
}
