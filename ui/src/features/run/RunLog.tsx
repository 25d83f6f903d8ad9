import { useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import styles from "@/features/run/Run.module.css";
import { path } from "@/features/run/run";

/** What the run's steps wrote: of one that failed, what happened before. */
export function RunLog({ runId }: { runId: string }) {
  const api = useApi();
  const log = useQuery({
    queryKey: ["logs", runId],
    queryFn: ({ signal }) => data(api.GET("/backtests/{run_id}/logs", { params: path(runId), signal })),
  });
  if (log.isError) {
    return <ErrorNotice error={log.error} what="Its log could not be read" onRetry={() => log.refetch()} />;
  }
  if (!log.data || log.data.logs.length === 0) return null;
  return (
    <Panel title="What its steps wrote">
      <ol className={styles.log}>
        {log.data.logs.map((row, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line may stand there twice
          <li key={i}>
            <Time iso={row.timestamp} /> {row.step} {row.level.toLowerCase()} {row.message}
            {row.exception && (
              <details>
                <summary>Traceback</summary>
                <pre>{row.exception}</pre>
              </details>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
