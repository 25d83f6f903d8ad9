import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run } from "@/api/types";
import { PageHead } from "@/components/PageHead";

/** Which run it is, with the way back to it. */
export function PlaybackHead({ run, actions }: { run: Run; actions?: ReactNode }) {
  const name = run.name ?? run.strategy;
  return (
    <PageHead
      title={`Playback of ${name}`}
      heading="Playback"
      below={
        <>
          <Link to="/runs/$runId" params={{ runId: run.run_id }}>
            {name}
          </Link>
          {run.name && <span>{run.strategy}</span>}
          {run.simulated && <span>simulated market</span>}
        </>
      }
      actions={actions}
    />
  );
}
