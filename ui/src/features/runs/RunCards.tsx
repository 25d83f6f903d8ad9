import { useEffect, useRef } from "react";
import type { Run } from "@/api/types";
import { Time } from "@/components/Time";
import { RunSymbols } from "@/features/runs/columns";
import { titleOf } from "@/features/runs/listing";
import styles from "@/features/runs/RunCards.module.css";
import { RunStatus } from "@/features/runs/RunStatus";
import { RunTitle } from "@/features/runs/RunTitle";
import { RunSelect, RunTools } from "@/features/runs/RunTools";
import { decimal, integer, percent, signedPercent, tone } from "@/format/numbers";

/** The runs where a table is too wide: one under the other, with what one asks first. */
export function RunCards({ runs, onNearEnd }: { runs: Run[]; onNearEnd?: (() => void) | undefined }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!onNearEnd || end.current === null) return undefined;
    const seen = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && onNearEnd(),
      {
        rootMargin: "600px",
      },
    );
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [onNearEnd]);
  return (
    <>
      <ul className={styles.cards} aria-label="Runs">
        {runs.map((run) => (
          <li key={run.run_id} className={styles.card} aria-label={titleOf(run)}>
            <div className={styles.head}>
              <RunSelect run={run} />
              <RunTitle run={run} />
              <RunTools run={run} />
            </div>
            <div className={styles.what}>
              <div>
                {run.name !== null && <div>{run.strategy}</div>}
                <RunSymbols run={run} />
                <div className={styles.small}>
                  <Time iso={run.start_date} date /> – <Time iso={run.end_date} date />
                </div>
              </div>
              <RunStatus run={run} />
            </div>
            {run.error && <p className={styles.error}>{run.error.detail}</p>}
            {run.status === "completed" && (
              <dl className={styles.figures}>
                <Figure
                  label="Return"
                  tone={tone(run.equity_return_pct)}
                  value={signedPercent(run.equity_return_pct)}
                />
                <Figure label="Trades" value={integer(run.total_trades)} />
                <Figure label="Sharpe" value={decimal(run.sharpe_ratio)} />
                <Figure label="Drawdown" value={percent(run.max_drawdown_pct)} />
              </dl>
            )}
          </li>
        ))}
      </ul>
      <div ref={end} />
    </>
  );
}

function Figure({ label, value, tone = "" }: { label: string; value: string; tone?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className={tone}>{value}</dd>
    </div>
  );
}
