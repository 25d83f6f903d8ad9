import { type ReactNode, useId } from "react";
import styles from "@/components/Field.module.css";

export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface Props {
  label: ReactNode;
  /** Its range, its default, what it does. */
  hint?: ReactNode;
  /** What is wrong with the value, and what to do: the API's own words. */
  error?: ReactNode;
  unit?: string;
  children: (control: FieldControl) => ReactNode;
}

/** A labelled control with its hint and its error at its side, tied to it for those who cannot see. */
export function Field({ label, hint, error, unit, children }: Props) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id}>
        {label}
        {unit && <span className={styles.unit}> {unit}</span>}
      </label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {error && (
        <div id={`${id}-error`} className={styles.error}>
          {error}
        </div>
      )}
      {hint && (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
    </div>
  );
}
