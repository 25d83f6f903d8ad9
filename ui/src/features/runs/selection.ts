/** The runs that are selected for a comparison; they survive a reload, and last as long as the tab. */
import { useCallback, useMemo, useState } from "react";

const KEY = "stepfold.selected-runs";
export const FEWEST = 2;
export const MOST = 6;

export interface Selection {
  /** In the order in which they were selected. */
  ids: string[];
  has: (runId: string) => boolean;
  toggle: (runId: string) => void;
  remove: (runId: string) => void;
  clear: () => void;
  full: boolean;
}

export function useSelection(): Selection {
  const [ids, setIds] = useState(kept);
  const change = useCallback((to: (ids: string[]) => string[]) => {
    setIds((before) => {
      const after = to(before).slice(0, MOST);
      sessionStorage.setItem(KEY, JSON.stringify(after));
      return after;
    });
  }, []);
  return useMemo(() => {
    const remove = (runId: string) => change((before) => before.filter((id) => id !== runId));
    return {
      ids,
      has: (runId) => ids.includes(runId),
      toggle: (runId) => (ids.includes(runId) ? remove(runId) : change((before) => [...before, runId])),
      remove,
      clear: () => change(() => []),
      full: ids.length >= MOST,
    };
  }, [ids, change]);
}

function kept(): string[] {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(read)
      ? read.filter((id): id is string => typeof id === "string").slice(0, MOST)
      : [];
  } catch {
    return [];
  }
}
