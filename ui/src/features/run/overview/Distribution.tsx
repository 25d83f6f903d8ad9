import { useMemo, useState } from "react";
import type { PairedTrade, Run } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/overview/Distribution.module.css";
import { Histogram } from "@/features/run/overview/Histogram";
import { quantile } from "@/features/run/overview/histogram";
import { pairedTradePage } from "@/features/run/trades/pages";
import { useAllRows } from "@/features/run/trades/rows";
import { decimal, integer, signedPercent } from "@/format/numbers";

type Unit = "r" | "pct";

const UNITS: Record<Unit, { of: (row: PairedTrade) => number | null; write: (value: number) => string }> = {
  r: { of: (row) => row.r_multiple, write: (value) => `${decimal(value, 1)} R` },
  pct: { of: (row) => row.return_pct, write: (value) => signedPercent(value, 1) },
};

/** How the trades came out: by multiples of their risk where they had a stop, else in % of their cost. */
export function Distribution({ run, withRisk }: { run: Run; withRisk: number }) {
  const all = useAllRows("paired_trades", run.run_id, pairedTradePage);
  const [chosen, setChosen] = useState<Unit | null>(null);
  const unit = chosen ?? (withRisk > 0 ? "r" : "pct");
  const { of, write } = UNITS[unit];
  const sorted = useMemo(
    () =>
      Float64Array.from(
        all.rows.flatMap((row) => {
          const value = of(row);
          return value === null ? [] : [value];
        }),
      ).sort(),
    [all.rows, of],
  );
  const words =
    sorted.length === 0
      ? ""
      : `Half of the trades lie between ${write(quantile(sorted, 0.25))} and ${write(quantile(sorted, 0.75))}, the median is ${write(quantile(sorted, 0.5))}.`;
  return (
    <Panel
      title="Distribution of trades"
      actions={
        <>
          {!all.complete && all.loading && <span className="muted">{integer(all.loaded)} loaded…</span>}
          {withRisk > 0 && (
            <fieldset className={styles.units} aria-label="Unit">
              <Button kind="quiet" aria-pressed={unit === "r"} onClick={() => setChosen("r")}>
                R
              </Button>
              <Button kind="quiet" aria-pressed={unit === "pct"} onClick={() => setChosen("pct")}>
                %
              </Button>
            </fieldset>
          )}
        </>
      }
    >
      {all.isPending ? (
        <Loading height={190} label="Loading the trades" />
      ) : all.error !== null && sorted.length === 0 ? (
        <ErrorNotice error={all.error} what="The trades could not be loaded" onRetry={all.retry} />
      ) : sorted.length === 0 ? (
        <p className="muted">No trade was closed.</p>
      ) : (
        <>
          <Histogram values={sorted} write={write} label={`Distribution of trades. ${words}`} />
          <p className={styles.words}>
            {words}
            {unit === "r" && withRisk < (run.total_trades ?? 0) && (
              <>
                {" "}
                Of {integer(run.total_trades)} trades, {integer(withRisk)} had a stop to measure by.
              </>
            )}
            {all.more && <> The first {integer(all.loaded)} trades.</>}
          </p>
        </>
      )}
    </Panel>
  );
}
