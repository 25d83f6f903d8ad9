/**
 * An execution's history as what its states did: when each was entered and left, how often, and with what error.
 * States of a loop, as waiting for candles is one, are one row with several spells.
 */
import type { components } from "@/api/schema";

type Step = components["schemas"]["Step"];

export interface Spell {
  from: number;
  /** Null while it is at work. */
  to: number | null;
  error: string | null;
}

export interface StateRow {
  name: string;
  /** Of Step Functions: Task, Map, Choice, Wait, Fail … */
  kind: string;
  spells: Spell[];
}

const ENTERED = /^(\w+)StateEntered$/;
const EXITED = /^(\w+)StateExited$/;

export function statesOf(history: Step[]): StateRow[] {
  const rows = new Map<string, StateRow>();
  let current: Spell | null = null;
  for (const { type, state, timestamp, error } of history) {
    const at = Date.parse(timestamp);
    const entered = ENTERED.exec(type)?.[1];
    if (entered && state) {
      const row = rows.get(state) ?? { name: state, kind: entered, spells: [] };
      rows.set(state, row);
      current = { from: at, to: entered === "Fail" || entered === "Succeed" ? at : null, error: null };
      row.spells.push(current);
    } else if (EXITED.test(type) && state) {
      const open = rows.get(state)?.spells.find((spell) => spell.to === null);
      if (open) open.to = at;
    } else if (error && current && type.startsWith("Execution") === false) {
      // A task's failure does not name its state: it is that of the one entered last.
      current.error = error;
    }
  }
  return [...rows.values()];
}

export function milliseconds(row: StateRow, now: number): number {
  return row.spells.reduce((sum, { from, to }) => sum + (to ?? now) - from, 0);
}
