import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { ApiError } from "@/api/errors";
import type { Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Tabs } from "@/components/Tabs";
import { Ended } from "@/features/run/Ended";
import styles from "@/features/run/Run.module.css";
import { RunHead } from "@/features/run/RunHead";
import { RunLog } from "@/features/run/RunLog";
import { useRun } from "@/features/run/run";
import { Underway } from "@/features/run/Underway";
import { isActive } from "@/features/runs/listing";

/** Each tab's code comes when it is looked at: the chart with the overview, the tables with theirs. */
const TABS = {
  overview: {
    label: "Overview",
    Part: lazy(async () => ({ default: (await import("@/features/run/overview/Overview")).Overview })),
  },
  trades: {
    label: "Trades",
    Part: lazy(async () => ({ default: (await import("@/features/run/trades/PairedTrades")).PairedTrades })),
  },
  sets: {
    label: "Trade sets",
    Part: lazy(async () => ({ default: (await import("@/features/run/trades/TradeSets")).TradeSets })),
  },
  fills: {
    label: "Fills",
    Part: lazy(async () => ({ default: (await import("@/features/run/trades/Fills")).Fills })),
  },
  breakdown: {
    label: "Breakdown",
    Part: lazy(async () => ({ default: (await import("@/features/run/breakdown/Breakdown")).Breakdown })),
  },
  risk: {
    label: "Risk and data",
    Part: lazy(async () => ({ default: (await import("@/features/run/risk/Risk")).Risk })),
  },
  configuration: {
    label: "Configuration",
    Part: lazy(async () => ({
      default: (await import("@/features/run/configuration/Configuration")).Configuration,
    })),
  },
} as const;

type TabName = keyof typeof TABS;

/** `#/runs/$runId` and `#/runs/$runId/$tab`. */
export function RunPage() {
  const { runId = "", tab = "overview" } = useParams({ strict: false });
  const run = useRun(runId);
  if (run.data) return <RunParts key={runId} run={run.data} tab={tab} />;
  if (run.isError) {
    const gone = run.error instanceof ApiError && run.error.status === 404;
    return (
      <>
        <PageHead title="Run" />
        {gone ? (
          <Notice
            kind="error"
            title={`There is no run ${runId}`}
            actions={<LinkButton to="/runs">All runs</LinkButton>}
          >
            It may have been deleted, or it belongs to somebody else.
          </Notice>
        ) : (
          <ErrorNotice error={run.error} what="The run could not be loaded" onRetry={() => run.refetch()} />
        )}
      </>
    );
  }
  return <Loading height={400} label="Loading the run" />;
}

function RunParts({ run, tab }: { run: Run; tab: string }) {
  return (
    <>
      <RunHead run={run} />
      {isActive(run) ? (
        <Underway run={run} />
      ) : run.status === "completed" ? (
        <Results run={run} tab={tab} />
      ) : (
        <div className={styles.stack}>
          <Ended run={run} />
          <RunLog runId={run.run_id} />
        </div>
      )}
    </>
  );
}

function Results({ run, tab }: { run: Run; tab: string }) {
  const known = tab in TABS ? (tab as TabName) : null;
  const params = { runId: run.run_id };
  const { Part } = TABS[known ?? "overview"];
  return (
    <>
      <Tabs
        label="Parts of the run"
        tabs={[
          ...Object.entries(TABS).map(([name, { label }]) => ({
            label,
            link:
              name === "overview"
                ? ({ to: "/runs/$runId", params } as const)
                : ({ to: "/runs/$runId/$tab", params: { ...params, tab: name } } as const),
            current: name === known,
          })),
          { label: "Playback", link: { to: "/runs/$runId/playback", params }, current: false },
        ]}
      />
      {known ? (
        <Suspense fallback={<Loading height={400} />}>
          <Part run={run} />
        </Suspense>
      ) : (
        <Notice
          kind="warn"
          title={`A run has no part “${tab}”`}
          actions={
            <LinkButton to="/runs/$runId" params={params}>
              Overview
            </LinkButton>
          }
        >
          Its parts stand above.
        </Notice>
      )}
    </>
  );
}
