/** What is suspicious in bars, in words; docs/data.md says how each is found. */
import type { components } from "@/api/schema";
import { decimal, integer, percent, price } from "@/format/numbers";

export type Flag = components["schemas"]["FlagRow"];
type Kind = Flag["kind"];

export const FLAG_WORDS: Record<Kind, string> = {
  disagreement: "disagreement",
  jump: "jump",
  gap: "gap",
  incomplete: "incomplete",
  flat: "flat",
  zero_volume: "no volume",
};

/** Return what a flag's values say: `786 %, 393 ranges`. */
export function valuesOf({ values }: Flag): string {
  const say: Record<string, (value: number) => string> = {
    move_pct: (value) => percent(value),
    atrs: (value) => `${decimal(value, 1)} average ranges`,
    price: (value) => `at ${price(value)}`,
    price_pct: (value) => `price by ${percent(value)}`,
    volume_pct: (value) => `volume by ${percent(value)}`,
    missing: (value) => `${integer(value)} finer bars missing`,
    of: (value) => `of ${integer(value)}`,
  };
  return Object.entries(say)
    .flatMap(([name, words]) => (values[name] === undefined ? [] : [words(values[name])]))
    .join(", ")
    .replace(/missing, of/, "missing of");
}
