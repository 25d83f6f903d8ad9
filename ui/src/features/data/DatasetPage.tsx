import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/errors";
import type { DatasetDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Stat, Stats } from "@/components/Stat";
import { Time } from "@/components/Time";
import { AuditPanel } from "@/features/data/AuditPanel";
import { CandlePreview } from "@/features/data/CandlePreview";
import { CoverageStrip, TimeAxis } from "@/features/data/CoverageStrip";
import { axisOf, coverage } from "@/features/data/coverage";
import styles from "@/features/data/DatasetPage.module.css";
import { DeleteDialog } from "@/features/data/DeleteDialog";
import { FetchDialog } from "@/features/data/FetchDialog";
import { FlagsPanel, GapsPanel } from "@/features/data/FoundPanels";
import { ImportDialog } from "@/features/data/ImportDialog";
import { JobList } from "@/features/data/JobList";
import { MarketPanel } from "@/features/data/MarketPanel";
import { useDataset } from "@/features/data/queries";
import { ResampleDialog } from "@/features/data/ResampleDialog";
import { RunsPanel } from "@/features/data/RunsPanel";
import { isTimeframe, longerThan, TIMEFRAME_MS } from "@/features/data/timeframes";
import { useWidth } from "@/features/data/useWidth";
import { VersionsPanel } from "@/features/data/VersionsPanel";
import { bytes, integer, percent } from "@/format/numbers";
import { duration } from "@/format/times";

const route = getRouteApi("/data/$datasetId");

/** One dataset: how far it can be trusted, its bars, its history, and what depends on it. */
export function DatasetPage() {
  const { datasetId } = route.useParams();
  const asked = useDataset(datasetId);
  if (asked.data) return <Shown dataset={asked.data} />;
  return (
    <>
      <PageHead title={datasetId} />
      <div className={styles.page}>
        <JobList datasetId={datasetId} />
        {asked.error instanceof ApiError && asked.error.status === 404 ? (
          <Notice title="This dataset is not held">
            It was deleted, or its candles have not come yet. <Link to="/data">All datasets</Link>
          </Notice>
        ) : asked.error ? (
          <ErrorNotice
            error={asked.error}
            what="The dataset could not be loaded"
            onRetry={() => void asked.refetch()}
          />
        ) : (
          <Loading height={480} label="Loading the dataset" />
        )}
      </div>
    </>
  );
}

function Shown({ dataset }: { dataset: DatasetDetail }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const candles = isTimeframe(dataset.timeframe) ? dataset.timeframe : null;
  const asked = search.at ? Date.parse(search.at) : Number.NaN;
  const go = (at: string | null) => void navigate({ search: at === null ? {} : { at }, resetScroll: false });
  // Whoever chose a gap or a flag further down wants to see it.
  const show = (at: string) => {
    go(at);
    document.getElementById("candles")?.scrollIntoView({ block: "start" });
  };
  return (
    <>
      <Head dataset={dataset} />
      <div className={styles.page}>
        <JobList datasetId={dataset.dataset_id} />
        <Headline dataset={dataset} />
        <SpanStrip dataset={dataset} />
        {candles && (
          <div id="candles">
            <CandlePreview
              dataset={dataset}
              timeframe={candles}
              at={Number.isNaN(asked) ? null : asked}
              onGo={go}
            />
          </div>
        )}
        <div className={styles.pair}>
          <AuditPanel dataset={dataset} />
          <div className={styles.page}>
            <MarketPanel dataset={dataset} />
            <RunsPanel dataset={dataset} />
          </div>
        </div>
        {candles && (
          <div className={styles.pair}>
            <GapsPanel dataset={dataset} barMs={TIMEFRAME_MS[candles]} onShow={show} />
            <FlagsPanel dataset={dataset} onShow={show} />
          </div>
        )}
        <VersionsPanel dataset={dataset} />
      </div>
    </>
  );
}

type Open = "fetch" | "import" | "resample" | "delete" | null;

