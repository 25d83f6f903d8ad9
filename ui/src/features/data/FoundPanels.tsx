import { useMemo } from "react";
import type { components } from "@/api/schema";
import type { DatasetDetail } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import { FLAG_WORDS, type Flag, valuesOf } from "@/features/data/flags";
import { integer } from "@/format/numbers";
import { duration } from "@/format/times";

type Gap = components["schemas"]["GapRow"];

interface Props {
  dataset: DatasetDetail;
  /** Show the bars around a time. */
  onShow: (at: string) => void;
}

/** Every gap with its length; one that is opened is shown among the candles. */
export function GapsPanel({ dataset, barMs, onShow }: Props & { barMs: number }) {
  const columns = useMemo((): Column<Gap>[] => {
    const lasts = (gap: Gap) => (Date.parse(gap.end) + barMs - Date.parse(gap.start)) / 1000;
    return [
      {
        id: "start",
        header: "First missing",
        accessorFn: (gap) => gap.start,
        cell: ({ row }) => <Time iso={row.original.start} />,
      },
      {
        id: "end",
        header: "Last missing",
        accessorFn: (gap) => gap.end,
        cell: ({ row }) => <Time iso={row.original.end} />,
      },
      {
        id: "missing",
        header: "Bars",
        meta: { numeric: true },
        accessorFn: (gap) => gap.missing,
        cell: ({ row }) => integer(row.original.missing),
      },
      {
        id: "lasts",
        header: "Length",
        meta: { numeric: true },
        accessorFn: lasts,
        cell: ({ row }) => duration(lasts(row.original)),
      },
    ];
  }, [barMs]);
  return (
    <Panel title="Gaps" flush>
      <DataTable
        label="Gaps"
        columns={columns}
        rows={dataset.gap_list}
        rowId={(gap) => gap.start}
        height={280}
        onOpen={(gap) => onShow(gap.start)}
        empty="No bar is missing in its span."
      />
    </Panel>
  );
}

const FLAG_COLUMNS: Column<Flag>[] = [
  {
    id: "kind",
    header: "What",
    accessorFn: (flag) => FLAG_WORDS[flag.kind],
    cell: ({ row }) => FLAG_WORDS[row.original.kind],
  },
  {
    id: "start",
    header: "From",
    accessorFn: (flag) => flag.start,
    cell: ({ row }) => <Time iso={row.original.start} />,
  },
  {
    id: "count",
    header: "Bars",
    meta: { numeric: true, title: "Flagged ones; more than 20 flags of a kind in a month are told as one" },
    accessorFn: (flag) => flag.count,
    cell: ({ row }) => integer(row.original.count),
  },
  { id: "values", header: "Why", enableSorting: false, cell: ({ row }) => valuesOf(row.original) },
];

/** What is suspicious; one that is opened is shown among the candles. */
export function FlagsPanel({ dataset, onShow }: Props) {
  return (
    <Panel title="Flags" flush>
      <DataTable
        label="Flags"
        columns={FLAG_COLUMNS}
        rows={dataset.audit?.flags ?? []}
        rowId={(flag) => `${flag.kind} ${flag.start}`}
        height={280}
        onOpen={(flag) => onShow(flag.start)}
        empty={dataset.audit ? "Nothing is suspicious in its bars." : "This version was not audited."}
      />
    </Panel>
  );
}
