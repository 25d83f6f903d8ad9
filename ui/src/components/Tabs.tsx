import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import styles from "@/components/Tabs.module.css";

interface Tab {
  label: ReactNode;
  link: LinkProps;
  current: boolean;
}

/** Parts of a page that have addresses of their own: links, so that they can be opened, sent and gone back from. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  return (
    <nav aria-label={label} className={styles.tabs}>
      {tabs.map((tab) => (
        <Link
          key={JSON.stringify(tab.link)}
          {...tab.link}
          // The router marks what leads to the page too, such as the overview of what lies below it.
          activeOptions={{ exact: true }}
          className={styles.tab}
          aria-current={tab.current ? "page" : undefined}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
