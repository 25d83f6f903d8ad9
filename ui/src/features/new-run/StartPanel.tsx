import { ApiError } from "@/api/errors";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Icon } from "@/components/Icon";
import { useForm } from "@/features/new-run/form";
import { barsOf } from "@/features/new-run/held";
import { useCommonSpan } from "@/features/new-run/PeriodPart";
import styles from "@/features/new-run/StartPanel.module.css";
import { integer, money } from "@/format/numbers";
import { utcDate } from "@/format/times";

interface Props {
  strategyName: string;
  busy: boolean;
  error: unknown;
  onField: (path: string) => void;
}

/** What would be run, in a few lines, the button that starts it, and why it was refused. */
export function StartPanel({ strategyName, busy, error, onField }: Props) {
  const { draft, errors, others } = useForm();
  const span = useCommonSpan();
  const bars = barsOf(span, draft.start, draft.end, draft.timeframe);
  const from = draft.start || (span ? utcDate(new Date(span.from).toISOString()) : "first candle");
  const to = draft.end || (span ? utcDate(new Date(span.to - 1).toISOString()) : "last candle");
  const allocated = draft.allocations.reduce((sum, { amount }) => sum + (Number(amount) || 0), 0);
  return (
    <aside className={styles.panel} aria-label="The run">
      <h2>The run</h2>
      <dl className={styles.facts}>
        <dt>Strategy</dt>
        <dd>{strategyName || "not chosen"}</dd>
        <dt>Symbols</dt>
        <dd>{draft.symbols.join(", ") || "not chosen"}</dd>
        <dt>Candles</dt>
        <dd>
          {draft.timeframe}
          {draft.exchange && `, ${draft.exchange}`}
        </dd>
        <dt>Period</dt>
        <dd>
          <span className={styles.date}>{from} –</span> <span className={styles.date}>{to}</span>
        </dd>
        <dt>Bars</dt>
        <dd>
          {bars === null
            ? "–"
            : draft.symbols.length > 1
              ? `about ${integer(bars)} of each symbol`
              : `about ${integer(bars)}`}
        </dd>
        <dt>Account</dt>
        <dd>{money(draft.funds === "cash" ? Number(draft.cash || 10_000) : allocated)}</dd>
      </dl>
      <Button kind="primary" type="submit" icon="play" busy={busy} className={styles.start ?? ""}>
        {busy ? "Starting…" : "Start the run"}
      </Button>
      {error !== null && !(error instanceof ApiError && error.fields.length > 0) && (
        <ErrorNotice error={error} what="The run was not started" />
      )}
      {(errors.size > 0 || others.length > 0) && (
        <div className={styles.errors} role="alert">
          <div className={styles.title}>
            <Icon name="warning" size={14} /> The run was not started
          </div>
          <ul>
            {[...errors].map(([path, message]) => (
              <li key={path}>
                <button type="button" onClick={() => onField(path)}>
                  <code>{path}</code> {message}
                </button>
              </li>
            ))}
            {others.map(({ path, message }) => (
              <li key={`${path} ${message}`}>
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </aside>
  );
}
