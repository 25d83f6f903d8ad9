import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import { ProgressBar } from "@/components/ProgressBar";
import { StatusBadge } from "@/components/StatusBadge";
import { FetchDialog, useBegin } from "@/features/data/FetchDialog";
import styles from "@/features/data/JobList.module.css";
import { dropJob, type Job, jobKey, useJobs } from "@/features/data/jobs";
import { forgetDatasets } from "@/features/data/queries";
import { sentences } from "@/features/data/report";
import { integer } from "@/format/numbers";
import { utc } from "@/format/times";

type Answer = components["schemas"]["FetchAnswer"] | components["schemas"]["ImportAnswer"];

const EVERY_MS = 1_000;

/** What was begun in this tab, of one dataset or of all, until it is put away. */
export function JobList({ datasetId }: { datasetId?: string }) {
  const jobs = useJobs().filter((job) => datasetId === undefined || concerns(job, datasetId));
  if (jobs.length === 0) return null;
  return (
    <section className={styles.jobs} aria-label="Fetches and imports">
      {jobs.map((job) => (
        <JobRow key={job.id} job={job} />
      ))}
    </section>
  );
}

function concerns(job: Job, datasetId: string): boolean {
  return job.datasetId === datasetId || (job.kind === "resample" && job.madeOf === datasetId);
}

function JobRow({ job }: { job: Job }) {
  const asked = useJob(job);
  const [changing, setChanging] = useState(false);
  const again = useBegin();
  const answer = asked.data;
  const failed = answer?.status === "failed";
  const unit = job.datasetId.endsWith(".funding") ? "rates" : "bars";
  return (
    <article className={styles.job} aria-label={`${VERBS[job.kind]} ${job.datasetId}`}>
      <div className={styles.what}>
        <StatusBadge status={answer?.status ?? "queued"} />
        <span>
          {VERBS[job.kind]}{" "}
          {answer?.status === "completed" ? (
            <Link to="/data/$datasetId" params={{ datasetId: job.datasetId }}>
              {job.datasetId}
            </Link>
          ) : (
            <strong>{job.datasetId}</strong>
          )}
          {job.kind === "import" && <span className="muted"> from {job.file}</span>}
          {job.kind === "resample" && <span className="muted"> from {job.madeOf}</span>}
        </span>
        <Link to="/operations/$workflowId" params={{ workflowId: job.id }} className="muted">
          Steps
        </Link>
      </div>
      <div className={styles.tools}>
        {failed && job.kind === "fetch" && (
          <>
            <Button onClick={() => setChanging(true)}>Change</Button>
            {/* What the request itself is wrong about stays wrong. */}
            {answer.error?.errors?.length === 0 && (
              <Button icon="refresh" busy={again.isPending} onClick={() => again.mutate(job.values)}>
                Go on
              </Button>
            )}
          </>
        )}
        <Button
          kind="quiet"
          icon="close"
          aria-label={`Put ${job.datasetId} away`}
          onClick={() => dropJob(job.id)}
        />
      </div>
      {answer && !ended(answer) && <Running job={job} answer={answer} />}
      {answer?.status === "completed" && answer.report && (
        <ul>
          {sentences(answer.report, unit).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {failed && (
        <div className={styles.error}>
          <Failure job={job} answer={answer} />
        </div>
      )}
      {asked.error && (
        <div className={styles.error}>
          <ErrorNotice
            error={asked.error}
            what="What became of it could not be asked"
            onRetry={() => asked.refetch()}
          />
        </div>
      )}
      {again.error && (
        <div className={styles.error}>
          <ErrorNotice error={again.error} what="The fetch could not be begun again" />
        </div>
      )}
      {changing && job.kind === "fetch" && (
        <FetchDialog
          values={job.values}
          errors={answer?.error?.errors ?? []}
          onClose={() => setChanging(false)}
        />
      )}
    </article>
  );
}

const VERBS = { fetch: "Fetch", import: "Import", resample: "Resample" } as const;

function Running({ job, answer }: { job: Job; answer: Answer }) {
  const words = { fetch: "fetched", import: "checked and stored", resample: "made" }[job.kind];
  if (!("progress_pct" in answer)) {
    return (
      <div className={styles.running} role="status">
        <ProgressBar value={null} label={`${job.datasetId} is being ${words}`} />
        <span>Being {words}</span>
      </div>
    );
  }
  const known = answer.total_candles > 0;
  return (
    <div className={styles.running}>
      <ProgressBar value={known ? answer.progress_pct : null} label={`${job.datasetId} is being ${words}`} />
      <span className="num">
        {known
          ? `${integer(answer.processed_candles)} of ${integer(answer.total_candles)}`
          : "Asking the exchange what it has"}
      </span>
      {answer.current_timestamp && <span>at {utc(answer.current_timestamp)} UTC</span>}
    </div>
  );
}

function Failure({ job, answer }: { job: Job; answer: Answer }) {
  const errors = answer.error?.errors ?? [];
  return (
    <Notice kind="error" title={job.kind === "import" ? "Nothing of the file was stored" : "It failed"}>
      {errors.length > 0 ? (
        <ul>
          {errors.map((error) => (
            <li key={`${error.path} ${error.message}`}>
              <code>{error.path}</code>: {error.message}
            </li>
          ))}
        </ul>
      ) : (
        answer.error?.detail
      )}
      {job.kind === "fetch" && errors.length === 0 && (
        <p>
          The dataset is as it was. What has come of it already is kept for seven days: the next fetch goes on
          from there.
        </p>
      )}
    </Notice>
  );
}

function ended(answer: Answer): boolean {
  return answer.status === "completed" || answer.status === "failed";
}

/** Ask after a job until it has ended; then whatever is shown of the datasets is old. */
function useJob(job: Job) {
  const api = useApi();
  const queries = useQueryClient();
  const asked = useQuery({
    queryKey: jobKey(job.id),
    queryFn: async ({ signal }): Promise<Answer> => {
      const dataset_id = job.datasetId;
      if (job.kind === "fetch") {
        const path = { dataset_id, fetch_id: job.id };
        return data(api.GET("/datasets/{dataset_id}/fetches/{fetch_id}", { params: { path }, signal }));
      }
      const path = { dataset_id, import_id: job.id };
      return data(api.GET("/datasets/{dataset_id}/imports/{import_id}", { params: { path }, signal }));
    },
    refetchInterval: ({ state }) => {
      if (state.error instanceof ApiError && state.error.status === 404) return false;
      return state.data && ended(state.data) ? false : EVERY_MS;
    },
  });
  const completed = asked.data?.status === "completed";
  useEffect(() => {
    if (completed) void forgetDatasets(queries);
  }, [completed, queries]);
  return asked;
}
