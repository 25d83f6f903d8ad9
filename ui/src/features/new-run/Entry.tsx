import type { ReactNode } from "react";
import { type FieldSpec, faultOf, rangeOf, wordsFor } from "@/api/fields";
import { Field, type FieldControl } from "@/components/Field";
import styles from "@/features/new-run/Entry.module.css";
import { useForm } from "@/features/new-run/form";

interface EntryProps {
  /** As the API's errors name it. */
  path: string;
  label: ReactNode;
  hint?: ReactNode;
  unit?: string | undefined;
  /** Known before anybody is asked. */
  fault?: string | null;
  children: (control: FieldControl) => ReactNode;
}

/** A field of the form: what the API says of its path stands below it. */
export function Entry({ path, label, hint, unit, fault, children }: EntryProps) {
  const { errors } = useForm();
  return (
    <div data-path={path} className={styles.entry}>
      <Field label={label} hint={hint} error={fault ?? errors.get(path)} {...(unit ? { unit } : {})}>
        {children}
      </Field>
    </div>
  );
}

interface SpecProps {
  spec: FieldSpec;
  path: string;
  value: string | boolean;
  onChange: (value: string | boolean) => void;
  disabled?: boolean;
  /** In place of the name's own words. */
  label?: string;
  /** What it means that nothing stands in it, where that may be. */
  empty?: string;
}

/** A field as the API's schema has it: its range, its default, what it means. */
export function SpecEntry({
  spec,
  path,
  value,
  onChange,
  disabled = false,
  label,
  empty = "off",
}: SpecProps) {
  const words = wordsFor(spec.name);
  const text = String(value);
  return (
    <Entry
      path={path}
      label={label ?? words.label}
      unit={words.unit}
      hint={<Hint spec={spec} empty={empty} />}
      fault={disabled ? null : faultOf(spec, text)}
    >
      {(control) =>
        spec.kind === "flag" ? (
          <input
            {...control}
            type="checkbox"
            className={styles.flag}
            checked={value === true}
            disabled={disabled}
            onChange={(event) => onChange(event.target.checked)}
          />
        ) : spec.kind === "choice" ? (
          <select
            {...control}
            value={text}
            disabled={disabled}
            onChange={(event) => onChange(event.target.value)}
          >
            {spec.choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        ) : (
          <input
            {...control}
            type="number"
            step={spec.whole ? 1 : "any"}
            min={spec.low ?? undefined}
            max={spec.high ?? undefined}
            value={text}
            disabled={disabled}
            placeholder={spec.nullable ? empty : String(spec.standard ?? "")}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Entry>
  );
}

function Hint({ spec, empty }: { spec: FieldSpec; empty: string }) {
  const range = rangeOf(spec);
  const off = spec.kind === "number" && spec.nullable ? `empty: ${empty}` : "";
  const standard =
    spec.kind === "flag"
      ? `default ${spec.standard === true ? "on" : "off"}`
      : spec.standard === null
        ? spec.kind === "choice"
          ? "default none"
          : ""
        : `default ${spec.standard}`;
  return (
    <>
      <span className={styles.range}>{[range, standard, off].filter(Boolean).join(" · ")}</span>
      {spec.meaning && <span className={styles.meaning}>{spec.meaning}</span>}
    </>
  );
}
