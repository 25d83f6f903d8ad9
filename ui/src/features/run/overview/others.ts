import type { Results } from "@/api/types";
import { GROUPS, type Metric, metricNamed } from "@/format/metrics";

/** No metrics, but what the run is. */
const ELSEWHERE = new Set(["run_id", "status", "fingerprint", "engine_version", "stale", "stale_because"]);

/** What the API has beyond what one asks first. */
export function others(results: Results): Metric[] {
  const shown = new Set(GROUPS.flatMap((group) => group.metrics.map((metric) => metric.name)));
  return Object.keys(results)
    .filter((name) => !shown.has(name) && !ELSEWHERE.has(name))
    .filter((name) => results[name] === null || ["number", "string"].includes(typeof results[name]))
    .map(metricNamed);
}
