import type { ReactNode } from "react";
import { Icon } from "@/components/Icon";
import styles from "@/features/new-run/Fold.module.css";

interface Props {
  title: string;
  /** What stands inside, in a few words: it is read without opening. */
  digest: ReactNode;
  /** Something inside was refused. */
  wrong?: boolean;
  children: ReactNode;
}

/** A group of fields that is folded away until somebody wants it. */
export function Fold({ title, digest, wrong = false, children }: Props) {
  return (
    <details className={styles.fold}>
      <summary className={styles.head}>
        <span className={styles.arrow}>
          <Icon name="chevron" size={14} />
        </span>
        <h2 className={styles.title}>{title}</h2>
        <span className={styles.digest}>
          {wrong && (
            <span className={styles.wrong}>
              <Icon name="warning" size={14} /> look inside
            </span>
          )}
          {digest}
        </span>
      </summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
