import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { EventRow } from "@/api/types";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { Time } from "@/components/Time";
import { CheckMenu } from "@/features/playback/CheckMenu";
import styles from "@/features/playback/EventList.module.css";
import { EVENT_NAMES, shownValue, summaryOf, words } from "@/features/playback/events";
import type { EventFilter } from "@/features/playback/pages";
import type { Cursor } from "@/features/playback/usePlayer";

interface Props {
  /** Those around the cursor that pass the filter. */
  events: EventRow[];
  symbols: string[];
  cursor: Cursor;
  filter: EventFilter;
  isLoading: boolean;
  onFilter: (filter: EventFilter) => void;
  onOpen: (event: EventRow) => void;
  /** To the next or the previous event that passes, wherever it is. */
  onStep: (count: number) => void;
}

const TYPES = Object.entries(EVENT_NAMES).map(([id, label]) => ({ id, label }));

/** What happened around the cursor, in its order. */
export function EventList(props: Props) {
  const { events, symbols, cursor, filter, onFilter } = props;
  const current = useMemo(() => currentOf(events, cursor), [events, cursor]);
  return (
    <div className={styles.events}>
      <div className={styles.tools}>
        <CheckMenu
          label="Types of events"
          align="start"
          summary={
            filter.types.length === 0
              ? "All types"
              : filter.types.length === 1
                ? (EVENT_NAMES[filter.types[0] ?? ""] ?? "")
                : `${filter.types.length} types`
          }
          options={TYPES}
          chosen={filter.types}
          onChange={(types) => onFilter({ ...filter, types })}
        />
        {symbols.length > 1 && (
          <select
            className={styles.symbol}
            aria-label="Symbol of events"
            value={filter.symbol ?? ""}
            onChange={(event) => onFilter({ ...filter, symbol: event.target.value || null })}
          >
            <option value="">All symbols</option>
            {symbols.map((symbol) => (
              <option key={symbol}>{symbol}</option>
            ))}
          </select>
        )}
        <span className={styles.steps}>
          <Button
            kind="quiet"
            icon="back"
            aria-label="Previous such event"
            onClick={() => props.onStep(-1)}
          />
          <Button kind="quiet" icon="forward" aria-label="Next such event" onClick={() => props.onStep(1)} />
        </span>
      </div>
      {events.length === 0 ? (
        <p className={styles.empty}>
          {props.isLoading
            ? "Loading what happened here…"
            : "Nothing of this kind happened around this bar. The arrows go to where it did."}
        </p>
      ) : (
        <Rows {...props} current={current} />
      )}
    </div>
  );
}

/** The event that the cursor is on, or the last before it; -1 without any. */
function currentOf(events: EventRow[], cursor: Cursor): number {
  if (cursor.seq !== null) {
    const at = events.findIndex((event) => event.seq === cursor.seq);
    if (at >= 0) return at;
  }
  return events.findLastIndex((event) => Date.parse(event.timestamp) <= cursor.time);
}

function Rows({ events, current, onOpen }: Props & { current: number }) {
  const viewport = useRef<HTMLElement>(null);
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => 46,
    getItemKey: (index) => (events[index] as EventRow).seq,
    overscan: 6,
  });
  useEffect(() => {
    if (current >= 0) virtual.scrollToIndex(current, { align: "center" });
  }, [current, virtual]);
  const fold = (seq: number) => {
    const next = new Set(unfolded);
    if (!next.delete(seq)) next.add(seq);
    setUnfolded(next);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={viewport} className={styles.viewport} tabIndex={0} aria-label="Events around the cursor">
      <ul className={styles.list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const event = events[item.index] as EventRow;
          const isUnfolded = unfolded.has(event.seq);
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              data-ahead={item.index > current}
              aria-current={item.index === current ? "true" : undefined}
              className={styles.event}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <div className={styles.head}>
                <button type="button" className={styles.open} onClick={() => onOpen(event)}>
                  <span className={styles.when}>
                    <Time iso={event.timestamp} />
                    <span className={styles.type} data-type={event.type}>
                      {EVENT_NAMES[event.type] ?? words(event.type)}
                    </span>
                    <span className="muted">{event.symbol}</span>
                  </span>
                  <span className={styles.summary}>{summaryOf(event)}</span>
                </button>
                <button
                  type="button"
                  className={styles.fold}
                  aria-expanded={isUnfolded}
                  aria-label={`Payload of ${EVENT_NAMES[event.type] ?? event.type} ${event.seq}`}
                  onClick={() => fold(event.seq)}
                >
                  <Icon name="chevron" size={12} />
                </button>
              </div>
              {isUnfolded && <Payload event={event} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Payload({ event }: { event: EventRow }) {
  const values: [string, unknown][] = [["number", event.seq]];
  if (event.correlation_id) values.push(["decision", event.correlation_id]);
  values.push(...Object.entries(event.payload));
  return (
    <dl className={styles.payload}>
      {values.map(([name, value]) => (
        <div key={name}>
          <dt>{words(name)}</dt>
          <dd>{shownValue(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
