/** What of the equity curve is looked at, and which part of it is held for that. */
import { useCallback, useMemo, useState } from "react";
import type { Run } from "@/api/types";
import { barLength, type Held, type Span, wanted } from "@/chart/window";
import { WHOLE_POINTS } from "@/features/run/overview/equity";

export interface View {
  /** What to show; null is the whole run. */
  view: Span | null;
  /** What to hold for it; null is the whole run. */
  part: Span | null;
  /** Show a part, such as a drawdown; null shows the whole. */
  show: (view: Span | null) => void;
  /** The reader looks at this while `held` is there. */
  seen: (seen: Span, held: { part: Span | null; points: number }) => void;
}

export function useView(run: Run): View {
  const [{ view, part }, set] = useState<{ view: Span | null; part: Span | null }>({
    view: null,
    part: null,
  });
  const whole = useMemo<Span>(
    () => ({ start: Date.parse(run.start_date ?? ""), end: Date.parse(run.end_date ?? "") }),
    [run.start_date, run.end_date],
  );
  const barMs = barLength(run.timeframe);
  const show = useCallback(
    (next: Span | null) => {
      const held: Held = { span: whole, points: WHOLE_POINTS };
      set({ view: next, part: next && (wanted(next, held, whole, barMs) ?? null) });
    },
    [whole, barMs],
  );
  const seen = useCallback(
    (looked: Span, held: { part: Span | null; points: number }) => {
      const next = wanted(looked, { span: held.part ?? whole, points: held.points }, whole, barMs);
      if (next !== undefined) set({ view: next && looked, part: next });
    },
    [whole, barMs],
  );
  return useMemo(() => ({ view, part, show, seen }), [view, part, show, seen]);
}
