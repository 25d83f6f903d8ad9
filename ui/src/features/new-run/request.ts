/** From the form to the request that the API is sent; `clone.ts` goes the other way. */
import { type FieldSpec, faultOf } from "@/api/fields";
import type { BacktestRequest } from "@/api/types";
import {
  BEHAVIOUR,
  CASH,
  COSTS,
  type Draft,
  FUNDING,
  LEVERAGE,
  MAINTENANCE,
  RISK,
  type Terms,
  type Values,
  written,
} from "@/features/new-run/draft";
import type { Declared } from "@/features/strategies/parameters";

/** Something that is wrong, at the path that the API would say it of. */
export interface Fault {
  path: string;
  message: string;
}

/** What a request may leave out has a default. */
export type Asked = Pick<BacktestRequest, "symbols" | "timeframe" | "strategy"> & Record<string, unknown>;

/** Return the request, and what keeps it from being sent. `document` is the draft's own, if it can be read. */
export function requestOf(
  draft: Draft,
  document: Record<string, unknown> | null,
  declared: Record<string, Declared>,
): { request: Asked; faults: Fault[] } {
  const faults: Fault[] = [];
  const request: Asked = {
    strategy: strategyOf(draft, document, faults),
    symbols: draft.symbols,
    timeframe: draft.timeframe as BacktestRequest["timeframe"],
  };
  if (draft.symbols.length === 0) faults.push({ path: "symbols", message: "choose at least one" });
  if (draft.exchange) request.exchange = draft.exchange;
  if (draft.regime) {
    request.regime = draft.regime;
  } else {
    if (draft.start) request.start_date = draft.start;
    if (draft.end) request.end_date = draft.end;
  }
  if (draft.funds === "allocations") {
    request.initial_allocations = allocationsOf(draft, faults);
  } else {
    put(request, CASH, draft.cash, faults);
  }
  const parameters = parametersOf(draft.parameters, declared, faults);
  if (Object.keys(parameters).length > 0) request.parameters = parameters;
  const costs = differing(COSTS, draft.costs, "costs", faults);
  if (Object.keys(costs).length > 0) request.costs = costs;
  putTerms(request, "risk", RISK, draft.risk, faults);
  putTerms(request, "behaviour", BEHAVIOUR, draft.behaviour, faults);
  put(request, LEVERAGE, draft.leverage, faults);
  put(request, MAINTENANCE, draft.maintenance, faults);
  if (draft.funding === "stored") request.funding = { source: "stored" };
  if (draft.funding === "assumed") request.funding = fundingOf(draft.fundingTerms, faults);
  if (draft.finer) request.finer_timeframe = draft.finer;
  if (draft.name.trim()) request.name = draft.name.trim();
  if (draft.tags.length > 0) request.tags = draft.tags;
  if (draft.notes.trim()) request.notes = draft.notes;
  return { request, faults };
}

function strategyOf(draft: Draft, document: Record<string, unknown> | null, faults: Fault[]) {
  if (draft.source === "document") {
    if (document === null) {
      const message = draft.document.trim() ? "cannot be read; see the editor" : "write or paste a document";
      faults.push({ path: "strategy", message });
    }
    return document ?? {};
  }
  const id = draft.source === "preset" ? draft.presetId : draft.savedId;
  if (!id) faults.push({ path: "strategy", message: "choose a strategy" });
  return draft.source === "own" && draft.savedVersion !== null ? `${id}@${draft.savedVersion}` : id;
}

function allocationsOf(draft: Draft, faults: Fault[]): Record<string, number> {
  const named = draft.allocations.filter(({ name, amount }) => name.trim() || amount.trim());
  if (named.length === 0) {
    faults.push({ path: "initial_allocations", message: "say what the account holds, or start with cash" });
  }
  const found: Record<string, number> = {};
  for (const { name, amount } of named) {
    const path = `initial_allocations.${name.trim()}`;
    const value = Number(amount);
    if (!name.trim()) {
      faults.push({ path: "initial_allocations", message: `name what ${amount} is held of` });
    } else if (name.trim() in found) {
      faults.push({ path, message: "stands here twice; add both up" });
    } else if (!amount.trim() || !Number.isFinite(value)) {
      faults.push({ path, message: "say how much, in quote currency" });
    } else {
      found[name.trim()] = value;
    }
  }
  return found;
}

function parametersOf(values: Values, declared: Record<string, Declared>, faults: Fault[]) {
  const found: Record<string, number | boolean | string> = {};
  for (const [name, value] of Object.entries(values)) {
    const parameter = declared[name];
    if (parameter === undefined || value === "" || String(value) === String(parameter.standard)) continue;
    const number = Number(value);
    if (typeof value === "boolean") found[name] = value;
    else if (Number.isFinite(number)) found[name] = number;
    else faults.push({ path: `parameters.${name}`, message: `'${value}' is no number` });
  }
  return found;
}

function fundingOf(values: Values, faults: Fault[]): Record<string, unknown> {
  if (values.assumed_rate_bps === "") {
    faults.push({ path: "funding.assumed_rate_bps", message: "say a rate; 0 if you mean none" });
  }
  return differing(FUNDING, values, "funding", faults);
}

function putTerms(request: Asked, name: string, specs: FieldSpec[], terms: Terms, faults: Fault[]): void {
  if (!terms.own) request[name] = differing(specs, terms.values, name, faults);
}

function put(request: Asked, spec: FieldSpec, text: string, faults: Fault[]): void {
  Object.assign(request, differing([spec], { [spec.name]: text }, "", faults));
}

/** Return the fields that say something else than their defaults. */
function differing(specs: FieldSpec[], values: Values, group: string, faults: Fault[]) {
  const found: Record<string, unknown> = {};
  for (const spec of specs) {
    const value = values[spec.name] ?? "";
    if (value === written(spec, spec.standard)) continue;
    const fault = typeof value === "string" ? faultOf(spec, value) : null;
    if (fault !== null) {
      faults.push({ path: group ? `${group}.${spec.name}` : spec.name, message: fault });
    } else if (value === "") {
      // Not nullable: left out, it has its default.
      if (spec.nullable) found[spec.name] = null;
    } else {
      found[spec.name] = spec.kind === "number" ? Number(value) : value;
    }
  }
  return found;
}
