import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { ProgressBar } from "@/components/ProgressBar";
import styles from "@/features/run/trades/RowsPanel.module.css";
import type { AllRows } from "@/features/run/trades/rows";
import { integer } from "@/format/numbers";

/** What a screen has below the head of the page and of the panel. */
export const TABLE_HEIGHT = "max(320px, calc(100dvh - 258px))";

interface Props<Row> {
  title: string;
  /** "round trips". */
  what: string;
  all: AllRows<Row>;
  /** How many there are; undefined if that is not known. */
  total?: number | undefined;
  hint?: ReactNode;
  children: ReactNode;
}

/** The frame of a long table: how much of it is loaded, and what went wrong with the rest. */
export function RowsPanel<Row>({ title, what, all, total, hint, children }: Props<Row>) {
  const { loaded, complete, loading, more, error, retry, isPending } = all;
  return (
    <Panel
      title={title}
      flush
      actions={
        <>
          {hint && <span className={`muted ${styles.hint}`}>{hint}</span>}
          <span className={styles.count} role="status">
            {complete
              ? `${integer(loaded)} ${what}`
              : `${integer(loaded)}${total ? ` of ${integer(total)}` : ""} ${what} loaded; sorted within these`}
          </span>
          {loading && !complete && total !== undefined && total > 0 && (
            <span className={styles.bar}>
              <ProgressBar value={(100 * loaded) / total} label={`Loading ${what}`} />
            </span>
          )}
          {more && <Button onClick={more}>Load more</Button>}
        </>
      }
    >
      {error !== null && (
        <div className={styles.error}>
          <ErrorNotice error={error} what={`The ${what} could not all be loaded`} onRetry={retry} />
        </div>
      )}
      {isPending ? (
        <Loading height={400} label={`Loading the ${what}`} />
      ) : (
        (loaded > 0 || complete) && children
      )}
    </Panel>
  );
}
