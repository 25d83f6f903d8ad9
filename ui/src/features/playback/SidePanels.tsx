import { useState } from "react";
import type { EventRow, Run } from "@/api/types";
import { EventList } from "@/features/playback/EventList";
import type { EventFilter } from "@/features/playback/pages";
import { Segments } from "@/features/playback/Segments";
import styles from "@/features/playback/SidePanels.module.css";
import { StatePanel } from "@/features/playback/StatePanel";
import { useInspected } from "@/features/playback/useInspected";
import type { Cursor, Mode, Player } from "@/features/playback/usePlayer";
import { useSampled, useSettled } from "@/features/playback/useSettled";
import { WhyPanel } from "@/features/playback/WhyPanel";

interface Props {
  run: Run;
  symbol: string;
  barMs: number;
  /** Null until it is known which bar the cursor is on. */
  bar: number | null;
  mode: Mode;
  player: Player;
  events: EventRow[];
  areEventsLoading: boolean;
  filter: EventFilter;
  onFilter: (filter: EventFilter) => void;
  onOpen: (event: EventRow) => void;
  onStepEvent: (count: number) => void;
}

type Tab = "why" | "events";

const WHY_RESTS_MS = 250;
const LIST_EVERY_MS = 150;

/** What is known at the cursor: the account, why it traded or not, and what happened. */
export function SidePanels(props: Props) {
  const { run, symbol, barMs, bar, mode, player, events } = props;
  const { cursor, isPlaying, speed } = player;
  const [tab, setTab] = useState<Tab>(mode === "events" ? "events" : "why");
  const inspected = useInspected(cursor, bar ?? cursor.time, barMs, { isPlaying, speed, mode });
  const settled = useSettled(bar, WHY_RESTS_MS);
  const listed = useSampled<Cursor>(cursor, LIST_EVERY_MS);
  // While it plays, what has not happened yet is not told.
  const told = isPlaying ? events.filter((event) => Date.parse(event.timestamp) <= listed.time) : events;
  return (
    <div className={styles.side}>
      <StatePanel runId={run.run_id} time={inspected.time} ahead={inspected.ahead} />
      <section className={styles.lower} aria-label={tab === "why" ? "Why, or why not" : "Events"}>
        <header className={styles.tabs}>
          <Segments<Tab>
            label="At the cursor"
            options={[
              { value: "why", label: "Why / why not" },
              { value: "events", label: "Events" },
            ]}
            value={tab}
            onChange={setTab}
          />
        </header>
        {tab === "why" ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          <section className={styles.scroll} tabIndex={0} aria-label="Conditions at the bar">
            <WhyPanel runId={run.run_id} symbol={symbol} bar={settled} isPlaying={isPlaying} />
          </section>
        ) : (
          <EventList
            events={told}
            symbols={run.symbols}
            cursor={listed}
            filter={props.filter}
            isLoading={props.areEventsLoading}
            onFilter={props.onFilter}
            onOpen={props.onOpen}
            onStep={props.onStepEvent}
          />
        )}
      </section>
    </div>
  );
}
