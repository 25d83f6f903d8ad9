import { type ReactNode, useId } from "react";
import styles from "@/components/Panel.module.css";

interface Props {
  title?: ReactNode;
  /** Beside the title, on the right. */
  actions?: ReactNode;
  /** No padding: for tables and charts, which have their own. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled part of a page. */
export function Panel({ title, actions, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header className={styles.head}>
          {title && <h2 id={id}>{title}</h2>}
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
      )}
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
