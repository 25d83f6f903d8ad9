import styles from "@/components/ProgressBar.module.css";
import { percent } from "@/format/numbers";

/** How far something is; without a value it is only known to be under way. */
export function ProgressBar({ value, label }: { value: number | null; label: string }) {
  return (
    <div className={styles.progress}>
      <div
        className={styles.track}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={value === null ? undefined : Math.round(value)}
        data-unknown={value === null}
      >
        <div className={styles.fill} style={{ width: value === null ? "30%" : `${Math.min(100, value)}%` }} />
      </div>
      {value !== null && <span className="num">{percent(value, 0)}</span>}
    </div>
  );
}
