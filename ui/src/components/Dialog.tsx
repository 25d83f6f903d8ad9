import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "@/components/Button";
import styles from "@/components/Dialog.module.css";

interface Props {
  title: string;
  children: ReactNode;
  /** Buttons; the one that closes is there already. */
  actions?: ReactNode;
  onClose: () => void;
}

/** A question or a form above the page: the browser's own dialog keeps the focus inside and closes on Escape. */
export function Dialog({ title, children, actions, onClose }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={id}
      // A dialog that was closed and shown again at once, as effects are in development, is open by now.
      onClose={(event) => !event.currentTarget.open && onClose()}
    >
      <h2 id={id}>{title}</h2>
      <div className={styles.body}>{children}</div>
      <footer className={styles.actions}>
        <Button onClick={onClose}>Close</Button>
        {actions}
      </footer>
    </dialog>
  );
}
