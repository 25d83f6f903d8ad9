import type { ReactNode } from "react";
import { Icon } from "@/components/Icon";
import styles from "@/components/Notice.module.css";

interface Props {
  kind?: "info" | "warn" | "error";
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

/** What is empty, wrong or worth knowing, in place of or above what it speaks of. */
export function Notice({ kind = "info", title, children, actions }: Props) {
  return (
    <section className={styles.notice} data-kind={kind} role={kind === "error" ? "alert" : undefined}>
      {kind !== "info" && <Icon name="warning" />}
      <div className={styles.words}>
        <div className={styles.title}>{title}</div>
        {children && <div className={styles.detail}>{children}</div>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </section>
  );
}
