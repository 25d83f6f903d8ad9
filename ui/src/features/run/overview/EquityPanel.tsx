import { useCallback, useState } from "react";
import type { Run } from "@/api/types";
import { EquityChart } from "@/chart/EquityChart";
import type { Span } from "@/chart/window";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/overview/EquityPanel.module.css";
import { useEquity } from "@/features/run/overview/equity";
import type { View } from "@/features/run/overview/view";
import { money, percent } from "@/format/numbers";
import { utc } from "@/format/times";

const HEIGHT = 380;

/** The curve as the reader looks at it; what is zoomed into is asked for again, finer. */
export function EquityPanel({ run, view }: { run: Run; view: View }) {
  const asked = useEquity(run.run_id, view.part);
  const [pointed, setPointed] = useState<number | null>(null);
  const held = asked.data;
  const { seen } = view;
  const onSeen = useCallback(
    (looked: Span) => held && seen(looked, { part: held.part, points: held.curve.times.length }),
    [held, seen],
  );

  // A point of a curve that was replaced meanwhile may be none of this one.
  const last = held ? held.curve.times.length - 1 : -1;
  const at = Math.min(pointed ?? last, last);
  const time = held?.curve.times[at];
  return (
    <Panel
      title="Equity and drawdown"
      flush
      actions={
        <>
          {asked.isFetching && held && <span className="muted">Loading this part…</span>}
          {view.view !== null && (
            <Button kind="quiet" onClick={() => view.show(null)}>
              Whole run
            </Button>
          )}
        </>
      }
    >
      {asked.isError && !held ? (
        <div className={styles.fill}>
          <ErrorNotice
            error={asked.error}
            what="The equity could not be loaded"
            onRetry={() => asked.refetch()}
          />
        </div>
      ) : !held ? (
        <Loading height={HEIGHT + 34} label="Loading the equity" />
      ) : held.curve.times.length === 0 ? (
        <div className={styles.fill}>
          <Notice title="There is no bar in this span" />
        </div>
      ) : (
        <>
          <dl className={styles.legend}>
            <div className={styles.time}>
              <dt className="visually-hidden">Bar</dt>
              <dd>{time === undefined ? "–" : utc(new Date(time * 1000).toISOString())}</dd>
            </div>
            <div data-series="equity">
              <dt>Equity</dt>
              <dd>{money(held.curve.equity[at])}</dd>
            </div>
            <div data-series="benchmark">
              <dt>Buy and hold</dt>
              <dd>{money(held.curve.benchmark[at])}</dd>
            </div>
            <div data-series="drawdown">
              <dt>Drawdown</dt>
              <dd>{percent(held.curve.drawdown[at])}</dd>
            </div>
          </dl>
          <EquityChart
            label="Equity, buy and hold, and drawdown over time"
            curve={held.curve}
            height={HEIGHT}
            view={view.view}
            onSeen={onSeen}
            onPoint={setPointed}
          />
        </>
      )}
    </Panel>
  );
}
