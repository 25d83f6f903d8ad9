/** What stands in the form of a new run: figures as they are typed, so that nothing half-written is lost. */
import { type FieldSpec, fieldOf, fieldsOf } from "@/api/fields";

/** By field; "" is nothing: off where a field may be null, else its default. */
export type Values = Record<string, string | boolean>;

/** Limits of the run: the strategy's own, or those that stand here, in their place as a whole. */
export interface Terms {
  own: boolean;
  values: Values;
}

export type Source = "preset" | "own" | "document";

export interface Draft {
  source: Source;
  presetId: string;
  savedId: string;
  /** Null is the newest. */
  savedVersion: number | null;
  /** YAML or JSON. */
  document: string;
  /** What differs from the strategy's defaults. */
  parameters: Values;
  exchange: string;
  symbols: string[];
  timeframe: string;
  /** Its dates stand in `start` and `end`; "" when these were chosen by hand. */
  regime: string;
  start: string;
  end: string;
  funds: "cash" | "allocations";
  cash: string;
  allocations: { name: string; amount: string }[];
  costs: Values;
  risk: Terms;
  behaviour: Terms;
  leverage: string;
  maintenance: string;
  funding: "none" | "stored" | "assumed";
  fundingTerms: Values;
  finer: string;
  name: string;
  tags: string[];
  notes: string;
  /** The run that the form was filled from. */
  clonedFrom: string | null;
}

export const COSTS = fieldsOf("CostsRequest");
export const RISK = fieldsOf("RiskRequest");
export const BEHAVIOUR = fieldsOf("BehaviourRequest");
export const FUNDING = fieldsOf("FundingRequest");
export const CASH = fieldOf("BacktestRequest", "initial_cash");
export const LEVERAGE = fieldOf("BacktestRequest", "leverage");
export const MAINTENANCE = fieldOf("BacktestRequest", "maintenance_margin_pct");
export const TIMEFRAMES = fieldOf("BacktestRequest", "timeframe").choices;

/** Return each field's default, as the form writes it. */
export function standards(specs: FieldSpec[]): Values {
  return Object.fromEntries(specs.map((spec) => [spec.name, written(spec, spec.standard)]));
}

/** Write a field's value as the form does. */
export function written(spec: FieldSpec, value: unknown): string | boolean {
  if (spec.kind === "flag") return value === true;
  if (value === null || value === undefined) {
    return spec.choices.includes("none") ? "none" : "";
  }
  return String(value);
}

export function emptyDraft(): Draft {
  return {
    source: "preset",
    presetId: "",
    savedId: "",
    savedVersion: null,
    document: "",
    parameters: {},
    exchange: "",
    symbols: [],
    timeframe: "1h",
    regime: "",
    start: "",
    end: "",
    funds: "cash",
    cash: String(CASH.standard),
    allocations: [{ name: "cash", amount: "" }],
    costs: standards(COSTS),
    risk: { own: true, values: standards(RISK) },
    behaviour: { own: true, values: standards(BEHAVIOUR) },
    leverage: String(LEVERAGE.standard),
    maintenance: String(MAINTENANCE.standard),
    funding: "none",
    fundingTerms: standards(FUNDING),
    finer: "",
    name: "",
    tags: [],
    notes: "",
    clonedFrom: null,
  };
}

const KEY = "stepfold.new-run";

export function keptDraft(): Draft {
  const empty = emptyDraft();
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Draft>;
    // What an older page kept may lack what is younger, and keep what is gone.
    const known = Object.entries(kept).filter(
      ([name, value]) => name in empty && sameKind(value, empty[name as keyof Draft]),
    );
    const draft = { ...empty, ...Object.fromEntries(known) } as Draft;
    return {
      ...draft,
      costs: { ...empty.costs, ...draft.costs },
      risk: withAll(draft.risk, empty.risk),
      behaviour: withAll(draft.behaviour, empty.behaviour),
      fundingTerms: { ...empty.fundingTerms, ...draft.fundingTerms },
    };
  } catch {
    return empty;
  }
}

export function keepDraft(draft: Draft): void {
  localStorage.setItem(KEY, JSON.stringify(draft));
}

function withAll(kept: Terms, empty: Terms): Terms {
  return { own: kept.own !== false, values: { ...empty.values, ...kept.values } };
}

function sameKind(value: unknown, model: unknown): boolean {
  if (model === null) return true;
  return typeof value === typeof model && Array.isArray(value) === Array.isArray(model) && value !== null;
}
