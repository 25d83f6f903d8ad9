import { Link } from "@tanstack/react-router";
import { ApiError } from "@/api/errors";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import { ProgressBar } from "@/components/ProgressBar";
import type { Asked } from "@/features/compare/runsOf";
import { isActive, titleOf } from "@/features/runs/listing";
import { useProgress } from "@/features/runs/runs";

/** A run that was asked for and has nothing to compare: why, and what can be done. */
export function Absent({ asked, onRemove }: { asked: Asked; onRemove: () => void }) {
  const { id, run, error } = asked;
  const remove = <Button onClick={onRemove}>Leave it out</Button>;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Notice kind="warn" title={`There is no run ${id}`} actions={remove}>
        It may have been deleted.
      </Notice>
    );
  }
  if (error) return <ErrorNotice error={error} what={`Run ${id} could not be loaded`} />;
  if (!run) return null;
  const link = (
    <Link to="/runs/$runId" params={{ runId: id }}>
      {titleOf(run)}
    </Link>
  );
  if (isActive(run)) {
    return (
      <Notice title={<>{link} is not finished</>} actions={remove}>
        It joins the comparison when it is.
        <Underway run={run} />
      </Notice>
    );
  }
  return (
    <Notice
      kind="warn"
      title={
        <>
          {link} {run.status === "failed" ? "failed" : "was cancelled"}: it has no results
        </>
      }
      actions={remove}
    >
      {run.error?.detail}
    </Notice>
  );
}

function Underway({ run }: { run: Run }) {
  const progress = useProgress(run) ?? run;
  return (
    <ProgressBar
      value={progress.status === "queued" ? null : progress.progress_pct}
      label={`Progress of ${titleOf(run)}`}
    />
  );
}
