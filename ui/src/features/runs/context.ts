/**
 * What the cells of the list can do. It goes by a context, since a table's columns must stay the same from one
 * drawing to the next: a changed cell is another component, and would lose what is being typed into it.
 */
import { createContext, useContext } from "react";
import type { Run } from "@/api/types";
import type { Labels } from "@/features/runs/actions";
import type { Selection } from "@/features/runs/selection";

export interface RunList {
  selection: Selection;
  label: (run: Run, labels: Labels) => void;
  cancel: (run: Run) => void;
  /** The run that is being cancelled. */
  cancelling: string | null;
  /** Ask whether to delete it. */
  askDelete: (run: Run) => void;
}

export const RunListContext = createContext<RunList | null>(null);

export function useRunList(): RunList {
  const held = useContext(RunListContext);
  if (held === null) throw new Error("used outside of the list of runs");
  return held;
}
