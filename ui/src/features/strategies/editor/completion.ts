/** What may be written at a place of a document: fields, choices, and the words of expressions. */
import { formOf, type Json } from "@/features/strategies/editor/document";
import { placeAt } from "@/features/strategies/editor/place";
import {
  choicesIn,
  fieldsIn,
  formsAt,
  type Language,
  languageIn,
  type Schema,
  takesParameter,
} from "@/features/strategies/editor/schema";

export interface Offer {
  label: string;
  apply: string;
  kind: "field" | "choice" | "function" | "name" | "parameter" | "keyword";
  /** Beside the label. */
  detail?: string;
  /** What it means. */
  says?: string;
  /** Those that are needed, or the document's own, stand first. */
  first?: boolean;
}

/** `document` is what the text said when it could last be read: its parameters and indicators are offered. */
export function offersAt(
  text: string,
  position: number,
  schema: Schema,
  document: Json | null,
): { from: number; offers: Offer[] } {
  const place = placeAt(text, position);
  const json = formOf(text) === "json";
  const offers: Offer[] = [];
  if (place.key) {
    const quoted = /["']/.test(text[place.from - 1] ?? "");
    const colon = /^\w*["']?\s*:/.test(text.slice(position)) ? "" : ": ";
    for (const [name, field] of fieldsIn(formsAt(schema, place.key.path))) {
      if (place.key.present.includes(name)) continue;
      offers.push({
        label: name,
        apply: json && !quoted ? `"${name}"${colon}` : quoted ? name : `${name}${colon}`,
        kind: "field",
        ...(field.needed ? { detail: "required", first: true } : {}),
        ...(field.description ? { says: field.description } : {}),
      });
    }
  }
  if (place.value) {
    const { path, before, quoted } = place.value;
    const forms = formsAt(schema, path);
    const bare = json && !quoted;
    if (before.trim() === "") {
      for (const choice of choicesIn(forms)) {
        const text = String(choice);
        offers.push({
          label: text,
          apply: bare && typeof choice === "string" ? `"${text}"` : text,
          kind: "choice",
        });
      }
    }
    const language = languageIn(forms);
    // Without quotes, an expression in JSON has not begun.
    if (language && !bare) offers.push(...wordsOf(language, before, document));
    else if (takesParameter(forms) && !bare) offers.push(...parametersOf(document));
  }
  return { from: place.from, offers };
}

function wordsOf(language: Language, before: string, document: Json | null): Offer[] {
  const compared = /\b(\w+)\s*(?:[=!]=|(?:not\s+)?in\s*\[[^\]]*)\s*'$/.exec(before)?.[1] ?? "";
  const texts = language.texts[compared];
  if (texts) return texts.map((text) => ({ label: text, apply: text, kind: "choice" }));
  // Within the quotes of a text or of a timeframe nothing else is meant.
  if (/'$/.test(before)) {
    return language.timeframes.map((name) => ({ label: name, apply: name, kind: "choice" }));
  }
  return [
    ...parametersOf(document),
    ...Object.entries(mapIn(document, "indicators")).map(
      ([name, text]): Offer => ({ label: name, apply: name, kind: "name", says: String(text), first: true }),
    ),
    ...language.functions.map(
      ({ name, signature, formula, subject }): Offer => ({
        label: name,
        apply: signature === `${name}()` ? name : `${name}(`,
        kind: "function",
        detail: signature.slice(name.length),
        says: `${formula.replaceAll("`", "")} · ${subject}`,
      }),
    ),
    { label: "tf", apply: "tf(", kind: "function", detail: "('4h', …)", says: "on longer bars" },
    ...language.fields.map((name): Offer => ({ label: name, apply: name, kind: "name", detail: "candle" })),
    ...language.states.map((name): Offer => ({ label: name, apply: name, kind: "name", detail: "position" })),
    ...Object.entries(language.ready).map(
      ([name, text]): Offer => ({ label: name, apply: name, kind: "name", detail: text }),
    ),
    ...language.keywords.map((name): Offer => ({ label: name, apply: name, kind: "keyword" })),
  ];
}

function parametersOf(document: Json | null): Offer[] {
  return Object.entries(mapIn(document, "parameters")).map(([name, declared]) => {
    const standard = typeof declared === "object" && declared !== null && "default" in declared;
    const detail = String(standard ? (declared as { default: unknown }).default : declared);
    return { label: `$${name}`, apply: `$${name}`, kind: "parameter", detail, first: true };
  });
}

function mapIn(document: Json | null, name: string): Json {
  const value = document?.[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
