import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Workflow } from "@/api/types";
import { Button } from "@/components/Button";
import { type Column, DataTable } from "@/components/DataTable";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { StatusBadge } from "@/components/StatusBadge";
import { Time } from "@/components/Time";
import styles from "@/features/operations/Operations.module.css";
import { useWorkflows } from "@/features/operations/queries";
import { duration } from "@/format/times";

/** Executions of runs, imports and fetches, newest first. */
export function WorkflowsPanel() {
  const asked = useWorkflows();
  const navigate = useNavigate();
  const rows = useMemo(() => asked.data?.pages.flatMap((page) => page.workflows) ?? [], [asked.data]);
  return (
    <Panel title="Workflows" flush>
      {asked.isPending && <Loading height={320} label="Loading the workflows" />}
      {asked.error && (
        <div className={styles.padded}>
          <ErrorNotice
            error={asked.error}
            what="The workflows could not be loaded"
            onRetry={() => void asked.refetch()}
          />
        </div>
      )}
      {asked.data && (
        <DataTable
          label="Workflows"
          columns={COLUMNS}
          rows={rows}
          rowId={(workflow) => workflow.workflow_id}
          rowHeight={34}
          height={640}
          onOpen={({ workflow_id }) =>
            void navigate({ to: "/operations/$workflowId", params: { workflowId: workflow_id } })
          }
          empty="Nothing was run, imported or fetched yet."
        />
      )}
      {asked.hasNextPage && (
        <div className={styles.padded}>
          <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Older workflows
          </Button>
        </div>
      )}
    </Panel>
  );
}

const COLUMNS: Column<Workflow>[] = [
  {
    id: "kind",
    header: "Kind",
    accessorFn: (workflow) => workflow.kind,
    cell: ({ row }) => (
      <Link
        to="/operations/$workflowId"
        params={{ workflowId: row.original.workflow_id }}
        title="Its execution, step by step"
      >
        {row.original.kind}
      </Link>
    ),
  },
  {
    id: "status",
    header: "Status",
    accessorFn: (workflow) => workflow.status,
    cell: ({ row }) => <StatusBadge status={row.original.status} />,
  },
  {
    id: "of",
    header: "Of",
    accessorFn: (workflow) => workflow.name ?? workflow.workflow_id,
    cell: ({ row }) => <Subject workflow={row.original} />,
  },
  {
    id: "duration",
    header: "Took",
    meta: { numeric: true, title: "From the start of the work to its end" },
    accessorFn: (workflow) => workflow.duration_seconds ?? -1,
    cell: ({ row }) => duration(row.original.duration_seconds),
  },
  {
    id: "created",
    header: "Begun",
    accessorFn: (workflow) => workflow.created_at,
    cell: ({ row }) => <Time iso={row.original.created_at} />,
  },
];

/** What it makes: a link to the run or to the dataset. */
export function Subject({ workflow }: { workflow: Workflow }) {
  if (workflow.kind === "backtest") {
    return (
      <Link to="/runs/$runId" params={{ runId: workflow.workflow_id }}>
        {workflow.name ?? `${workflow.workflow_id.slice(0, 12)}…`}
      </Link>
    );
  }
  if (workflow.name === null) return <span className="muted">–</span>;
  return (
    <Link to="/data/$datasetId" params={{ datasetId: workflow.name }}>
      {workflow.name}
    </Link>
  );
}
