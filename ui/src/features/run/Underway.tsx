import type { Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { ProgressBar } from "@/components/ProgressBar";
import { Time } from "@/components/Time";
import { useProvisional } from "@/features/live/LiveProvider";
import { ProvisionalFills } from "@/features/live/ProvisionalFills";
import styles from "@/features/run/Run.module.css";
import { useRunProgress } from "@/features/run/run";
import { titleOf } from "@/features/runs/listing";
import { integer } from "@/format/numbers";

/** As many messages as the API keeps. */
const LINES = 8;

/** How far a run is and what it does: pushed, or asked every second. */
export function Underway({ run }: { run: Run }) {
  const { data: progress, isError, error, refetch } = useRunProgress(run);
  const live = useProvisional(run.run_id);
  if (progress === undefined) {
    if (isError) {
      return <ErrorNotice error={error} what="The progress is not known" onRetry={() => refetch()} />;
    }
    return <Loading height={240} label="Asking how far it is" />;
  }
  const waiting = progress.status === "queued";
  const lines =
    live.lines.length > 0 ? live.lines.slice(-LINES).map((line) => line.text) : progress.latest_logs;
  return (
    <div className={styles.stack}>
      <Panel title={waiting ? "Waiting for its turn" : "Under way"}>
        <div className={styles.stack}>
          <ProgressBar value={waiting ? null : progress.progress_pct} label={`Progress of ${titleOf(run)}`} />
          <dl className={styles.facts}>
            <div>
              <dt>Phase</dt>
              <dd>{progress.current_phase.replaceAll("_", " ")}</dd>
            </div>
            <div>
              <dt>Candles</dt>
              <dd>
                {integer(progress.processed_candles)}
                {progress.total_candles > 0 && ` of ${integer(progress.total_candles)}`}
              </dd>
            </div>
            <div>
              <dt>Has come to</dt>
              <dd>
                <Time iso={progress.current_timestamp} />
              </dd>
            </div>
            <div>
              <dt>Started</dt>
              <dd>
                <Time iso={run.started_at} />
              </dd>
            </div>
          </dl>
          <div>
            <h3>Latest messages</h3>
            {lines.length === 0 ? (
              <p className="muted">None yet.</p>
            ) : (
              <ol className={styles.log} aria-live="polite">
                {lines.map((line, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a line may stand there twice
                  <li key={i}>{line}</li>
                ))}
              </ol>
            )}
          </div>
          {isError && <ErrorNotice error={error} what="The progress could not be asked; it is asked again" />}
        </div>
      </Panel>
      <ProvisionalFills of={live} />
    </div>
  );
}
