import type { Compare } from "@/api/types";
import { Panel } from "@/components/Panel";
import type { Compared } from "@/features/compare/Curves";
import { type DifferenceGroup, grouped, written } from "@/features/compare/differences";
import { RunHeads } from "@/features/compare/RunHeads";
import styles from "@/features/compare/Side.module.css";

const FEW = 16;

/** In what the runs' configurations are not all equal. */
export function Differences({ compared, answer }: { compared: Compared[]; answer: Compare }) {
  const groups = grouped(answer.differences);
  return (
    <Panel title="Differences of the configurations" flush>
      {groups.length === 0 ? (
        <p className={styles.note}>None: strategy, candles, dates, cash, costs and limits are all equal.</p>
      ) : (
        groups.map((group, i) => (
          // What was asked for stands open; what two documents say in their every line does not.
          <details key={group.title} className={styles.fold} open={i === 0 || group.rows.length <= FEW}>
            <summary>
              {group.title} <span className="muted">({group.rows.length})</span>
            </summary>
            <Rows group={group} compared={compared} />
          </details>
        ))
      )}
    </Panel>
  );
}

function Rows({ group, compared }: { group: DifferenceGroup; compared: Compared[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={styles.scroll} tabIndex={0}>
      <table className={styles.table} aria-label={`Differences: ${group.title}`}>
        <RunHeads compared={compared} first="Where" />
        <tbody>
          {group.rows.map((row) => (
            <tr key={row.path}>
              <th scope="row">
                <code>{row.path}</code>
              </th>
              {row.values.map((value, i) => {
                const text = written(value);
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a value stands under its run
                  <td key={i} className={styles.value}>
                    {text === null ? <span className="muted">–</span> : text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
