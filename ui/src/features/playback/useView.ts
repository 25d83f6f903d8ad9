import { useCallback, useEffect, useRef, useState } from "react";
import { type Bars, PAGE_BARS, pageOf } from "@/features/playback/windows";

interface View {
  /** Page in the middle of what is seen. */
  center: number;
  /** Pages on each side of it that are drawn. */
  sides: number;
  onView: (middle: number, room: number) => void;
  show: (page: number) => void;
}

/** A view that wanders this many pages from its center's middle is given another center: no to and fro at an edge. */
const WANDERS = 0.75;
const RESTS_MS = 60;

/** Which pages are looked at: those under the reader's eyes, or around a cursor that went elsewhere. */
export function useView(time: number, barMs: number): View {
  const [center, setCenter] = useState(() => pageOf(time, barMs));
  const [sides, setSides] = useState(1);
  const length = barMs * PAGE_BARS;
  // Called at every move of the chart: the page is drawn anew only if it changes something.
  const held = useRef({ center, sides });
  const show = useCallback((page: number) => {
    held.current.center = page;
    setCenter(page);
  }, []);
  const onView = useCallback(
    (middle: number, room: number) => {
      const away = Math.abs(middle / length - (held.current.center + 0.5));
      if (away >= WANDERS) show(Math.floor(middle / length));
      const wide = room > 0.6 * PAGE_BARS ? 2 : 1;
      if (wide !== held.current.sides) setSides(wide);
      held.current.sides = wide;
    },
    [length, show],
  );
  return { center, sides, onView, show };
}

/** Look at the cursor's page once a cursor that left what is drawn has come to rest. */
export function useShownCursor(time: number, barMs: number, bars: Bars | null, show: (page: number) => void) {
  const page = pageOf(time, barMs);
  const isDrawn = bars?.pages.includes(page) ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the cursor that moves, not what is drawn
  useEffect(() => {
    if (isDrawn) return undefined;
    const timer = setTimeout(() => show(page), RESTS_MS);
    return () => clearTimeout(timer);
  }, [time, page, show]);
}
