import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Run } from "@/api/types";
import { CompareChart, Stroke, sinceStart } from "@/chart/CompareChart";
import { type Alignment, type Curve, indexed } from "@/chart/indexed";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import styles from "@/features/compare/Curves.module.css";
import { useEquities } from "@/features/compare/runsOf";
import { signedPercent, tone } from "@/format/numbers";
import { utc } from "@/format/times";

/** A run that is compared, with the letter, the colour and the stroke that stay its own. */
export interface Compared {
  run: Run;
  letter: string;
  place: number;
}

interface Props {
  compared: Compared[];
  /** By run: the equity that it began with; undefined until it is known. */
  starts: (number | undefined)[];
  alignment: Alignment;
  onRemove: (runId: string) => void;
}

const HEIGHT = 340;
const NOTHING: Curve = { times: [], equity: [], start: 1 };

/** The equity curves on one scale, and a legend that reads them at the cursor. */
export function Curves({ compared, starts, alignment, onRemove }: Props) {
  const navigate = useNavigate({ from: "/compare" });
  const { curves, error, retry } = useEquities(compared.map(({ run }) => run.run_id));
  const [pointed, setPointed] = useState<number | null>(null);
  // Each is drawn as soon as it is there; one on its way has no points yet.
  const drawn = useMemo(() => {
    if (curves.every((curve) => curve === undefined)) return null;
    const known = curves.map((curve, i): Curve => {
      return curve ? { ...curve, start: starts[i] ?? curve.start } : NOTHING;
    });
    return indexed(known, alignment);
  }, [curves, starts, alignment]);
  const places = compared.map(({ place }) => place).join();
  const marks = useMemo(
    () =>
      places
        .split(",")
        .map((place) => ({ letter: String.fromCharCode(65 + Number(place)), place: Number(place) })),
    [places],
  );

  const time = pointed === null ? undefined : drawn?.times[pointed];
  return (
    <Panel
      title="Return since each run's start"
      flush
      actions={
        <>
          <span className={styles.time}>
            {time === undefined
              ? "at the end of each"
              : alignment === "start"
                ? sinceStart(time)
                : utc(new Date(time * 1000).toISOString())}
          </span>
          <label className={styles.choice}>
            <input
              type="checkbox"
              checked={alignment === "start"}
              onChange={(event) =>
                navigate({
                  search: ({ ids }) => ({
                    ...(ids ? { ids } : {}),
                    ...(event.target.checked ? { align: "start" } : {}),
                  }),
                  replace: true,
                })
              }
            />
            From one start
          </label>
        </>
      }
    >
      <ul className={styles.legend} aria-label="Runs that are compared">
        {compared.map(({ run, letter, place }, i) => {
          const returns = drawn?.returns[i] ?? [];
          const coming = curves[i] === undefined && !error;
          const value = pointed === null ? run.equity_return_pct : returns[pointed];
          const title = run.name ?? run.strategy;
          return (
            <li key={run.run_id} className={styles.entry}>
              <Stroke place={place} />
              <span className={styles.letter}>{letter}</span>
              <Link to="/runs/$runId" params={{ runId: run.run_id }} className={styles.name} title={title}>
                {title}
              </Link>
              {coming && <span className="muted">loading…</span>}
              <span className={`num ${styles.value} ${tone(value)}`}>{signedPercent(value)}</span>
              <Button
                kind="quiet"
                icon="close"
                className={styles.remove ?? ""}
                aria-label={`Leave ${title} out`}
                title="Leave it out of the comparison"
                onClick={() => onRemove(run.run_id)}
              />
            </li>
          );
        })}
      </ul>
      {error ? (
        <ErrorNotice error={error} what="The equity could not be loaded" onRetry={retry} />
      ) : drawn ? (
        <CompareChart
          label={`Equity of ${compared.length} runs in percent of each one's start`}
          curves={drawn}
          alignment={alignment}
          marks={marks}
          height={HEIGHT}
          onPoint={setPointed}
        />
      ) : (
        <Loading height={HEIGHT} label="Loading the equity curves" />
      )}
    </Panel>
  );
}
