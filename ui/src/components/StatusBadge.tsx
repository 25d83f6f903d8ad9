import { Icon, type IconName } from "@/components/Icon";
import styles from "@/components/StatusBadge.module.css";

const LOOK: Record<string, { tone: string; icon?: IconName }> = {
  queued: { tone: "wait" },
  running: { tone: "live" },
  fetching: { tone: "live" },
  completed: { tone: "good", icon: "check" },
  succeeded: { tone: "good", icon: "check" },
  failed: { tone: "bad", icon: "warning" },
  cancelled: { tone: "quiet", icon: "close" },
  aborted: { tone: "quiet", icon: "close" },
  timed_out: { tone: "bad", icon: "warning" },
};

/** The status of a run, a workflow, a fetch or an import, in the API's word for it. */
export function StatusBadge({ status }: { status: string }) {
  const look = LOOK[status.toLowerCase()] ?? { tone: "quiet" };
  return (
    <span className={styles.badge} data-tone={look.tone}>
      {look.icon && <Icon name={look.icon} size={12} />}
      {status.toLowerCase().replaceAll("_", " ")}
    </span>
  );
}
