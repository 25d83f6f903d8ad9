import { Panel } from "@/components/Panel";
import { Bar } from "@/features/run/breakdown/Bar";
import styles from "@/features/run/risk/Risk.module.css";
import { blockedInAll, reasonWords } from "@/features/run/risk/reasons";
import { integer } from "@/format/numbers";

/** What blocked decisions, the most frequent first. */
export function BlockReasons({ counts = {} }: { counts: Record<string, number> | undefined }) {
  const found = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const most = found[0]?.[1] ?? 0;
  return (
    <Panel
      title="Blocked, by reason"
      actions={<span className="muted">{integer(blockedInAll(counts))} decisions</span>}
      flush
    >
      {found.length === 0 ? (
        <p className={styles.none}>Every decision became a fill.</p>
      ) : (
        <ul className={styles.list}>
          {found.map(([reason, count]) => {
            const { name, why } = reasonWords(reason);
            return (
              <li key={reason}>
                <span>
                  {name}
                  {why && <span className={styles.why}>{why}</span>}
                </span>
                <span className="num">
                  <Bar value={-count} most={most} onesided>
                    {integer(count)}
                  </Bar>
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
