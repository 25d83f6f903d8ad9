/** From what a run was asked to a form that asks the same. */
import type { FieldSpec } from "@/api/fields";
import type { BacktestRequest, Run } from "@/api/types";
import {
  BEHAVIOUR,
  COSTS,
  type Draft,
  emptyDraft,
  FUNDING,
  RISK,
  type Terms,
  type Values,
  written,
} from "@/features/new-run/draft";

/** Of the run itself: what its strategy went by, which its request no longer says. */
type Named = Pick<Run, "run_id" | "strategy_id" | "strategy_version">;

/** `dates` are those of the request's regime, `document` its strategy as a text. */
export function draftOf(
  request: BacktestRequest,
  run: Named,
  dates: { start_date: string; end_date: string } | null,
  document: string,
): Draft {
  const empty = emptyDraft();
  const kind = run.strategy_id === null ? "document" : run.strategy_version === null ? "preset" : "own";
  const allocations = Object.entries(request.initial_allocations ?? {});
  const funding = request.funding ?? null;
  return {
    ...empty,
    source: kind,
    presetId: kind === "preset" ? (run.strategy_id ?? "") : "",
    savedId: kind === "own" ? (run.strategy_id ?? "") : "",
    savedVersion: kind === "own" ? run.strategy_version : null,
    document: kind === "document" ? document : "",
    parameters: Object.fromEntries(
      Object.entries(request.parameters).map(([name, value]) => [
        name,
        typeof value === "boolean" ? value : String(value),
      ]),
    ),
    exchange: request.exchange ?? "",
    symbols: request.symbols,
    timeframe: request.timeframe,
    regime: request.regime ?? "",
    start: dates?.start_date ?? request.start_date ?? "",
    end: dates?.end_date ?? request.end_date ?? "",
    funds: allocations.length > 0 ? "allocations" : "cash",
    cash: String(request.initial_cash),
    allocations:
      allocations.length > 0
        ? allocations.map(([name, amount]) => ({ name, amount: String(amount) }))
        : empty.allocations,
    costs: valuesOf(COSTS, request.costs),
    risk: termsOf(RISK, request.risk),
    behaviour: termsOf(BEHAVIOUR, request.behaviour),
    leverage: String(request.leverage),
    maintenance: String(request.maintenance_margin_pct),
    funding: funding === null ? "none" : "source" in funding ? "stored" : "assumed",
    fundingTerms:
      funding !== null && !("source" in funding) ? valuesOf(FUNDING, funding) : empty.fundingTerms,
    finer: request.finer_timeframe ?? "",
    name: request.name ?? "",
    tags: request.tags,
    notes: request.notes ?? "",
    clonedFrom: run.run_id,
  };
}

function termsOf(specs: FieldSpec[], sent: object | null | undefined): Terms {
  return { own: sent === null || sent === undefined, values: valuesOf(specs, sent ?? null) };
}

/** What a request says of each field; what it does not say has its default. */
function valuesOf(specs: FieldSpec[], sent: object | null): Values {
  const said = new Map(Object.entries(sent ?? {}));
  return Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      written(spec, said.has(spec.name) ? said.get(spec.name) : spec.standard),
    ]),
  );
}
