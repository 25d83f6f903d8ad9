import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Dataset } from "@/api/types";
import { type Column, DataTable } from "@/components/DataTable";
import { Time } from "@/components/Time";
import { CoverageStrip, TimeAxis } from "@/features/data/CoverageStrip";
import { type Axis, axisOf, coverage } from "@/features/data/coverage";
import styles from "@/features/data/DatasetTable.module.css";
import { useDataset } from "@/features/data/queries";
import { isTimeframe, TIMEFRAME_MS } from "@/features/data/timeframes";
import { useNarrow } from "@/features/data/useNarrow";
import { bytes, integer, percent } from "@/format/numbers";
import { utcDate } from "@/format/times";

/** The datasets, each on one time axis with the others. */
export function DatasetTable({ datasets }: { datasets: Dataset[] }) {
  const navigate = useNavigate();
  const narrow = useNarrow();
  const columns = useMemo(() => columnsOn(axisOf(datasets), narrow), [datasets, narrow]);
  return (
    <DataTable
      label="Datasets"
      columns={columns}
      rows={datasets}
      rowId={(dataset) => dataset.dataset_id}
      rowHeight={48}
      height={640}
      onOpen={({ dataset_id }) =>
        void navigate({ to: "/data/$datasetId", params: { datasetId: dataset_id } })
      }
      empty="No dataset is like this."
    />
  );
}

function columnsOn(axis: Axis | null, narrow: boolean): Column<Dataset>[] {
  const width = narrow ? 150 : 300;
  const name: Column<Dataset> = {
    id: "name",
    header: "Dataset",
    accessorFn: (dataset) => `${dataset.symbol} ${dataset.exchange}`,
    cell: ({ row: { original } }) => <DatasetName dataset={original} whole={narrow} />,
  };
  const span: Column<Dataset> = {
    id: "span",
    header: () => (axis ? <TimeAxis axis={axis} width={width} /> : "Span"),
    enableSorting: false,
    cell: ({ row: { original } }) => axis && <Span dataset={original} axis={axis} width={width} />,
  };
  const bars: Column<Dataset> = {
    id: "bars",
    header: "Bars",
    meta: { numeric: true, title: "Bars held; of funding rates, the rates" },
    accessorFn: (dataset) => dataset.rows,
    cell: ({ row: { original } }) => integer(original.rows),
  };
  if (narrow) return [name, span];
  return [
    name,
    {
      id: "timeframe",
      header: "Timeframe",
      accessorFn: ({ timeframe }) => (isTimeframe(timeframe) ? TIMEFRAME_MS[timeframe] : 0),
      cell: ({ row: { original } }) => original.timeframe ?? "funding",
    },
    span,
    {
      id: "coverage",
      header: "Coverage",
      meta: { numeric: true, title: "Bars held of those that the span should have" },
      accessorFn: (dataset) => coverage(dataset.rows, dataset.missing_bars),
      cell: ({ row: { original } }) => <Coverage dataset={original} />,
    },
    bars,
    {
      id: "flags",
      header: "Flags",
      enableSorting: false,
      meta: {
        numeric: true,
        title: "What is suspicious in the bars: jumps, flat ones, ones without volume …",
      },
      cell: ({ row: { original } }) => <Flags dataset={original} />,
    },
    {
      id: "size",
      header: "Size",
      enableSorting: false,
      meta: { numeric: true, title: "Of the newest version's files" },
      cell: ({ row: { original } }) => <Size dataset={original} />,
    },
    {
      id: "version",
      header: "Version",
      accessorFn: (dataset) => dataset.updated_at,
      cell: ({ row: { original } }) => <Version dataset={original} />,
    },
  ];
}

function DatasetName({ dataset, whole }: { dataset: Dataset; whole: boolean }) {
  return (
    <div className={styles.two}>
      <span>
        <Link to="/data/$datasetId" params={{ datasetId: dataset.dataset_id }} className={styles.name}>
          {dataset.symbol}
        </Link>
        {dataset.simulated && <span className={styles.badge}>simulated</span>}
        {dataset.public && <span className={styles.badge}>public</span>}
        {dataset.made_of && (
          <span className={styles.badge} title={`made of ${dataset.made_of}`}>
            resampled
          </span>
        )}
      </span>
      <span>
        {dataset.exchange}
        {whole && ` · ${dataset.timeframe ?? "funding"} · ${integer(dataset.rows)}`}
      </span>
    </div>
  );
}

function Span({ dataset, axis, width }: { dataset: Dataset; axis: Axis; width: number }) {
  // The list knows how many bars are missing, the dataset itself where.
  const gaps = useDataset(dataset.dataset_id, dataset).data?.gap_list ?? [];
  const dates = `${utcDate(dataset.start)} – ${utcDate(dataset.end)}`;
  return (
    <div className={styles.two}>
      <CoverageStrip
        start={dataset.start}
        end={dataset.end}
        gaps={gaps}
        barMs={isTimeframe(dataset.timeframe) ? TIMEFRAME_MS[dataset.timeframe] : 0}
        axis={axis}
        width={width}
        label={`held ${dates}, ${missingWords(dataset)}`}
      />
      <span>{dates}</span>
    </div>
  );
}

function Coverage({ dataset }: { dataset: Dataset }) {
  return (
    <div className={styles.two}>
      <span>{percent(coverage(dataset.rows, dataset.missing_bars))}</span>
      <span>{missingWords(dataset)}</span>
    </div>
  );
}

/** `14 missing in 7 gaps`. */
export function missingWords({ gaps, missing_bars }: Dataset): string {
  if (missing_bars === 0) return "none missing";
  return `${integer(missing_bars)} missing in ${gaps === 1 ? "1 gap" : `${integer(gaps)} gaps`}`;
}

function Flags({ dataset }: { dataset: Dataset }) {
  const found = useDataset(dataset.dataset_id, dataset).data;
  if (!found) return <span className="muted">…</span>;
  if (!found.audit) return <span title="A version older than audits">–</span>;
  return integer(found.audit.flags.length);
}

function Size({ dataset }: { dataset: Dataset }) {
  const found = useDataset(dataset.dataset_id, dataset).data;
  return found ? bytes(found.size_bytes) : <span className="muted">…</span>;
}

function Version({ dataset }: { dataset: Dataset }) {
  const found = useDataset(dataset.dataset_id, dataset).data;
  return (
    <div className={styles.two}>
      <span title={dataset.version}>
        {found ? `${found.number} · ` : ""}
        <code>{dataset.version.slice(0, 8)}</code>
      </span>
      <span>
        <Time iso={dataset.updated_at} date />
      </span>
    </div>
  );
}
