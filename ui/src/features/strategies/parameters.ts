/** A strategy's parameters as its document declares them: a value, or a value with its type and range. */

export interface Declared {
  type: "int" | "float" | "bool";
  standard: number | boolean | null;
  low: number | null;
  high: number | null;
  step: number | null;
  meaning: string;
}

export function declaredOf(parameters: unknown): Record<string, Declared> {
  if (typeof parameters !== "object" || parameters === null || Array.isArray(parameters)) return {};
  return Object.fromEntries(Object.entries(parameters).map(([name, said]) => [name, one(said)]));
}

function one(said: unknown): Declared {
  const full =
    typeof said === "object" && said !== null ? (said as Record<string, unknown>) : { default: said };
  const standard = typeof full.default === "boolean" ? full.default : number(full.default);
  return {
    type: typeOf(full.type, standard),
    standard,
    low: number(full.min),
    high: number(full.max),
    step: number(full.step),
    meaning: typeof full.description === "string" ? full.description : "",
  };
}

function typeOf(said: unknown, standard: number | boolean | null): Declared["type"] {
  if (said === "int" || said === "float" || said === "bool") return said;
  // As the engine takes a bare value.
  if (typeof standard === "boolean") return "bool";
  return Number.isInteger(standard) ? "int" : "float";
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
