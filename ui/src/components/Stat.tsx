import type { ReactNode } from "react";
import styles from "@/components/Stat.module.css";

interface Props {
  label: string;
  value: ReactNode;
  tone?: "up" | "down" | "";
  /** What it means, or why it is not defined. */
  title?: string | undefined;
  below?: ReactNode;
}

/** One headline figure. */
export function Stat({ label, value, tone = "", title, below }: Props) {
  return (
    <div className={styles.stat} title={title}>
      <dt>{label}</dt>
      <dd className={tone}>{value}</dd>
      {below && <dd className={styles.below}>{below}</dd>}
    </div>
  );
}

export function Stats({ children }: { children: ReactNode }) {
  return <dl className={styles.stats}>{children}</dl>;
}
