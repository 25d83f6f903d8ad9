import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Dataset } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Panel } from "@/components/Panel";
import styles from "@/features/data/DataPage.module.css";
import { DatasetTable } from "@/features/data/DatasetTable";
import { FetchDialog, type FetchValues } from "@/features/data/FetchDialog";
import { ImportDialog } from "@/features/data/ImportDialog";
import { JobList } from "@/features/data/JobList";
import type { Name } from "@/features/data/NameFields";
import { useDatasets } from "@/features/data/queries";
import { integer } from "@/format/numbers";

const route = getRouteApi("/data");

/** The candles and funding rates that are held, and how to bring in more. */
export function DataPage() {
  const search: Search = route.useSearch();
  const navigate = route.useNavigate();
  const asked = useDatasets();
  const all = asked.data ?? [];
  const shown = useMemo(
    () => (asked.data ?? []).filter((dataset) => fits(dataset, search)),
    [asked.data, search],
  );
  const put = (change: Change) =>
    void navigate({ search: (held) => clean({ ...held, ...change }), replace: true });
  const add = (form: "fetch" | "import") => put({ add: form });
  const close = () => put({ add: undefined, of: undefined, since: undefined, until: undefined });
  return (
    <>
      <PageHead
        title="Data"
        below={asked.data && <span>{summary(all)}</span>}
        actions={
          <>
            <Button icon="document" onClick={() => add("import")}>
              Import a file
            </Button>
            <Button kind="primary" icon="download" onClick={() => add("fetch")}>
              Fetch
            </Button>
          </>
        }
      />
      <div className={styles.page}>
        <JobList />
        {asked.error && (
          <ErrorNotice
            error={asked.error}
            what="The datasets could not be loaded"
            onRetry={() => void asked.refetch()}
          />
        )}
        {asked.isPending && <Loading height={320} label="Loading the datasets" />}
        {asked.data && all.length === 0 && (
          <Notice
            title="No candles are held yet"
            actions={
              <>
                <Button kind="primary" onClick={() => add("fetch")}>
                  Fetch from an exchange
                </Button>
                <Button onClick={() => add("import")}>Import a file</Button>
              </>
            }
          >
            Fetch them from an exchange, import a file, or make up a market on the command line:{" "}
            <code>stepfold data simulate</code>.
          </Notice>
        )}
        {all.length > 0 && (
          <Panel
            flush
            actions={
              <div className={styles.filters}>
                <input
                  type="search"
                  aria-label="Search datasets"
                  placeholder="Search symbol or exchange"
                  value={search.q ?? ""}
                  onChange={(event) => put({ q: event.target.value })}
                />
                <Choice
                  label="Exchange"
                  all="All exchanges"
                  values={all.map((dataset) => dataset.exchange)}
                  chosen={search.exchange}
                  onChoose={(exchange) => put({ exchange })}
                />
                <Choice
                  label="Timeframe"
                  all="All timeframes"
                  values={all.map((dataset) => dataset.timeframe ?? "funding")}
                  chosen={search.timeframe}
                  onChoose={(timeframe) => put({ timeframe })}
                />
              </div>
            }
          >
            <DatasetTable datasets={shown} />
            <div className={styles.note}>
              {integer(shown.length)} of {integer(all.length)} shown, on one time axis (UTC). Missing bars are
              cut out of a band and marked, at least one pixel wide.
            </div>
          </Panel>
        )}
      </div>
      {search.add === "fetch" && <FetchDialog values={filled(search)} onClose={close} />}
      {search.add === "import" && <ImportDialog {...named(search)} onClose={close} />}
    </>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  values: string[];
  chosen: string | undefined;
  onChoose: (value: string | undefined) => void;
}

function Choice({ label, all, values, chosen, onChoose }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={chosen ?? ""}
      onChange={(event) => onChoose(event.target.value || undefined)}
    >
      <option value="">{all}</option>
      {/* An address may name one that is not held. */}
      {[...new Set([...values, ...(chosen ? [chosen] : [])])].sort().map((value) => (
        <option key={value}>{value}</option>
      ))}
    </select>
  );
}

type Search = { [K in (typeof NAMES)[number]]?: string };
const NAMES = ["q", "exchange", "timeframe", "add", "of", "since", "until"] as const;
/** What becomes of an address; undefined and nothing leave it. */
type Change = { [K in keyof Search]?: string | undefined };

function fits(dataset: Dataset, { q, exchange, timeframe }: Search): boolean {
  if (exchange && dataset.exchange !== exchange) return false;
  if (timeframe && (dataset.timeframe ?? "funding") !== timeframe) return false;
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => dataset.dataset_id.toLowerCase().includes(word));
}

function summary(datasets: Dataset[]): string {
  const markets = new Set(datasets.map((dataset) => `${dataset.exchange} ${dataset.symbol}`)).size;
  const rows = datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
  return `${integer(datasets.length)} datasets of ${integer(markets)} markets, ${integer(rows)} bars and rates`;
}

/** What the address says, for the form of a fetch. */
function filled(search: Search): Partial<FetchValues> {
  return { ...named(search).values, ...only({ since: search.since, until: search.until }) };
}

/** `binance.BTC-USDT.1h` by its parts, for a form. */
function named({ of }: Search): { values?: Partial<Name> } {
  const parts = of?.split(".") ?? [];
  const [exchange, symbol, timeframe] = parts;
  if (parts.length !== 3) return {};
  const market = only({ exchange, symbol });
  return timeframe === "funding"
    ? { values: { ...market, kind: "funding" } }
    : { values: { ...market, ...only({ timeframe }) } };
}

function only<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as {
    [K in keyof T]?: string;
  };
}

function clean(search: Change): Search {
  return only(search);
}
