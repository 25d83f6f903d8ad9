import type { components } from "@/api/schema";
import { Time } from "@/components/Time";
import styles from "@/features/operations/Steps.module.css";
import { milliseconds, type StateRow, statesOf } from "@/features/operations/steps";
import { integer } from "@/format/numbers";
import { duration } from "@/format/times";

type Step = components["schemas"]["Step"];

interface Props {
  history: Step[];
  ended: boolean;
}

/** The states in the order in which they were entered, each with its share of the time. */
export function StepsTable({ history, ended }: Props) {
  const rows = statesOf(history);
  const begin = Date.parse(history[0]?.timestamp ?? "");
  const end = ended ? Date.parse(history.at(-1)?.timestamp ?? "") : Date.now();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={styles.scroll} tabIndex={0}>
      <table className={styles.steps} aria-label="Steps">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Entered</th>
            <th scope="col" className="num">
              Times
            </th>
            <th scope="col" className="num">
              Took
            </th>
            <th scope="col">Outcome</th>
            <th scope="col" style={{ width: "40%" }}>
              When, of {duration((end - begin) / 1000)}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                {row.name} <small>{row.kind.toLowerCase()}</small>
              </th>
              <td>
                <Time iso={new Date(row.spells[0]?.from ?? begin).toISOString()} />
              </td>
              <td className="num">{integer(row.spells.length)}</td>
              <td className="num">{took(milliseconds(row, end))}</td>
              <td>
                <Outcome row={row} ended={ended} />
              </td>
              <td>
                <Bar row={row} begin={begin} end={end} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function took(ms: number): string {
  return ms < 1000 ? `${integer(ms)} ms` : duration(ms / 1000);
}

function Outcome({ row, ended }: { row: StateRow; ended: boolean }) {
  const last = row.spells.at(-1);
  if (last?.error) return <span className={styles.error}>✗ {last.error}</span>;
  if (row.kind === "Fail") return <span className={styles.error}>✗ failed</span>;
  if (last?.to === null) return <span>{ended ? "stopped" : "at work"}</span>;
  return <span className="muted">✓ done</span>;
}

const PIXELS = 400;

function Bar({ row, begin, end }: { row: StateRow; begin: number; end: number }) {
  const scale = PIXELS / Math.max(1, end - begin);
  return (
    <div className={styles.bar}>
      <svg viewBox={`0 0 ${PIXELS} 14`} preserveAspectRatio="none" aria-hidden="true">
        <line className={styles.track} x1={0} x2={PIXELS} y1={7} y2={7} />
        {row.spells.map(({ from, to, error }) => (
          <rect
            key={from}
            className={styles.spell}
            data-failed={error !== null || row.kind === "Fail"}
            data-running={to === null}
            x={Math.min(PIXELS - 3, (from - begin) * scale)}
            width={Math.max(3, ((to ?? end) - from) * scale)}
            y={3}
            height={8}
            rx={1.5}
          />
        ))}
      </svg>
    </div>
  );
}
