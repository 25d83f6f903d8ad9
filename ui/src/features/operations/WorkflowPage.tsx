import { getRouteApi, Link } from "@tanstack/react-router";
import { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { StatusBadge } from "@/components/StatusBadge";
import { Time } from "@/components/Time";
import styles from "@/features/operations/Operations.module.css";
import { isEnded, useWorkflow } from "@/features/operations/queries";
import { StepsTable } from "@/features/operations/StepsTable";
import { Subject } from "@/features/operations/WorkflowsPanel";
import { integer } from "@/format/numbers";
import { duration, utc } from "@/format/times";

type Detail = components["schemas"]["WorkflowDetail"];

const route = getRouteApi("/operations/$workflowId");
// The API answers the first so many events of a history.
const MOST_EVENTS = 200;
const TITLES = { backtest: "Backtest", import: "Import", fetch: "Fetch" } as const;

/** One execution, step by step. */
export function WorkflowPage() {
  const { workflowId } = route.useParams();
  const asked = useWorkflow(workflowId);
  if (asked.data) return <Shown workflow={asked.data} />;
  return (
    <>
      <PageHead title="Workflow" below={<code>{workflowId}</code>} />
      {asked.error instanceof ApiError && asked.error.status === 404 ? (
        <Notice title="There is no such workflow">
          Its run was deleted, or the address is wrong. <Link to="/operations">All workflows</Link>
        </Notice>
      ) : asked.error ? (
        <ErrorNotice
          error={asked.error}
          what="The workflow could not be loaded"
          onRetry={() => void asked.refetch()}
        />
      ) : (
        <Loading height={360} label="Loading the workflow" />
      )}
    </>
  );
}

function Shown({ workflow }: { workflow: Detail }) {
  const { execution, history } = workflow;
  return (
    <>
      <PageHead
        title={`${TITLES[workflow.kind]} ${workflow.name ?? ""}`.trim()}
        below={
          <>
            <StatusBadge status={workflow.status} />
            <span>
              {workflow.kind === "backtest" ? "run" : "dataset"} <Subject workflow={workflow} />
            </span>
            <code>{workflow.workflow_id}</code>
            <Link to="/operations">All workflows</Link>
          </>
        }
      />
      <div className={styles.page}>
        {workflow.error && (
          <Notice kind="error" title={`It failed: ${workflow.error.code.replaceAll("_", " ")}`}>
            {workflow.error.detail}
          </Notice>
        )}
        <Stats>
          <Moment label="Begun" iso={workflow.created_at} />
          <Moment label="At work since" iso={workflow.started_at} />
          <Moment label="Ended" iso={workflow.ended_at} />
          <Stat label="Took" value={duration(workflow.duration_seconds)} title="From its start to its end" />
          <Stat
            label="Execution"
            value={execution?.status.toLowerCase().replaceAll("_", " ") ?? "not started"}
          />
        </Stats>
        <Panel title="Steps" flush>
          {history.length === 0 ? (
            <p className={`muted ${styles.padded}`}>
              {workflow.status === "awaiting_upload"
                ? "Its file was not uploaded: the workflow begins with it."
                : "Its execution is not known any more."}
            </p>
          ) : (
            <StepsTable history={history} ended={isEnded(workflow.status)} />
          )}
          {history.length >= MOST_EVENTS && (
            <p className={`muted ${styles.padded}`}>The first {integer(MOST_EVENTS)} events are shown.</p>
          )}
        </Panel>
        {history.length > 0 && (
          <details>
            <summary>{integer(history.length)} events, as Step Functions tells them</summary>
            <pre className={styles.raw}>
              {history
                .map(({ id, timestamp, type, state, error }) =>
                  [id, utc(timestamp), type, state, error].filter(Boolean).join("  "),
                )
                .join("\n")}
            </pre>
            <p className="muted">
              <code>{workflow.execution_arn}</code>
            </p>
          </details>
        )}
      </div>
    </>
  );
}

function Moment({ label, iso }: { label: string; iso: string | null }) {
  return <Stat label={label} value={iso ? utc(iso).slice(11) : "–"} below={iso && <Time iso={iso} date />} />;
}
