/** The address follows the cursor, so that it can be sent; it is written now and then, not at every step. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { iso } from "@/features/playback/pages";
import type { Mode } from "@/features/playback/usePlayer";

const EVERY_MS = 500;
const FROM = "/runs/$runId/playback" as const;

export interface Address {
  symbol: string | undefined;
  mode: Mode;
  /** Epoch milliseconds; null where it names none, or no time. */
  at: number | null;
  choose: (more: { symbol?: string; mode?: Mode }) => void;
}

export function useAddress(): Address {
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const at = search.at === undefined ? Number.NaN : Date.parse(search.at);
  const choose = useCallback(
    (more: { symbol?: string; mode?: Mode }) => {
      void navigate({ search: (held) => ({ ...held, ...more }), replace: true, resetScroll: false });
    },
    [navigate],
  );
  return {
    symbol: search.symbol,
    mode: search.mode === "events" ? "events" : "candles",
    at: Number.isNaN(at) ? null : at,
    choose,
  };
}

/** Write the bar under the cursor into the address; where somebody else changes it, go there. */
export function useWrittenCursor(bar: number | null, at: number | null, goTo: (time: number) => void): void {
  const navigate = useNavigate({ from: FROM });
  // What was written and has not come back yet; a router that is behind is nobody else.
  const written = useRef(new Set<number>());
  const now = useRef(at);
  const last = useRef(0);
  useEffect(() => {
    if (bar === null || bar === now.current) return undefined;
    const timer = setTimeout(
      () => {
        last.current = performance.now();
        now.current = bar;
        written.current.add(bar);
        void navigate({
          search: (held) => ({ ...held, at: iso(bar).replace(".000Z", "Z") }),
          replace: true,
          resetScroll: false,
        });
      },
      Math.max(0, last.current + EVERY_MS - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [bar, navigate]);
  useEffect(() => {
    if (at === null || at === now.current || written.current.has(at)) {
      for (const one of written.current) {
        written.current.delete(one);
        if (one === at) break;
      }
      return;
    }
    now.current = at;
    goTo(at);
  }, [at, goTo]);
}
