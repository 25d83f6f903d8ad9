import { useMemo, useRef, useState } from "react";
import {
  type Indicator,
  indicatorsOf,
  keepChoice,
  keptChoice,
  shownAtFirst,
} from "@/features/playback/indicators";
import type { Bars } from "@/features/playback/windows";

interface Indicators {
  all: Indicator[];
  shown: Indicator[];
  choose: (ids: string[]) => void;
}

const NONE: Indicator[] = [];

/** The indicators of a run and which of them are shown, as it was chosen for its strategy before. */
export function useIndicators(bars: Bars | null, strategy: string): Indicators {
  const places = useRef(new Map<string, Indicator["place"]>());
  const held = useRef(NONE);
  const [chosen, setChosen] = useState(() => keptChoice(strategy));
  const all = useMemo(() => {
    const found = bars === null ? [] : indicatorsOf(bars.columns, places.current);
    // Other bars, the same indicators: the chart keeps its series.
    if (found.length > 0 && look(found) !== look(held.current)) held.current = found;
    return held.current;
  }, [bars]);
  const shown = useMemo(() => {
    const ids = chosen ?? shownAtFirst(all);
    return all.filter((one) => ids.includes(one.id));
  }, [all, chosen]);
  return {
    all,
    shown,
    choose(ids) {
      setChosen(ids);
      keepChoice(strategy, ids);
    },
  };
}

function look(indicators: Indicator[]): string {
  return indicators.map((one) => `${one.id} ${one.place}`).join();
}
