import { useState } from "react";
import type { Results } from "@/api/types";
import { Button } from "@/components/Button";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/overview/AllMetrics.module.css";
import { others } from "@/features/run/overview/others";
import { figure, GROUPS } from "@/format/metrics";

/** Every metric in groups; what is not defined says why. */
export function AllMetrics({ results }: { results: Results }) {
  const [all, setAll] = useState(false);
  const groups = all ? [...GROUPS, { title: "Everything else", metrics: others(results) }] : GROUPS;
  return (
    <Panel
      title="Metrics"
      actions={
        <Button kind="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
          {all ? "Fewer metrics" : "All metrics"}
        </Button>
      }
    >
      <div className={styles.groups}>
        {groups.map((group) => (
          <section key={group.title} aria-label={group.title} className={styles.group}>
            <h3>{group.title}</h3>
            <dl>
              {group.metrics.map((metric) => (
                <div key={metric.name} className={styles.row}>
                  <dt title={metric.name}>{metric.label}</dt>
                  <dd>
                    <span className="num">{figure(metric, results[metric.name])}</span>
                    {results.undefined[metric.name] && (
                      <span className={styles.why}>{results.undefined[metric.name]}</span>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Panel>
  );
}
