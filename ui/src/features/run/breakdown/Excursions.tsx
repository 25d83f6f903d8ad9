import type { Report } from "@/api/types";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/breakdown/Excursions.module.css";
import { integer, percent } from "@/format/numbers";

type Row = Report["excursions"][number];

/** How far trades went against and for their holder before they ended, as shares of those won and lost. */
export function Excursions({ rows }: { rows: Row[] }) {
  if (rows.every((row) => row.trades === 0)) return null;
  const last = Math.max(...rows.map((row) => row.counts.findLastIndex((count) => count > 0)));
  const bounds = (rows[0]?.below_pct ?? []).slice(0, last + 1);
  const most = Math.max(1, ...rows.flatMap((row) => row.counts.map((count) => share(count, row))));
  return (
    <Panel title="Furthest against (MAE) and for (MFE) the holder, in % of the entry" flush>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={styles.scroll} tabIndex={0}>
        <table className={styles.table} aria-label="Excursions of trades by how far they went">
          <thead>
            <tr>
              <th scope="col">Trades</th>
              {bounds.map((bound, i) => (
                <th key={bound ?? "beyond"} scope="col" className="num">
                  {bound === null ? `over ${bounds[i - 1]}` : `< ${bound}`}
                </th>
              ))}
              <th scope="col" className="num">
                Average
              </th>
              <th scope="col" className="num">
                Furthest
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.outcome} ${row.excursion}`}>
                <th scope="row">
                  {integer(row.trades)} {row.outcome}, {row.excursion.toUpperCase()}
                </th>
                {bounds.map((bound, i) => (
                  <td
                    key={bound ?? "beyond"}
                    className="num"
                    style={{
                      background: `color-mix(in srgb, var(--${row.excursion === "mae" ? "down" : "up"}) ${Math.round((45 * share(row.counts[i] ?? 0, row)) / most)}%, transparent)`,
                    }}
                  >
                    {row.counts[i] ? integer(row.counts[i]) : ""}
                  </td>
                ))}
                <td className="num">{percent(row.avg_pct)}</td>
                <td className="num">{percent(row.furthest_pct)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function share(count: number, row: Row): number {
  return row.trades > 0 ? count / row.trades : 0;
}
