import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { Icon } from "@/components/Icon";
import styles from "@/features/runs/Editable.module.css";

interface Props {
  /** What is edited, of which run: "Name of EMA cross". */
  label: string;
  /** The text to begin with. */
  value: string;
  maxLength: number;
  /** What stands there while it is not edited; the button that edits follows it. */
  shown?: ReactNode;
  /** The button's words, if it has any beside its pencil. */
  words?: string;
  onSave: (text: string) => void;
}

/** A text that is edited where it stands: Enter or leaving it saves, Escape does not. */
export function Editable({ label, value, maxLength, shown, words, onSave }: Props) {
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // Escape takes the field away, which blurs it: that must not save.
  const given = useRef(false);

  function end(text: string | null, refocus: boolean) {
    if (given.current) return;
    given.current = true;
    setEditing(false);
    if (text !== null && text.trim() !== value) onSave(text.trim());
    if (refocus) requestAnimationFrame(() => button.current?.focus());
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key === "Enter") end(event.currentTarget.value, true);
    if (event.key === "Escape") end(null, true);
  }

  if (editing) {
    return (
      <input
        className={styles.input}
        aria-label={label}
        defaultValue={value}
        maxLength={maxLength}
        // biome-ignore lint/a11y/noAutofocus: it stands in place of the button that was just pressed
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={onKeyDown}
        onBlur={(event) => end(event.currentTarget.value, false)}
      />
    );
  }
  return (
    <>
      {shown}
      <button
        ref={button}
        type="button"
        className={styles.edit}
        data-empty={value === ""}
        aria-label={`Edit ${label.charAt(0).toLowerCase()}${label.slice(1)}`}
        onClick={() => {
          given.current = false;
          setEditing(true);
        }}
      >
        <Icon name={value === "" && words ? "plus" : "edit"} size={12} />
        {value === "" && words}
      </button>
    </>
  );
}
