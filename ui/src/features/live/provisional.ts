/** What was pushed of a run that is under way: the newest of it, and nothing of attempts that were lost. */
import type { LiveMessage } from "@/api/live";
import type { components } from "@/api/schema";

export type LiveFill = components["schemas"]["LiveFill"];

interface Line {
  /** Of the message that it came with. */
  sequence: number;
  text: string;
}

export interface Provisional {
  /** Number of the attempt that all of this is of. */
  attempt: number;
  /** The newest first. */
  fills: LiveFill[];
  /** Fills so far, shown or not. */
  count: number;
  /** The newest last. */
  lines: Line[];
  /** Attempts that were lost, with all that was pushed of them. */
  lost: number;
}

export const NOTHING: Provisional = { attempt: 0, fills: [], count: 0, lines: [], lost: 0 };
const MOST_FILLS = 100;
const MOST_LINES = 50;

/** Return what holds after a message, older ones after newer too; the same value where it says nothing of this. */
export function told(held: Provisional, message: LiveMessage): Provisional {
  switch (message.type) {
    case "fill": {
      if (message.attempt < held.attempt) return held;
      const now = ofAttempt(held, message.attempt);
      // A worker that goes on from a checkpoint tells some fills again.
      const known = new Set(now.fills.map((fill) => fill.seq));
      const fresh = message.fills.filter((fill) => !known.has(fill.seq));
      const last = message.fills.at(-1);
      return {
        ...now,
        fills: [...now.fills, ...fresh].sort((one, other) => other.seq - one.seq).slice(0, MOST_FILLS),
        count: Math.max(now.count, last ? last.seq + 1 : 0),
      };
    }
    case "log": {
      const { sequence } = message;
      if (message.attempt < held.attempt) return held;
      const now = ofAttempt(held, message.attempt);
      if (now.lines.some((line) => line.sequence === sequence)) return now;
      const lines = [...now.lines, ...message.lines.map((text) => ({ sequence, text }))];
      return {
        ...now,
        lines: lines.sort((one, other) => one.sequence - other.sequence).slice(-MOST_LINES),
      };
    }
    case "retracted": {
      // Every attempt before it was lost too. Of a later one, something may have been told already.
      const lost = Math.max(held.lost, message.attempt);
      return { ...ofAttempt(held, Math.max(held.attempt, message.attempt + 1)), lost };
    }
    default:
      return held;
  }
}

function ofAttempt(held: Provisional, attempt: number): Provisional {
  return held.attempt === attempt ? held : { ...NOTHING, attempt, lost: held.lost };
}
