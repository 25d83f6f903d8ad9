import { type FormEvent, useCallback, useMemo, useState } from "react";
import type { DatasetDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import styles from "@/features/data/CandlePreview.module.css";
import { type Bars, joined, useCandles } from "@/features/data/candles";
import { FLAG_WORDS } from "@/features/data/flags";
import { TIMEFRAME_MS, type Timeframe } from "@/features/data/timeframes";
import { type Mark, useCandleChart } from "@/features/data/useCandleChart";
import { price, quantity, signedPercent, tone } from "@/format/numbers";
import { utc, utcDate } from "@/format/times";

interface Props {
  dataset: DatasetDetail;
  timeframe: Timeframe;
  /** The bar to show, epoch milliseconds; null: the newest. */
  at: number | null;
  onGo: (at: string | null) => void;
}

const NONE: Bars = { time: [], open: [], high: [], low: [], close: [], volume: [] };
const MOST_MARKS = 300;

/** The candles themselves: the newest first, older ones as the reader moves there. */
export function CandlePreview({ dataset, timeframe, at, onGo }: Props) {
  const barMs = TIMEFRAME_MS[timeframe];
  const asked = useCandles(dataset, timeframe, barMs, at);
  const bars = useMemo(() => (asked.data ? joined(asked.data.pages) : NONE), [asked.data]);
  const marks = useMemo(() => marksOf(dataset, bars), [dataset, bars]);
  const { hasPreviousPage, hasNextPage, isFetching, fetchPreviousPage, fetchNextPage } = asked;
  const onNear = useCallback(
    (end: "old" | "new") => {
      if (isFetching) return;
      if (end === "old" && hasPreviousPage) void fetchPreviousPage();
      if (end === "new" && hasNextPage) void fetchNextPage();
    },
    [isFetching, hasPreviousPage, hasNextPage, fetchPreviousPage, fetchNextPage],
  );
  const { box, bar, move } = useCandleChart({ bars, barMs, at, marks, onNear });
  const last = bars.time.length - 1;
  return (
    <Panel
      title="Candles"
      flush
      actions={
        <>
          <GoTo key={at} at={at} dataset={dataset} onGo={onGo} />
          <Button icon="back" aria-label="Older candles" onClick={() => move(-0.8)} />
          <Button icon="forward" aria-label="Newer candles" onClick={() => move(0.8)} />
          <Button icon="last" onClick={() => onGo(null)} disabled={at === null && !hasNextPage && last < 0}>
            Newest
          </Button>
        </>
      }
    >
      <Legend bars={bars} bar={bar} />
      {asked.error && (
        <ErrorNotice
          error={asked.error}
          what="The candles could not be loaded"
          onRetry={() => void asked.refetch()}
        />
      )}
      <div className={styles.place}>
        <div
          ref={box}
          className={styles.chart}
          role="img"
          aria-label={
            last >= 0
              ? `Candles of ${dataset.symbol}, ${utc(iso(bars.time[0]))} to ${utc(iso(bars.time[last]))} UTC loaded`
              : "Candles"
          }
        />
        {/* Above the chart, not in its place: a chart without a size cannot be told what to show. */}
        {asked.isPending && (
          <div className={styles.above}>
            <Loading height={320} label="Loading the candles" />
          </div>
        )}
      </div>
    </Panel>
  );
}

function Legend({ bars, bar }: { bars: Bars; bar: number | null }) {
  if (bar === null) return <div className={styles.legend} />;
  const [open, close, before] = [bars.open[bar], bars.close[bar], bars.close[bar - 1]];
  const change = before && close !== undefined ? (close / before - 1) * 100 : null;
  return (
    <div className={styles.legend}>
      <b>{utc(iso(bars.time[bar]))} UTC</b>
      <span>
        open <b>{price(open)}</b>
      </span>
      <span>
        high <b>{price(bars.high[bar])}</b>
      </span>
      <span>
        low <b>{price(bars.low[bar])}</b>
      </span>
      <span>
        close <b>{price(close)}</b>
      </span>
      <span>
        volume <b>{quantity(bars.volume[bar])}</b>
      </span>
      <span className={tone(change)}>{signedPercent(change)}</span>
    </div>
  );
}

function GoTo({ at, dataset, onGo }: { at: number | null; dataset: DatasetDetail; onGo: Props["onGo"] }) {
  const [text, setText] = useState(at === null ? "" : utc(iso(at)));
  // `2021-08-13` and `2021-08-13 02:00` are UTC, as everything here is.
  const asked = Date.parse(text.includes(":") ? `${text.trim().replace(" ", "T")}Z` : text.trim());
  const inside = asked >= Date.parse(dataset.start) && asked <= Date.parse(dataset.end);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (inside) onGo(iso(asked));
  };
  const wrong = text !== "" && !inside;
  return (
    <form className={styles.goto} onSubmit={submit}>
      <label htmlFor="candles-at">Go to</label>
      <input
        id="candles-at"
        placeholder={utcDate(dataset.start)}
        title={`A date, or a date and a time, from ${utc(dataset.start)} to ${utc(dataset.end)} UTC`}
        aria-invalid={wrong || undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" disabled={!inside}>
        Go
      </Button>
    </form>
  );
}

function marksOf(dataset: DatasetDetail, bars: Bars): Mark[] {
  const [first, last] = [bars.time[0], bars.time.at(-1)];
  if (first === undefined || last === undefined) return [];
  return (dataset.audit?.flags ?? [])
    .map((flag) => ({ time: Date.parse(flag.start), label: FLAG_WORDS[flag.kind] }))
    .filter(({ time }) => time >= first && time <= last)
    .slice(-MOST_MARKS);
}

function iso(ms: number | undefined): string {
  return new Date(ms ?? 0).toISOString();
}
