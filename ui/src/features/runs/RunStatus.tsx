import type { Run } from "@/api/types";
import { ProgressBar } from "@/components/ProgressBar";
import { StatusBadge } from "@/components/StatusBadge";
import { Time } from "@/components/Time";
import { isActive, titleOf } from "@/features/runs/listing";
import styles from "@/features/runs/RunStatus.module.css";
import { useProgress } from "@/features/runs/runs";

/** Where a run is: how far while it is under way, why if it failed, else when it was started. */
export function RunStatus({ run }: { run: Run }) {
  const progress = useProgress(run) ?? run;
  return (
    <div className={styles.both}>
      <StatusBadge status={progress.status} />
      <div className={styles.below}>
        {isActive(progress) ? (
          <ProgressBar
            value={progress.status === "queued" ? null : progress.progress_pct}
            label={`Progress of ${titleOf(run)}`}
          />
        ) : run.error ? (
          <span className={styles.error} title={run.error.detail}>
            {run.error.code.replaceAll("_", " ")}
          </span>
        ) : (
          <Time iso={run.created_at} minute />
        )}
      </div>
    </div>
  );
}
