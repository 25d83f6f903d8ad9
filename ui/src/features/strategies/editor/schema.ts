/** What the JSON Schema of documents (`GET /schemas/strategy`) allows at a place. */

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  pattern?: string;
  description?: string;
  "x-language"?: Language;
}

/** The words of expressions. */
export interface Language {
  functions: { name: string; signature: string; formula: string; subject: string; condition: boolean }[];
  fields: string[];
  states: string[];
  texts: Record<string, string[]>;
  short_forms: string[];
  ready: Record<string, string>;
  keywords: string[];
  timeframes: string[];
}

/** Return every form that may stand at a path. */
export function formsAt(root: Schema, path: (string | number)[]): Schema[] {
  let forms = formsOf(root, root);
  for (const part of path) {
    forms = forms.flatMap((form) => below(form, part)).flatMap((schema) => formsOf(root, schema));
  }
  return forms;
}

/** The fields of the objects that may stand here, with what is said of each. */
export function fieldsIn(forms: Schema[]): Map<string, Schema & { needed: boolean }> {
  const found = new Map<string, Schema & { needed: boolean }>();
  for (const form of forms) {
    for (const [name, schema] of Object.entries(form.properties ?? {})) {
      if (!found.has(name)) found.set(name, { ...schema, needed: form.required?.includes(name) ?? false });
    }
  }
  return found;
}

/** The values that may be chosen here. */
export function choicesIn(forms: Schema[]): (string | number | boolean)[] {
  const found = new Set<string | number | boolean>();
  for (const form of forms) {
    const values = form.const === undefined ? (form.enum ?? []) : [form.const];
    const kinds = Array.isArray(form.type) ? form.type : [form.type];
    for (const value of kinds.includes("boolean") ? [...values, true, false] : values) {
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
        found.add(value);
    }
  }
  return [...found];
}

/** The language of the expression that may stand here. */
export function languageIn(forms: Schema[]): Language | null {
  return forms.find((form) => form["x-language"])?.["x-language"] ?? null;
}

/** Whether a parameter, `$name`, may stand for a number here. */
export function takesParameter(forms: Schema[]): boolean {
  return forms.some((form) => form.pattern?.startsWith("^\\$") ?? false);
}

function formsOf(root: Schema, schema: Schema): Schema[] {
  const named = schema.$ref?.replace("#/$defs/", "");
  const said = named === undefined ? schema : (root.$defs?.[named] ?? {});
  const own = said.properties || said.type || said.enum || said.const !== undefined ? [said] : [];
  return [
    ...own,
    ...(said.anyOf ?? [])
      // What only says what must stand together has no form of its own.
      .filter((form) => !(form.required && !form.type))
      .flatMap((form) => formsOf(root, form)),
  ];
}

function below(form: Schema, part: string | number): Schema[] {
  if (typeof part === "number") return form.items ? [form.items] : [];
  const named = form.properties?.[part];
  if (named) return [named];
  const others = form.additionalProperties;
  return typeof others === "object" ? [others] : [];
}
