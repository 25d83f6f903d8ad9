import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { StrategySummary } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Field } from "@/components/Field";
import { LinkButton } from "@/components/LinkButton";
import { Loading } from "@/components/Loading";
import { PageHead } from "@/components/PageHead";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import { declaredOf } from "@/features/strategies/parameters";
import { KIND_WORDS, KINDS, type Kind, useStrategies } from "@/features/strategies/queries";
import styles from "@/features/strategies/Strategies.module.css";

const route = getRouteApi("/strategies");

/** What can be run: your own strategies, the last changed first, then what ships. */
export function StrategiesPage() {
  const { kind, q = "" } = route.useSearch();
  const navigate = useNavigate({ from: "/strategies" });
  const wanted = KINDS.find((known) => known === kind) ?? null;
  const strategies = useStrategies(wanted);
  const rows = useMemo(() => {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const all = strategies.data?.pages.flatMap((page) => page.strategies) ?? [];
    return all.filter((one) => words.every((word) => wordsOf(one).includes(word)));
  }, [strategies.data, q]);
  const search = (change: { kind?: string; q?: string }) => {
    const next = { ...(kind ? { kind } : {}), ...(q ? { q } : {}), ...change };
    const said = Object.fromEntries(Object.entries(next).filter(([, value]) => value));
    void navigate({ search: said, replace: true });
  };
  return (
    <>
      <PageHead
        title="Strategies"
        actions={
          <LinkButton to="/strategies/new/document" icon="plus">
            New strategy
          </LinkButton>
        }
      />
      <Panel flush>
        <div className={styles.filters}>
          <Field label="Search">
            {(control) => (
              <input
                {...control}
                type="search"
                placeholder="Name, id, what it does"
                value={q}
                onChange={(event) => search({ q: event.target.value })}
              />
            )}
          </Field>
          <Field label="Kind">
            {(control) => (
              <select
                {...control}
                value={wanted ?? ""}
                onChange={(event) => search({ kind: event.target.value })}
              >
                <option value="">All</option>
                {KINDS.map((one) => (
                  <option key={one} value={one}>
                    {KIND_WORDS[one]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <span className={styles.count} role="status">
            {strategies.isSuccess &&
              `${rows.length} ${strategies.hasNextPage ? "of those loaded" : rows.length === 1 ? "strategy" : "strategies"}`}
          </span>
        </div>
        {strategies.isPending ? (
          <Loading height={320} label="Loading the strategies" />
        ) : strategies.isError ? (
          <div className={styles.failed}>
            <ErrorNotice
              error={strategies.error}
              what="The strategies could not be loaded"
              onRetry={() => void strategies.refetch()}
            />
          </div>
        ) : (
          <DataTable
            label="Strategies"
            columns={COLUMNS}
            rows={rows}
            rowId={(row) => `${row.kind} ${row.strategy_id}`}
            height={620}
            rowHeight={36}
            onOpen={(row) =>
              void navigate({ to: "/strategies/$strategyId", params: { strategyId: row.strategy_id } })
            }
            onNearEnd={() => {
              if (strategies.hasNextPage && !strategies.isFetchingNextPage) void strategies.fetchNextPage();
            }}
            empty={<Empty kind={wanted} searched={q !== ""} />}
          />
        )}
      </Panel>
    </>
  );
}

function Empty({ kind, searched }: { kind: Kind | null; searched: boolean }) {
  if (searched || kind !== "saved") return <>No strategy says that.</>;
  return (
    <>
      You have saved none yet. <Link to="/strategies/new/document">Write one</Link>, or begin with a preset.
    </>
  );
}

function wordsOf(one: StrategySummary): string {
  return `${one.name} ${one.strategy_id} ${one.description} ${one.kind}`.toLowerCase();
}

const COLUMNS: Column<StrategySummary>[] = [
  {
    id: "name",
    header: "Name",
    accessorFn: (row) => row.name,
    cell: ({ row: { original } }) => (
      <Link
        to="/strategies/$strategyId"
        params={{ strategyId: original.strategy_id }}
        className={styles.name}
        onClick={(event) => event.stopPropagation()}
      >
        {original.name}
      </Link>
    ),
  },
  { id: "kind", header: "Kind", accessorFn: (row) => KIND_WORDS[row.kind] },
  {
    id: "version",
    header: "Version",
    accessorFn: (row) => row.version ?? 0,
    cell: ({ row: { original } }) => original.version ?? <span className="muted">–</span>,
    meta: { numeric: true, title: "Of your own strategies; presets stay as they are" },
  },
  {
    id: "updated",
    header: "Saved, UTC",
    accessorFn: (row) => row.updated_at ?? "",
    cell: ({ row: { original } }) => <Time iso={original.updated_at} />,
  },
  {
    id: "parameters",
    header: "Parameters",
    enableSorting: false,
    accessorFn: (row) => row.parameters,
    cell: ({ row: { original } }) => (
      <span className={styles.parameters}>
        {Object.entries(declaredOf(original.parameters))
          .map(([name, { standard }]) => `${name} ${standard}`)
          .join(", ")}
      </span>
    ),
  },
  {
    id: "description",
    header: "What it does",
    enableSorting: false,
    accessorFn: (row) => row.description,
    cell: ({ row: { original } }) => (
      <span className={styles.says} title={original.description}>
        {original.description}
      </span>
    ),
  },
];
