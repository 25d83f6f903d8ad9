import { Link } from "@tanstack/react-router";
import type { DatasetDetail } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { StatusBadge } from "@/components/StatusBadge";
import { Time } from "@/components/Time";
import styles from "@/features/data/DatasetPage.module.css";
import { useDatasetRuns } from "@/features/data/queries";
import { signedPercent, tone } from "@/format/numbers";

/** The backtests that need this dataset, and so keep it from being deleted. */
export function RunsPanel({ dataset }: { dataset: DatasetDetail }) {
  const asked = useDatasetRuns(dataset.dataset_id);
  return (
    <Panel title="Used by">
      {asked.error && (
        <ErrorNotice
          error={asked.error}
          what="The runs could not be loaded"
          onRetry={() => void asked.refetch()}
        />
      )}
      {asked.isPending && <Loading height={60} label="Loading the runs" />}
      {asked.data?.backtests.length === 0 && (
        <p className="muted">
          {asked.data.more
            ? "Others' backtests use it: it cannot be deleted."
            : "No backtest uses it; it can be deleted."}
        </p>
      )}
      {asked.data && asked.data.backtests.length > 0 && (
        <ul className={styles.runs}>
          {asked.data.backtests.map((run) => (
            <li key={run.run_id}>
              <StatusBadge status={run.status} />
              <Link to="/runs/$runId" params={{ runId: run.run_id }}>
                {run.name ?? run.strategy}
              </Link>
              <span className={`num ${tone(run.equity_return_pct)}`}>
                {signedPercent(run.equity_return_pct)}
              </span>
              <span className="muted">
                <Time iso={run.created_at} />
              </span>
              {run.stale && (
                <span className="muted" title={run.stale_because ?? undefined}>
                  stale
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {asked.data?.more && asked.data.backtests.length > 0 && (
        <p className="muted">More use it than are listed.</p>
      )}
    </Panel>
  );
}
