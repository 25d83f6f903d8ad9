import { type ReactNode, useEffect } from "react";
import styles from "@/components/PageHead.module.css";

interface Props {
  title: string;
  /** What stands in place of the plain title, if it is more than text. */
  heading?: ReactNode;
  below?: ReactNode;
  actions?: ReactNode;
}

/** The top of a page; names the browser's tab too. */
export function PageHead({ title, heading, below, actions }: Props) {
  useEffect(() => {
    document.title = `${title} · Stepfold`;
  }, [title]);
  return (
    <header className={styles.head}>
      <div className={styles.words}>
        <h1>{heading ?? title}</h1>
        {below && <div className={styles.below}>{below}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
