import { useMemo } from "react";
import type { components } from "@/api/schema";
import type { DatasetDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { type Column, DataTable } from "@/components/DataTable";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import styles from "@/features/data/DatasetPage.module.css";
import { useVersions } from "@/features/data/queries";
import { integer } from "@/format/numbers";
import { utc } from "@/format/times";

type Version = components["schemas"]["VersionAnswer"];

/** The versions, newest first, each with the bars in which it differs from the one before. */
export function VersionsPanel({ dataset }: { dataset: DatasetDetail }) {
  const asked = useVersions(dataset.dataset_id);
  const rows = useMemo(() => asked.data?.pages.flatMap((page) => page.versions) ?? [], [asked.data]);
  return (
    <Panel title="Versions" flush>
      {asked.error && (
        <div className={styles.more}>
          <ErrorNotice
            error={asked.error}
            what="The versions could not be loaded"
            onRetry={() => void asked.refetch()}
          />
        </div>
      )}
      {asked.isPending ? (
        <Loading height={80} label="Loading the versions" />
      ) : (
        <DataTable
          label="Versions"
          columns={COLUMNS}
          rows={rows}
          rowId={(version) => String(version.number)}
          rowHeight={44}
          height={300}
          empty="No versions."
        />
      )}
      {asked.hasNextPage && (
        <div className={styles.more}>
          <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Older versions
          </Button>
        </div>
      )}
    </Panel>
  );
}

const COLUMNS: Column<Version>[] = [
  {
    id: "number",
    header: "No.",
    accessorFn: (version) => version.number,
    cell: ({ row }) => <span title={row.original.version}>{integer(row.original.number)}</span>,
  },
  {
    id: "created",
    header: "Made",
    accessorFn: (version) => version.created_at,
    cell: ({ row }) => <Time iso={row.original.created_at} />,
  },
  {
    id: "rows",
    header: "Held",
    meta: { numeric: true },
    accessorFn: (version) => version.rows,
    cell: ({ row }) => integer(row.original.rows),
  },
  {
    id: "changes",
    header: "Against the one before",
    enableSorting: false,
    cell: ({ row }) => <Changes version={row.original} />,
  },
];

const SHOWN_RANGES = 8;

function Changes({ version }: { version: Version }) {
  const counts = [
    [version.bars_added, "added"],
    [version.bars_changed, "changed"],
    [version.bars_removed, "removed"],
  ] as const;
  const words = counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${integer(count)} ${what}`)
    .join(", ");
  const ranges = version.changes
    .slice(0, SHOWN_RANGES)
    .map(({ start, end, bars }) => `${utc(start)} to ${utc(end)}: ${integer(bars)}`);
  const [first] = version.changes;
  return (
    <div title={ranges.join("\n")}>
      {words || "the first"}
      {first && version.number > 1 && (
        <div className="muted">
          {utc(first.start)} to {utc(version.changes.at(-1)?.end)}
        </div>
      )}
    </div>
  );
}
