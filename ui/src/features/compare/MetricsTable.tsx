import { useState } from "react";
import type { Compare } from "@/api/types";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { Panel } from "@/components/Panel";
import { best } from "@/features/compare/best";
import type { Compared } from "@/features/compare/Curves";
import { RunHeads } from "@/features/compare/RunHeads";
import styles from "@/features/compare/Side.module.css";
import { figure, GROUPS, type Metric, type MetricGroup, metricNamed } from "@/format/metrics";

/** The runs' metrics side by side; the best of a row is marked where one of two is the better. */
export function MetricsTable({ compared, answer }: { compared: Compared[]; answer: Compare }) {
  const [all, setAll] = useState(false);
  const { metrics } = answer;
  const starts = new Set(metrics.initial_equity);
  const groups = [...GROUPS, ...(all ? [others(metrics)] : [])];
  return (
    <Panel
      title="Metrics"
      flush
      actions={
        <>
          <span className="muted">
            <Icon name="check" size={12} /> marks the best of a row: the highest, of drawdown, volatility and
            costs the lowest
          </span>
          <Button aria-pressed={all} onClick={() => setAll(!all)}>
            {all ? "Fewer metrics" : "All metrics"}
          </Button>
        </>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={styles.scroll} tabIndex={0}>
        <table className={styles.table} aria-label="Metrics side by side">
          <RunHeads compared={compared} first="Metric" numeric />
          {groups.map((group) => (
            <tbody key={group.title}>
              <tr>
                <th scope="rowgroup" colSpan={compared.length + 1} className={styles.group}>
                  {group.title}
                </th>
              </tr>
              {group.metrics.map((metric) => (
                <MetricRow
                  key={metric.name}
                  metric={metric}
                  values={compared.map((_, i) => metrics[metric.name]?.[i])}
                  sameStart={starts.size === 1}
                />
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {starts.size > 1 && (
        <p className={styles.note}>
          The runs began with different amounts: amounts of money are not marked, percentages can be compared.
        </p>
      )}
    </Panel>
  );
}

function MetricRow({ metric, values, sameStart }: { metric: Metric; values: unknown[]; sameStart: boolean }) {
  const marked = best(metric, values, sameStart);
  return (
    <tr>
      <th scope="row">{metric.label}</th>
      {values.map((value, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a value stands under its run
        <td key={i} className={`num ${marked.has(i) ? styles.best : ""}`}>
          {marked.has(i) && (
            <>
              <Icon name="check" size={12} />
              <span className="visually-hidden">best: </span>
            </>
          )}
          {figure(metric, value)}
        </td>
      ))}
    </tr>
  );
}

/** What the API has beyond what one asks first. */
function others(metrics: Compare["metrics"]): MetricGroup {
  const shown = new Set(GROUPS.flatMap((group) => group.metrics.map((metric) => metric.name)));
  return {
    title: "Everything else",
    metrics: Object.keys(metrics)
      .filter((name) => !shown.has(name))
      .map(metricNamed),
  };
}
