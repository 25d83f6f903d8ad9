import type { ReactNode } from "react";
import styles from "@/features/run/breakdown/Bar.module.css";

interface Props {
  value: number;
  /** The value of the longest bar of the column. */
  most: number;
  /** All values have one sign: the bar needs no other side. */
  onesided?: boolean;
  /** The figure, which says the same. */
  children: ReactNode;
}

/** A small bar beside its figure, to the left of the middle where it is below zero. */
export function Bar({ value, most, onesided = false, children }: Props) {
  const share = most > 0 ? Math.min(1, Math.abs(value) / most) * (onesided ? 100 : 50) : 0;
  const colour = `var(--${value < 0 ? "down" : "up"})`;
  const place = onesided ? { right: 0 } : value < 0 ? { right: "50%" } : { left: "50%" };
  return (
    <span className={styles.both}>
      <span className={styles.track} data-onesided={onesided} aria-hidden="true">
        <span className={styles.bar} style={{ ...place, width: `${share}%`, background: colour }} />
      </span>
      <span className={styles.figure}>{children}</span>
    </span>
  );
}
