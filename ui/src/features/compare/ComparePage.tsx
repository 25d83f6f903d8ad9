import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { Compare, Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Absent } from "@/features/compare/Absent";
import styles from "@/features/compare/ComparePage.module.css";
import { type Compared, Curves } from "@/features/compare/Curves";
import { Differences } from "@/features/compare/Differences";
import { MetricsTable } from "@/features/compare/MetricsTable";
import { useAskedRuns, useCompare } from "@/features/compare/runsOf";

const FEWEST = 2;
const MOST = 6;

/** Two to six runs side by side. */
export function ComparePage() {
  const { ids: given = "", align } = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const named = [...new Set(given.split(",").map((id) => id.trim()))].filter(Boolean);
  const ids = named.slice(0, MOST);
  const asked = useAskedRuns(ids);
  const compared = asked.flatMap(({ run, letter, place }): Compared[] =>
    run?.status === "completed" ? [{ run, letter, place }] : [],
  );
  const answer = useCompare(compared.map(({ run }) => run.run_id));

  const starts = useMemo(() => startsOf(answer.data), [answer.data]);
  const remove = useCallback(
    (runId: string) =>
      navigate({
        search: (before) => ({ ...before, ids: named.filter((id) => id !== runId).join(",") }),
      }),
    [navigate, named],
  );

  return (
    <>
      <PageHead
        title="Compare"
        below={compared.length > 0 && <span>{periodsOf(compared.map(({ run }) => run))}</span>}
        actions={
          <LinkButton to="/runs" icon="list">
            Choose runs
          </LinkButton>
        }
      />
      <div className={styles.parts}>
        {ids.length < FEWEST && (
          <Notice title={ids.length === 0 ? "Nothing to compare yet" : "One run is nothing to compare with"}>
            Select two to six runs in the list of runs, then press Compare.
          </Notice>
        )}
        {named.length > MOST && (
          <Notice kind="warn" title={`${named.length} runs are named; the first ${MOST} are compared`}>
            More lines than that cannot be told apart.
          </Notice>
        )}
        {asked
          .filter(({ run }) => run?.status !== "completed")
          .map((each) => (
            <Absent key={each.id} asked={each} onRemove={() => remove(each.id)} />
          ))}
        {compared.length > 0 && (
          <Curves
            compared={compared}
            starts={starts}
            alignment={align === "start" ? "start" : "calendar"}
            onRemove={remove}
          />
        )}
        {compared.length === 1 && ids.length >= FEWEST && (
          <Notice title="Only one of these runs has results">
            Metrics are compared once a second one has.
          </Notice>
        )}
        {compared.length >= FEWEST &&
          (answer.isError ? (
            <ErrorNotice
              error={answer.error}
              what="The runs could not be compared"
              onRetry={() => answer.refetch()}
            />
          ) : answer.data ? (
            <>
              <MetricsTable compared={compared} answer={answer.data} />
              <Differences compared={compared} answer={answer.data} />
            </>
          ) : (
            <Loading height={400} label="Loading the metrics" />
          ))}
        {asked.some(({ run, error }) => !run && !error) && <Loading height={400} label="Loading the runs" />}
      </div>
    </>
  );
}

function startsOf(answer: Compare | undefined): (number | undefined)[] {
  const starts: unknown[] = answer?.metrics.initial_equity ?? [];
  return starts.map((start) => (typeof start === "number" && start > 0 ? start : undefined));
}

/** Say whether the whole runs can be compared at all. */
function periodsOf(runs: Run[]): string {
  const periods = new Set(runs.map((run) => `${day(run.start_date)} – ${day(run.end_date)}`));
  return periods.size === 1
    ? `All over ${[...periods][0]}`
    : "The runs cover different periods: compare figures of a year rather than of the whole";
}

function day(iso: string | null): string {
  return iso?.slice(0, 10) ?? "?";
}
