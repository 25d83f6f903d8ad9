import type { components } from "@/api/schema";
import styles from "@/features/playback/WhyPanel.module.css";
import { price } from "@/format/numbers";

type Condition = components["schemas"]["ConditionAnswer"];

/** A rule taken apart: whether each condition held, and the values that it was decided on. */
export function Conditions({ conditions }: { conditions: Condition[] }) {
  return (
    <ul className={styles.conditions}>
      {conditions.map((condition) => (
        <li key={`${condition.start} ${condition.text}`}>
          <div className={styles.condition}>
            {condition.truth !== null && <Truth value={condition.truth} />}
            <code className={styles.words}>{condition.text}</code>
            {condition.truth === null && !isLiteral(condition) && (
              <span className={`num ${styles.value}`}>
                {condition.is_crossing && <span className="muted">{shown(condition.before)} → </span>}
                {shown(condition.value)}
              </span>
            )}
          </div>
          {condition.definition && condition.definition !== condition.text && (
            <div className={styles.definition}>= {condition.definition}</div>
          )}
          {condition.parts.some((part) => !isLiteral(part)) && (
            <Conditions conditions={condition.parts.filter((part) => !isLiteral(part))} />
          )}
        </li>
      ))}
    </ul>
  );
}

export function Truth({ value }: { value: boolean }) {
  return (
    <span className={styles.truth} data-truth={value}>
      <span aria-hidden="true">{value ? "✓" : "✗"}</span>
      <span className="visually-hidden">{value ? "true: " : "false: "}</span>
    </span>
  );
}

/** A number that stands in the rule says no more than the rule. */
function isLiteral(condition: Condition): boolean {
  return (
    condition.truth === null && condition.parts.length === 0 && Number(condition.text) === condition.value
  );
}

function shown(value: number | string | null): string {
  if (value === null) return "missing";
  return typeof value === "number" ? price(value) : value;
}
