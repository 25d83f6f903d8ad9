import { useNavigate, useSearch } from "@tanstack/react-router";
import type { OnChangeFn, SortingState } from "@tanstack/react-table";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { isPassing } from "@/api/errors";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Panel } from "@/components/Panel";
import { useCancel, useLabel } from "@/features/runs/actions";
import { type RunList, RunListContext } from "@/features/runs/context";
import { DeleteRun } from "@/features/runs/DeleteRun";
import { FirstRun } from "@/features/runs/FirstRun";
import { LoadedRuns } from "@/features/runs/LoadedRuns";
import { matching, parseSort, titleOf, writeSort } from "@/features/runs/listing";
import { RunFilters } from "@/features/runs/RunFilters";
import styles from "@/features/runs/RunsPage.module.css";
import { type Filters, useRuns } from "@/features/runs/runs";
import { SelectionBar } from "@/features/runs/SelectionBar";
import { useSelection } from "@/features/runs/selection";
import { useNarrow } from "@/shell/narrow";

/** The history of runs. Filters are the server's; search and order are of what is loaded. */
export function RunsPage() {
  const { q = "", sort, ...filters } = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const list = useRuns(filters);
  const selection = useSelection();
  const label = useLabel();
  const cancel = useCancel();
  const [asked, setAsked] = useState<Run | null>(null);

  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.backtests) ?? [], [list.data]);
  const sorting = useMemo(() => parseSort(sort), [sort]);
  const found = useMemo(() => matching(runs, q), [runs, q]);

  const { fetchNextPage } = list;
  const onMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const change = useCallback(
    (changed: Filters & { q?: string; sort?: string | undefined }) =>
      navigate({
        search: (before) => given({ ...before, ...changed }),
        replace: true,
      }),
    [navigate],
  );
  const onSorting: OnChangeFn<SortingState> = (next) =>
    change({ sort: writeSort(typeof next === "function" ? next(sorting) : next) });
  const actions: RunList = {
    selection,
    label: (run, labels) => label.mutate({ run, labels }),
    cancel: cancel.mutate,
    cancelling: cancel.isPending ? cancel.variables.run_id : null,
    askDelete: setAsked,
  };
  const narrow = useNarrow();
  const filtered = Object.keys(filters).length > 0;

  return (
    <RunListContext value={actions}>
      <PageHead
        title="Runs"
        actions={
          <>
            <SelectionBar selection={selection} />
            <Button
              icon="refresh"
              aria-label="Load the list again"
              title="Load the list again"
              busy={list.isFetching && !list.isFetchingNextPage}
              onClick={() => list.refetch()}
            />
            <LinkButton to="/new" icon="plus">
              New run
            </LinkButton>
          </>
        }
      />
      {(label.isError || cancel.isError) && (
        <div className={styles.notices}>
          {label.isError && (
            <ErrorNotice
              error={label.error}
              what={`${titleOf(label.variables.run)} keeps its old ${Object.keys(label.variables.labels).join(", ")}`}
              onDismiss={label.reset}
            />
          )}
          {cancel.isError && (
            <ErrorNotice
              error={cancel.error}
              what={`${titleOf(cancel.variables)} could not be cancelled`}
              onDismiss={cancel.reset}
            />
          )}
        </div>
      )}
      {list.isSuccess && runs.length === 0 && !filtered && !list.hasNextPage ? (
        <FirstRun />
      ) : (
        <>
          <div className={styles.filters}>
            <Folded folded={narrow} title={filtered ? "Filters, some set" : "Filters"}>
              <RunFilters filters={filters} runs={runs} onFilter={change} />
            </Folded>
            {filtered && (
              <Button
                kind="quiet"
                icon="close"
                onClick={() => change({ status: "", strategy: "", symbol: "", tag: "" })}
              >
                Clear filters
              </Button>
            )}
          </div>
          {list.isError && (
            <div className={styles.notices}>
              <ErrorNotice
                error={list.error}
                what="The runs could not be loaded"
                {...(isPassing(list.error) ? { onRetry: () => list.refetch() } : {})}
              />
            </div>
          )}
          {list.isPending ? (
            <Loading height="60vh" label="Loading the runs" />
          ) : runs.length === 0 && list.isSuccess && !list.hasNextPage ? (
            <Notice title="No run matches these filters" />
          ) : (
            list.data && (
              <div className={styles.list} aria-busy={list.isPlaceholderData}>
                <Panel flush>
                  <LoadedRuns
                    runs={found}
                    loaded={runs.length}
                    words={q}
                    onWords={(words) => change({ q: words })}
                    sorting={sorting}
                    onSorting={onSorting}
                    more={list.hasNextPage}
                    loading={list.isFetchingNextPage}
                    onMore={onMore}
                    waiting={list.isFetching || list.isError}
                  />
                </Panel>
              </div>
            )
          )}
        </>
      )}
      {asked && (
        <DeleteRun
          run={asked}
          onDeleted={(run) => selection.remove(run.run_id)}
          onClose={() => setAsked(null)}
        />
      )}
    </RunListContext>
  );
}

/** Where there is little room, a head to open. */
function Folded({ folded, title, children }: { folded: boolean; title: string; children: ReactNode }) {
  if (!folded) return children;
  return (
    <details className={styles.folded}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

/** Leave out what is empty, so that the address says only what was asked for. */
function given<T extends Record<string, string | undefined>>(search: T): Record<string, string> {
  return Object.fromEntries(
    Object.entries(search).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}
