import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { StatusBadge } from "@/components/StatusBadge";
import { Time } from "@/components/Time";
import { CompareWith } from "@/features/run/CompareWith";
import { RunLabels, RunName } from "@/features/run/RunLabels";
import { useCancel } from "@/features/runs/actions";
import { DeleteRun } from "@/features/runs/DeleteRun";
import { isActive, titleOf } from "@/features/runs/listing";

const Downloads = lazy(async () => ({
  default: (await import("@/features/run/downloads/Downloads")).Downloads,
}));

type Asking = "delete" | "compare" | "downloads" | null;

/** What run this is, and what can be done with it. */
export function RunHead({ run }: { run: Run }) {
  const navigate = useNavigate();
  const cancel = useCancel();
  const [asking, setAsking] = useState<Asking>(null);
  const completed = run.status === "completed";
  const close = () => setAsking(null);
  return (
    <>
      <PageHead
        title={titleOf(run)}
        heading={<RunName run={run} />}
        below={<RunLine run={run} />}
        actions={
          <>
            {completed && (
              <LinkButton
                to="/runs/$runId/playback"
                params={{ runId: run.run_id }}
                icon="play"
                kind="primary"
              >
                Playback
              </LinkButton>
            )}
            <LinkButton to="/new" search={{ clone: run.run_id }} icon="copy">
              Clone
            </LinkButton>
            {completed && <Button onClick={() => setAsking("compare")}>Compare</Button>}
            {completed && (
              <Button icon="download" onClick={() => setAsking("downloads")}>
                Download
              </Button>
            )}
            {isActive(run) ? (
              <Button kind="danger" icon="close" busy={cancel.isPending} onClick={() => cancel.mutate(run)}>
                Cancel
              </Button>
            ) : (
              <Button kind="danger" icon="trash" onClick={() => setAsking("delete")}>
                Delete
              </Button>
            )}
          </>
        }
      />
      <RunLabels run={run} />
      {cancel.isError && <ErrorNotice error={cancel.error} what="It could not be cancelled" />}
      {run.stale && (
        <Notice
          kind="warn"
          title="Its candles have changed since"
          actions={
            <LinkButton to="/new" search={{ clone: run.run_id }} icon="copy">
              Run it again on the newest
            </LinkButton>
          }
        >
          {run.stale_because}
        </Notice>
      )}
      {run.same_as && (
        <Notice title="An earlier run asked for exactly this">
          <Link to="/runs/$runId" params={{ runId: run.same_as }}>
            {run.same_as}
          </Link>{" "}
          has the same fingerprint, and so the same results, byte for byte.
        </Notice>
      )}
      {asking === "delete" && (
        <DeleteRun run={run} onDeleted={() => void navigate({ to: "/runs" })} onClose={close} />
      )}
      {asking === "compare" && <CompareWith run={run} onClose={close} />}
      {asking === "downloads" && (
        <Suspense>
          <Downloads run={run} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

function RunLine({ run }: { run: Run }) {
  const strategy = run.strategy_version === null ? run.strategy : `${run.strategy} @${run.strategy_version}`;
  // Most runs begin and end with a day.
  const days = [run.start_date, run.end_date].every((iso) => iso?.endsWith("T00:00:00Z"));
  return (
    <>
      <StatusBadge status={run.status} />
      <span>
        <span className="visually-hidden">Strategy </span>
        {run.strategy_id === null ? (
          <span title="A document that was sent whole">{strategy}</span>
        ) : (
          <Link
            to="/strategies/$strategyId"
            params={{ strategyId: run.strategy_id }}
            search={run.strategy_version === null ? {} : { version: run.strategy_version }}
          >
            {strategy}
          </Link>
        )}
      </span>
      <span>
        {run.symbols.join(", ")} · {run.timeframe}
        {run.simulated && <span title="Generated candles are no real market"> · simulated market</span>}
      </span>
      {run.start_date && (
        <span title="From the first candle to the time before which the last one ends">
          <Time iso={run.start_date} date={days} /> – <Time iso={run.end_date} date={days} />
        </span>
      )}
    </>
  );
}
