import type { Report } from "@/api/types";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/overview/MonthlyReturns.module.css";
import { MONTHS, monthGrid, shade } from "@/features/run/overview/months";
import { percent, signedMoney, signedPercent, tone } from "@/format/numbers";

interface Props {
  monthly: Report["monthly"];
  yearly: Report["yearly"];
}

type Cell = Props["monthly"][number] | Props["yearly"][number];

/** Years by months; the deeper the colour, the further from nothing, and the value stands in it. */
export function MonthlyReturns({ monthly, yearly }: Props) {
  const years = monthGrid(monthly, yearly);
  return (
    <Panel title="Returns by month" actions={<span className="muted">in %</span>} flush>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={styles.scroll} tabIndex={0}>
        <table className={styles.table} aria-label="Returns by month, in percent">
          <thead>
            <tr>
              <th scope="col">Year</th>
              {MONTHS.map((month) => (
                <th key={month} scope="col" className="num">
                  {month}
                </th>
              ))}
              <th scope="col" className="num">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {years.map(({ year, months, total }) => (
              <tr key={year}>
                <th scope="row">{year}</th>
                {months.map((month, i) => (
                  <Value key={MONTHS[i]} cell={month} name={`${MONTHS[i]} ${year}`} />
                ))}
                <Value cell={total} name={year} total />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Value({ cell, name, total = false }: { cell: Cell | undefined; name: string; total?: boolean }) {
  if (!cell || cell.return_pct === null) return <td />;
  const share = shade(cell.return_pct, total);
  const colour = `var(--${cell.return_pct < 0 ? "down" : "up"})`;
  const title =
    `${name}: ${signedPercent(cell.return_pct)}, buy and hold ${signedPercent(cell.benchmark_return_pct)}` +
    (cell.trades === null || cell.trades === undefined
      ? ""
      : `, ${cell.trades} trades closed for ${signedMoney(cell.pnl)}`);
  return (
    <td
      className={`num ${total ? `${styles.total} ${tone(cell.return_pct)}` : ""}`}
      title={title}
      style={total ? undefined : { background: `color-mix(in srgb, ${colour} ${share}%, transparent)` }}
    >
      {percent(cell.return_pct, 1).replace(" %", "")}
    </td>
  );
}
