import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";
import styles from "@/components/Button.module.css";
import { Icon, type IconName } from "@/components/Icon";

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  kind?: "primary" | "plain" | "quiet";
  icon?: IconName;
  ref?: Ref<HTMLAnchorElement>;
}

function ButtonAnchor({ kind = "plain", icon, children, className = "", ...rest }: Props) {
  return (
    <a {...rest} className={`${styles.button} ${styles[kind]} ${className}`}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

/** A place to go to that looks like a button; one without words needs an `aria-label`. */
export const LinkButton = createLink(ButtonAnchor);
