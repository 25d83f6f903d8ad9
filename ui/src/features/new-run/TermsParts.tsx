import { type FieldSpec, wordsFor } from "@/api/fields";
import { Button } from "@/components/Button";
import { Segments } from "@/components/Segments";
import { COSTS, standards, type Terms, type Values, written } from "@/features/new-run/draft";
import { SpecEntry } from "@/features/new-run/Entry";
import { Fold } from "@/features/new-run/Fold";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";

/** Fees and slippage. */
export function CostsPart() {
  const { draft, edit, errors } = useForm();
  return (
    <Fold title="Costs" digest={digestOf(COSTS, draft.costs)} wrong={wrongIn(errors, "costs")}>
      <div className={styles.grid}>
        {COSTS.map((spec) => (
          <SpecEntry
            key={spec.name}
            spec={spec}
            path={`costs.${spec.name}`}
            value={draft.costs[spec.name] ?? ""}
            empty="the exchange's"
            onChange={(value) =>
              edit({ costs: { ...draft.costs, [spec.name]: value } }, `costs.${spec.name}`)
            }
          />
        ))}
      </div>
    </Fold>
  );
}

interface Props {
  title: string;
  group: "risk" | "behaviour";
  specs: FieldSpec[];
  /** What the chosen strategy says itself, if it is known. */
  ofStrategy: Record<string, unknown> | null;
}

const WAYS = [
  { value: "own", label: "The strategy's own" },
  { value: "here", label: "Set here" },
] as const;

/** Limits or behaviour: the strategy's own, or these in their place as a whole. */
export function TermsPart({ title, group, specs, ofStrategy }: Props) {
  const { draft, edit, errors } = useForm();
  const terms = draft[group];
  const change = (next: Partial<Terms>, path: string) => edit({ [group]: { ...terms, ...next } }, path);
  return (
    <Fold
      title={title}
      digest={terms.own ? `the strategy's own: ${ownDigest(ofStrategy)}` : digestOf(specs, terms.values)}
      wrong={wrongIn(errors, group)}
    >
      <div className={styles.stack} data-path={group}>
        <div className={styles.between}>
          <Segments
            label={`Whose ${title.toLowerCase()} hold`}
            options={[...WAYS]}
            value={terms.own ? "own" : "here"}
            onChange={(value) => change({ own: value === "own" }, group)}
          />
          {!terms.own && (
            <Button kind="quiet" icon="refresh" onClick={() => change({ values: standards(specs) }, group)}>
              Every default
            </Button>
          )}
        </div>
        {terms.own ? (
          <p className={styles.note}>{ownWords(ofStrategy)}</p>
        ) : (
          <>
            <p className={styles.note}>In place of the strategy's own, as a whole.</p>
            <div className={styles.grid}>
              {specs.map((spec) => (
                <SpecEntry
                  key={spec.name}
                  spec={spec}
                  path={`${group}.${spec.name}`}
                  value={terms.values[spec.name] ?? ""}
                  onChange={(value) =>
                    change({ values: { ...terms.values, [spec.name]: value } }, `${group}.${spec.name}`)
                  }
                />
              ))}
            </div>
          </>
        )}
      </div>
    </Fold>
  );
}

export function wrongIn(errors: ReadonlyMap<string, string>, group: string): boolean {
  return [...errors.keys()].some((path) => path === group || path.startsWith(`${group}.`));
}

function digestOf(specs: FieldSpec[], values: Values): string {
  const changed = specs.filter((spec) => values[spec.name] !== written(spec, spec.standard));
  if (changed.length === 0) return "every default";
  return changed.map((spec) => phrase(spec.name, values[spec.name])).join(", ");
}

function ownDigest(said: Record<string, unknown> | null): string {
  const count = Object.values(said ?? {}).filter((value) => value !== null).length;
  return count === 0 ? "none" : count === 1 ? "1 field" : `${count} fields`;
}

function ownWords(said: Record<string, unknown> | null): string {
  const fields = Object.entries(said ?? {}).filter(([, value]) => value !== null);
  if (fields.length === 0) return "The strategy says none of its own, so there are none.";
  return `The strategy says: ${fields.map(([name, value]) => phrase(name, value)).join(", ")}.`;
}

/** A field and its value in words: max daily loss 3 %. */
function phrase(name: string, value: unknown): string {
  const { label, unit } = wordsFor(name);
  const words = label.charAt(0).toLowerCase() + label.slice(1);
  if (value === "") return `${words} off`;
  if (typeof value === "boolean") return value ? words : `no ${words}`;
  return `${words} ${value}${unit ? `\u00a0${unit}` : ""}`;
}