function Head({ dataset }: { dataset: DatasetDetail }) {
  const navigate = route.useNavigate();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const { exchange, symbol, kind, timeframe } = dataset;
  const name = { exchange, symbol, kind, ...(timeframe ? { timeframe } : {}) };
  const title = `${symbol} ${timeframe ?? "funding rates"}`;
  const canResample = isTimeframe(timeframe) && longerThan(timeframe).length > 0;
  return (
    <PageHead
      title={title}
      below={
        <>
          <span>{exchange}</span>
          {dataset.simulated && <span className={styles.badge}>simulated, no real market</span>}
          {dataset.public && <span className={styles.badge}>public</span>}
          {dataset.made_of && (
            <span>
              made of{" "}
              <Link to="/data/$datasetId" params={{ datasetId: dataset.made_of }}>
                {dataset.made_of}
              </Link>
            </span>
          )}
          <code>{dataset.dataset_id}</code>
          <span>
            version {dataset.number} <code title={dataset.version}>{dataset.version.slice(0, 8)}</code> of{" "}
            <Time iso={dataset.updated_at} />
          </span>
          {open === "fetch" && <FetchDialog values={name} onClose={close} />}
          {open === "import" && <ImportDialog values={name} onClose={close} />}
          {open === "resample" && <ResampleDialog dataset={dataset} onClose={close} />}
          {open === "delete" && (
            <DeleteDialog
              dataset={dataset}
              onClose={close}
              onDeleted={() => navigate({ to: "/data", search: {} })}
            />
          )}
        </>
      }
      actions={
        <>
          <Button kind="danger" icon="trash" onClick={() => setOpen("delete")}>
            Delete
          </Button>
          {canResample && <Button onClick={() => setOpen("resample")}>Resample</Button>}
          <Button icon="document" onClick={() => setOpen("import")}>
            Import
          </Button>
          <Button icon="download" onClick={() => setOpen("fetch")}>
            Fetch
          </Button>
          {kind === "candles" && (
            <Button
              kind="primary"
              icon="play"
              onClick={() => void navigate({ to: "/new", search: { dataset: dataset.dataset_id } })}
            >
              Run on it
            </Button>
          )}
        </>
      }
    />
  );
}

function Headline({ dataset }: { dataset: DatasetDetail }) {
  const unit = dataset.kind === "funding" ? "Rates" : "Bars";
  const seconds = (Date.parse(dataset.end) - Date.parse(dataset.start)) / 1000;
  return (
    <Stats>
      <Stat label="From" value={<Time iso={dataset.start} date />} />
      <Stat label="To" value={<Time iso={dataset.end} date />} below={duration(seconds)} />
      <Stat label={unit} value={integer(dataset.rows)} />
      <Stat
        label="Coverage"
        value={percent(coverage(dataset.rows, dataset.missing_bars))}
        below={`${integer(dataset.missing_bars)} missing`}
      />
      <Stat
        label="Gaps"
        value={integer(dataset.gaps)}
        title="Spells of bars that the market should have had and has not"
      />
      <Stat
        label="Flags"
        value={dataset.audit ? integer(dataset.audit.flags.length) : "–"}
        title={dataset.audit ? "What is suspicious in the bars" : "A version older than audits"}
      />
      <Stat label="Size" value={bytes(dataset.size_bytes)} />
    </Stats>
  );
}

function SpanStrip({ dataset }: { dataset: DatasetDetail }) {
  const [box, width] = useWidth();
  const axis = axisOf([dataset]);
  return (
    <div className={styles.span}>
      <div ref={box}>
        {axis && width > 0 && (
          <>
            <CoverageStrip
              start={dataset.start}
              end={dataset.end}
              gaps={dataset.gap_list}
              barMs={isTimeframe(dataset.timeframe) ? TIMEFRAME_MS[dataset.timeframe] : 0}
              axis={axis}
              width={width}
              label={`Its span, with ${integer(dataset.gaps)} gaps`}
            />
            <TimeAxis axis={axis} width={width} />
          </>
        )}
      </div>
    </div>
  );
}
