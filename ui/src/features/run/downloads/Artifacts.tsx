import { useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Time } from "@/components/Time";
import styles from "@/features/run/downloads/Downloads.module.css";
import { path } from "@/features/run/run";
import { bytes, integer } from "@/format/numbers";

/** The links are good for a quarter of an hour; they are asked for anew before that. */
const FRESH_MS = 10 * 60_000;

/** The run's files as they lie in the store, by links that need no login while they last. */
export function Artifacts({ runId }: { runId: string }) {
  const api = useApi();
  const links = useQuery({
    queryKey: ["artifacts", runId],
    queryFn: ({ signal }) => data(api.GET("/backtests/{run_id}/artifacts", { params: path(runId), signal })),
    staleTime: FRESH_MS,
    refetchInterval: FRESH_MS,
  });
  return (
    <section aria-labelledby="parquet-files">
      <h3 id="parquet-files">Parquet files</h3>
      {links.isError ? (
        <ErrorNotice error={links.error} what="The links could not be made" onRetry={() => links.refetch()} />
      ) : !links.data ? (
        <Loading height={120} label="Asking for the links" />
      ) : (
        <>
          <p className="muted">
            As they are stored. The links need no login and last until{" "}
            <Time iso={links.data.expires_at} minute />.
          </p>
          <ul className={`${styles.list} ${styles.files}`}>
            {links.data.artifacts.map((file) => (
              <li key={file.filename}>
                <a
                  href={file.url}
                  download={file.filename}
                  title={`${file.filename}\nSHA-256 ${file.sha256}`}
                >
                  {file.filename.replace(`${runId}-`, "")}
                </a>
                <span className="num muted">{integer(file.rows)} rows</span>
                <span className={`num muted ${styles.size}`}>{bytes(file.size)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
