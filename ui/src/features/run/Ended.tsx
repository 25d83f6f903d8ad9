import type { Run } from "@/api/types";
import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";
import { Time } from "@/components/Time";
import styles from "@/features/run/Run.module.css";

/** Codes of errors that other candles, or the same ones brought in by hand, put right. */
const OF_CANDLES = /^exchange_|candles|dataset|coverage/;

/** A run that has no results: why, and what can be done. */
export function Ended({ run }: { run: Run }) {
  const clone = (
    <LinkButton to="/new" search={{ clone: run.run_id }} icon="copy" kind="primary">
      Clone into a new run
    </LinkButton>
  );
  if (run.status === "cancelled") {
    return (
      <Notice kind="warn" title="This run was cancelled: it has no results" actions={clone}>
        It ended <Time iso={run.ended_at} />. Nothing of it is kept but what was asked for; a clone of it
        starts from the beginning.
      </Notice>
    );
  }
  const { error } = run;
  return (
    <Notice
      kind="error"
      title={`This run failed: ${(error?.code ?? "unknown").replaceAll("_", " ")}`}
      actions={
        <>
          {clone}
          {error && OF_CANDLES.test(`${error.code} ${error.detail}`) && (
            <LinkButton to="/data" icon="candles">
              Candles: fetch or import
            </LinkButton>
          )}
          <LinkButton to="/operations" icon="pulse">
            Its workflow
          </LinkButton>
        </>
      }
    >
      <p>{error?.detail ?? "The service did not say why."}</p>
      {error && error.errors.length > 0 && (
        <ul className={styles.errors}>
          {error.errors.map((each) => (
            <li key={`${each.path} ${each.message}`}>
              <code>{each.path}</code>: {each.message}
            </li>
          ))}
        </ul>
      )}
      <p className={styles.ended}>
        It ended <Time iso={run.ended_at} /> after {run.progress_pct.toFixed(0)} % of its candles. Clone it to
        change what is wrong, or to try again.
      </p>
    </Notice>
  );
}
