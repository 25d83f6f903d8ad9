/** The fields of a request as a form shows them, read out of the OpenAPI document's schemas. */
import { type PropertySchema, schemas } from "virtual:request-schemas";
import { decimal } from "@/format/numbers";

export interface FieldSpec {
  name: string;
  kind: "number" | "choice" | "flag" | "text";
  /** Nothing may stand in it: a limit is off then, a fee is the exchange's. */
  nullable: boolean;
  whole: boolean;
  low: number | null;
  high: number | null;
  /** `low` itself is too low. */
  above: boolean;
  choices: string[];
  /** What is taken when it is left out; null is nothing. */
  standard: number | boolean | string | null;
  meaning: string;
}

type RequestName = keyof typeof schemas;

/** Return the fields of one of the API's requests, in its order. */
export function fieldsOf(request: RequestName): FieldSpec[] {
  return Object.entries(schemas[request]).map(([name, schema]) => specOf(name, schema));
}

export function fieldOf(request: RequestName, name: string): FieldSpec {
  const schema = schemas[request][name];
  if (schema === undefined) throw new Error(`${request} has no ${name}`);
  return specOf(name, schema);
}

export function specOf(name: string, schema: PropertySchema): FieldSpec {
  const forms = schema.anyOf ?? [schema];
  const form = forms.find((one) => one.type !== "null") ?? schema;
  const numeric = form.type === "number" || form.type === "integer";
  const standard = schema.default;
  return {
    name,
    kind: form.enum ? "choice" : form.type === "boolean" ? "flag" : numeric ? "number" : "text",
    nullable: forms.some((one) => one.type === "null"),
    whole: form.type === "integer",
    low: form.minimum ?? form.exclusiveMinimum ?? null,
    high: form.maximum ?? null,
    above: form.minimum === undefined && form.exclusiveMinimum !== undefined,
    choices: form.enum ?? [],
    standard:
      typeof standard === "number" || typeof standard === "boolean" || typeof standard === "string"
        ? standard
        : null,
    meaning: schema.description ?? "",
  };
}

const UNITS: [ending: string, unit: string][] = [
  ["_pct", "%"],
  ["_bps", "bps"],
  ["_hours", "h"],
];

/** `max_daily_loss_pct` as words and a unit: Max daily loss, %. */
export function wordsFor(name: string): { label: string; unit: string | undefined } {
  const [ending, unit] = UNITS.find(([end]) => name.endsWith(end)) ?? ["", undefined];
  const words = name.slice(0, name.length - ending.length).replaceAll("_", " ");
  return { label: words.charAt(0).toUpperCase() + words.slice(1), unit };
}

/** `0.1 – 20`, `above 0`, or nothing for a field without a range. */
export function rangeOf(spec: Pick<FieldSpec, "low" | "high" | "above">): string {
  if (spec.low !== null && spec.high !== null && spec.high < 1e9) {
    return `${spec.above ? "above " : ""}${plain(spec.low)} – ${plain(spec.high)}`;
  }
  if (spec.low !== null) return spec.above ? `above ${plain(spec.low)}` : `at least ${plain(spec.low)}`;
  return spec.high !== null ? `at most ${plain(spec.high)}` : "";
}

/** Return what is wrong with a number as typed, before anybody is asked; null if nothing is. */
export function faultOf(spec: FieldSpec, text: string): string | null {
  if (spec.kind !== "number" || text.trim() === "") return null;
  const value = Number(text);
  if (!Number.isFinite(value)) return `'${text}' is no number; write it like 1234.5`;
  if (spec.whole && !Number.isInteger(value)) return `must be a whole number, not ${text}`;
  const low = spec.low !== null && (spec.above ? value <= spec.low : value < spec.low);
  const high = spec.high !== null && value > spec.high;
  return low || high ? `must be within ${rangeOf(spec)}` : null;
}

function plain(value: number): string {
  return decimal(value, Number.isInteger(value) ? 0 : 2).replace(/(\.\d*?)0+$/, "$1");
}
