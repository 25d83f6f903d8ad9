import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "@/components/Button.module.css";
import { Icon, type IconName } from "@/components/Icon";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  /** Something is under way that this button began: it cannot be pressed again. */
  busy?: boolean;
  children?: ReactNode;
}

/** A button without words needs an `aria-label`. */
export function Button({ kind = "plain", icon, busy = false, children, disabled, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={`${styles.button} ${styles[kind] ?? ""} ${rest.className ?? ""}`}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
