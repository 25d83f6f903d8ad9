import type { DatasetDetail } from "@/api/types";
import { Notice } from "@/components/Notice";
import { Panel } from "@/components/Panel";
import styles from "@/features/data/DatasetPage.module.css";
import { decimal, integer } from "@/format/numbers";

/** What was found in all bars, and what was put right as they came. */
export function AuditPanel({ dataset }: { dataset: DatasetDetail }) {
  const { audit } = dataset;
  const funding = dataset.kind === "funding";
  const rows: [name: string, what: string, count: number][] = [
    [funding ? "Missing rates" : "Missing bars", "that the market should have had", dataset.missing_bars],
    ...(audit === null || funding
      ? []
      : ([
          ["Jumps", `beyond ${decimal(audit.jump_atrs, 0)} average true ranges and 2 %`, audit.jumps],
          ["Disagreeing", "bars that another held timeframe contradicts", audit.disagreeing_bars],
          ["Incomplete", "resampled bars that lack finer ones", audit.incomplete_bars],
          ["Flat", "bars whose high is the low", audit.flat_bars],
          ["Zero volume", "bars without volume", audit.zero_volume_bars],
        ] as [string, string, number][])),
    ...(audit === null
      ? []
      : ([
          ["Duplicates", "equal rows of imported files, taken once", audit.duplicates_removed],
          ["Out of order", "rows of imported files, put in order", audit.out_of_order_rows],
        ] as [string, string, number][])),
  ];
  return (
    <Panel title="Audit">
      <table className={styles.facts}>
        <tbody>
          {rows.map(([name, what, count]) => (
            <tr key={name}>
              <th scope="row">
                {name} <small>{what}</small>
              </th>
              <td>{count === 0 ? <span className="muted">none</span> : integer(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {audit === null && (
        <Notice title="Not audited">
          This version is older than audits; the next import or fetch audits all of its bars.
        </Notice>
      )}
    </Panel>
  );
}
