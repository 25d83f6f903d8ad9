import { rangeOf } from "@/api/fields";
import { Button } from "@/components/Button";
import { Entry } from "@/features/new-run/Entry";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";
import type { Declared } from "@/features/strategies/parameters";

const TYPES = { int: "whole number", float: "number", bool: "yes or no" };

/** The strategy's parameters: empty is its own value. */
export function ParameterFields({ declared }: { declared: Record<string, Declared> }) {
  const { draft, edit } = useForm();
  const names = Object.keys(declared);
  if (names.length === 0) return null;
  const changed = names.filter((name) => isChanged(draft.parameters[name], declared[name]));
  return (
    <section className={styles.stack} aria-label="Parameters">
      <div className={styles.between}>
        <h3>Parameters</h3>
        {changed.length > 0 && (
          <Button kind="quiet" icon="refresh" onClick={() => edit({ parameters: {} }, "")}>
            The strategy's own values
          </Button>
        )}
      </div>
      <div className={styles.narrow}>
        {Object.entries(declared).map(([name, parameter]) => (
          <Parameter key={name} name={name} declared={parameter} />
        ))}
      </div>
    </section>
  );
}

function Parameter({ name, declared }: { name: string; declared: Declared }) {
  const { draft, edit } = useForm();
  const path = `parameters.${name}`;
  const value = draft.parameters[name];
  const set = (next: string | boolean) => edit({ parameters: { ...draft.parameters, [name]: next } }, path);
  const range = rangeOf({ low: declared.low, high: declared.high, above: false });
  const standard =
    typeof declared.standard === "boolean" ? (declared.standard ? "yes" : "no") : declared.standard;
  return (
    <Entry
      path={path}
      label={<code>{name}</code>}
      hint={
        <>
          {[TYPES[declared.type], range, `default ${standard}`].filter(Boolean).join(" · ")}
          {declared.meaning && <> · {declared.meaning}</>}
        </>
      }
      fault={faultOf(value, declared, range)}
    >
      {(control) =>
        declared.type === "bool" ? (
          <input
            {...control}
            type="checkbox"
            className={styles.flag}
            checked={value === undefined || value === "" ? declared.standard === true : value === true}
            onChange={(event) => set(event.target.checked)}
          />
        ) : (
          <input
            {...control}
            type="number"
            step={declared.step ?? (declared.type === "int" ? 1 : "any")}
            min={declared.low ?? undefined}
            max={declared.high ?? undefined}
            placeholder={String(declared.standard)}
            value={value === undefined ? String(declared.standard ?? "") : String(value)}
            onChange={(event) => set(event.target.value)}
          />
        )
      }
    </Entry>
  );
}

function isChanged(value: string | boolean | undefined, declared: Declared | undefined): boolean {
  return value !== undefined && value !== "" && String(value) !== String(declared?.standard);
}

function faultOf(value: string | boolean | undefined, declared: Declared, range: string): string | null {
  if (typeof value !== "string" || value === "") return null;
  const number = Number(value);
  if (declared.type === "int" && !Number.isInteger(number)) return `must be a whole number, not ${value}`;
  const low = declared.low !== null && number < declared.low;
  const high = declared.high !== null && number > declared.high;
  return low || high ? `must be within ${range}` : null;
}
