import { useEffect, useRef, useState } from "react";
import { useApi } from "@/api/context";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Artifacts } from "@/features/run/downloads/Artifacts";
import styles from "@/features/run/downloads/Downloads.module.css";
import { pages, SERIES, type Series, wholeResults } from "@/features/run/downloads/series";
import { type Format, save, TYPES, textOf } from "@/features/run/downloads/text";
import { useResults } from "@/features/run/run";
import { integer, percent } from "@/format/numbers";

interface Job {
  what: string;
  rows: number;
  total: number | null;
}

/** A run to take along: a report to send, series as CSV or JSON, the Parquet files. */
export function Downloads({ run, onClose }: { run: Run; onClose: () => void }) {
  const api = useApi();
  const results = useResults(run.run_id);
  const [job, setJob] = useState<Job | null>(null);
  const [failure, setFailure] = useState<{ what: string; error: unknown } | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  async function make(what: string, total: number | null, work: (signal: AbortSignal) => Promise<void>) {
    const controller = new AbortController();
    stop.current = controller;
    setFailure(null);
    setJob({ what, rows: 0, total });
    try {
      await work(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) setFailure({ what, error });
    } finally {
      setJob(null);
    }
  }

  function makeSeries(series: Series, format: Format) {
    const [fills, bars] = [results.data?.total_fills, results.data?.bars].map((count) =>
      typeof count === "number" ? count : null,
    );
    const total = series.total(run, fills ?? null, bars ?? null);
    return make(`${series.label}, ${format.toUpperCase()}`, total, async (signal) => {
      const rows = pages(api, run.run_id, series.fetch, signal);
      const count = (done: number) => setJob((before) => before && { ...before, rows: done });
      save(await textOf(format, rows, count, series.flat), `${run.run_id}-${series.name}.${format}`);
    });
  }

  const busy = job !== null;
  return (
    <Dialog title="Download" onClose={onClose}>
      <div className={styles.all}>
        <section aria-labelledby="report-to-send">
          <h3 id="report-to-send">A report to send to somebody</h3>
          <p className="muted">
            One HTML file with charts and tables; it needs no network and runs no script.
          </p>
          <Button
            icon="document"
            kind="primary"
            disabled={busy}
            onClick={() =>
              make("Report", null, async (signal) => {
                const { reportOf } = await import("@/features/run/report/report");
                const html = await reportOf(api, run.run_id, signal);
                save(new Blob([html], { type: TYPES.html }), `${run.run_id}-report.html`);
              })
            }
          >
            HTML report
          </Button>
        </section>
        <section aria-labelledby="series-as-text">
          <h3 id="series-as-text">Series as text</h3>
          <ul className={styles.list}>
            {SERIES.map((series) => (
              <li key={series.name}>
                <span>{series.label}</span>
                {(["csv", "json"] as const).map((format) => (
                  <Button
                    key={format}
                    disabled={busy}
                    aria-label={`${series.label} as ${format.toUpperCase()}`}
                    onClick={() => makeSeries(series, format)}
                  >
                    {format.toUpperCase()}
                  </Button>
                ))}
              </li>
            ))}
            <li>
              <span>Metrics, tables and the request</span>
              <Button
                disabled={busy}
                aria-label="Metrics, tables and the request as JSON"
                onClick={() =>
                  make("Metrics, tables and the request", null, async (signal) => {
                    const text = JSON.stringify(await wholeResults(api, run.run_id, signal), null, 2);
                    save(new Blob([text], { type: TYPES.json }), `${run.run_id}-results.json`);
                  })
                }
              >
                JSON
              </Button>
            </li>
          </ul>
          {job && (
            <div className={styles.job} role="status">
              <span>
                {job.what}: {job.rows > 0 ? `${integer(job.rows)} rows` : "asking…"}
                {job.total ? `, ${percent((100 * job.rows) / job.total, 0)}` : ""}
              </span>
              <Button kind="quiet" onClick={() => stop.current?.abort()}>
                Stop
              </Button>
            </div>
          )}
          {failure && (
            <ErrorNotice
              error={failure.error}
              what={`${failure.what} could not be made`}
              onDismiss={() => setFailure(null)}
            />
          )}
        </section>
        <Artifacts runId={run.run_id} />
      </div>
    </Dialog>
  );
}
