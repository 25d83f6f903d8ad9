import { Link } from "@tanstack/react-router";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { StatusBadge } from "@/components/StatusBadge";
import { Time } from "@/components/Time";
import styles from "@/features/operations/Operations.module.css";
import { useChanges } from "@/features/operations/queries";

type Change = components["schemas"]["ChangeRow"];
type Row = components["schemas"]["EventsAnswer"]["events"][number];

/** Changes of the runs' status, newest first. */
export function ChangesPanel() {
  const asked = useChanges();
  // A page has its runs' changes; the pages' runs may overlap in time.
  const changes = (asked.data?.pages.flatMap((page) => page.events) ?? [])
    .filter(isChange)
    .sort((a, b) => b.timestamp.localeCompare(a.timestamp));
  return (
    <Panel title="Events" flush>
      {asked.isPending && <Loading height={200} label="Loading the events" />}
      {asked.error && (
        <div className={styles.padded}>
          <ErrorNotice
            error={asked.error}
            what="The events could not be loaded"
            onRetry={() => void asked.refetch()}
          />
        </div>
      )}
      {asked.data && changes.length === 0 && (
        <p className={`muted ${styles.padded}`}>No run was started yet.</p>
      )}
      {changes.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <ul className={styles.changes} aria-label="Changes of status" tabIndex={0}>
          {changes.map((change) => (
            <li key={`${change.run_id} ${change.type}`}>
              <StatusBadge status={change.type.replace("run_", "")} />
              <Link to="/runs/$runId" params={{ runId: change.run_id }}>
                {change.name ?? change.strategy}
              </Link>
              <span className="muted num">
                <Time iso={change.timestamp} />
              </span>
              {change.detail && <div className={styles.detail}>{change.detail}</div>}
            </li>
          ))}
        </ul>
      )}
      {asked.hasNextPage && (
        <div className={styles.padded}>
          <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            Older events
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** The same route answers a run's own events where it is asked for one. */
function isChange(row: Row): row is Change {
  return "run_id" in row;
}
