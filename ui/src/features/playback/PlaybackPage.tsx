import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Playback } from "@/features/playback/Playback";
import { PlaybackHead } from "@/features/playback/PlaybackHead";
import { useAddress } from "@/features/playback/useAddress";

/** Step through a run: what it saw, what it did, and why. */
export function PlaybackPage() {
  const { runId } = useParams({ from: "/runs/$runId/playback" });
  const api = useApi();
  const address = useAddress();
  const run = useQuery({
    queryKey: ["run", runId],
    queryFn: ({ signal }) =>
      data(api.GET("/backtests/{run_id}", { params: { path: { run_id: runId } }, signal })),
  });
  if (run.isError && !run.data) {
    return (
      <>
        <PageHead title="Playback" />
        <ErrorNotice
          error={run.error}
          what="The run could not be loaded"
          onRetry={() => void run.refetch()}
        />
      </>
    );
  }
  if (!run.data) {
    return (
      <>
        <PageHead title="Playback" />
        <Loading height="70dvh" label="Loading the run" />
      </>
    );
  }
  const { status, symbols } = run.data;
  if (status !== "completed") {
    return (
      <>
        <PlaybackHead run={run.data} />
        <Notice
          kind={status === "failed" ? "warn" : "info"}
          title={`This run is ${status}; only a completed run can be played back`}
          actions={
            <Link to="/runs/$runId" params={{ runId }}>
              What is known of it
            </Link>
          }
        >
          {run.data.error?.detail}
        </Notice>
      </>
    );
  }
  const symbol = symbols.find((one) => one === address.symbol) ?? (symbols[0] as string);
  return <Playback key={runId} run={run.data} symbol={symbol} address={address} />;
}
