import { useRef } from "react";
import { Button } from "@/components/Button";
import type { FieldControl } from "@/components/Field";
import styles from "@/features/new-run/DateInput.module.css";

interface Props {
  control: FieldControl;
  label: string;
  value: string;
  /** What an empty field stands for. */
  standard: string;
  onChange: (value: string) => void;
}

/**
 * A date as it is written everywhere here, 2021-01-31, with the browser's calendar beside it: its own field would
 * write it as the reader's country does, and knows no times of day.
 */
export function DateInput({ control, label, value, standard, onChange }: Props) {
  const calendar = useRef<HTMLInputElement>(null);
  return (
    <div className={styles.date}>
      <input
        {...control}
        type="text"
        autoComplete="off"
        spellCheck={false}
        placeholder={standard}
        value={value}
        onChange={(event) => onChange(event.target.value.trim())}
      />
      <Button
        kind="quiet"
        icon="calendar"
        aria-label={`Choose a day: ${label}`}
        onClick={() => calendar.current?.showPicker()}
      />
      <input
        ref={calendar}
        type="date"
        className={styles.calendar}
        tabIndex={-1}
        aria-hidden="true"
        value={/^\d{4}-\d\d-\d\d/.test(value) ? value.slice(0, 10) : ""}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
