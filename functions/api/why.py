"""Why or why not at one bar of a completed run: the run is folded again, up to there.

It is done in this function, not in one of its own: its zip carries numpy, pyarrow and the compiled engine
anyway (playback reads Parquet), so that another function would only add a cold start, a hop and a right to
invoke it. The engine's numeric part is imported by the first such request (about 30 ms). Folding takes 0.1
to 0.5 s for 2.1 million bars; reading them is what a client waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.candles import number_of
from functions.api.published import Published
from shared import access
from shared.candles import DatasetVersion, candles_reader
from shared.errors import ConflictError, InvalidInputError, Issue
from shared.resolved_run import ResolvedRun, engine_plan
from shared.responses_why import DecidedFill, WhyAnswer
from shared.run_candles import candle_versions, run_bars, run_funding
from shared.times import iso

if TYPE_CHECKING:
    import engine


def why(results: Published, at_ms: int, symbol: str | None, trigger: str | None) -> WhyAnswer:
    """Explain the bar of a symbol (default: the run's first) that opens at `at_ms`.

    Raises InvalidInputError for a symbol, trigger or bar that the run does not have, and ConflictError for a
    run of another engine, whose decisions this one might not repeat.
    """
    import engine

    _check_engine(results)
    resolved = results.resolved
    run = results.run
    number = number_of(symbol, [entry.symbol for entry in resolved.symbols])
    versions = candle_versions(access.store(), resolved, run.dataset_owners, run.finer_owners)
    _check_bar(resolved, versions[number], at_ms)
    try:
        explainer = engine.Explainer(
            engine_plan(resolved, run_funding(access.store(), resolved, run.funding_owners)),
            resolved.symbols[number].symbol,
            at_ms,
            trigger=trigger,
        )
    except engine.PlanError as error:
        issues = [Issue(issue.path, issue.message, issue.value) for issue in error.issues]
        raise InvalidInputError(issues) from None
    for bars, finer in run_bars(access.store(), resolved, versions):
        explainer.take(bars, finer)
        if not explainer.needs_more:
            break
    return WhyAnswer.model_validate(_wire(explainer.explanation()))


def _check_engine(results: Published) -> None:
    import engine

    made_by = results.reader.manifest.engine_version
    if made_by != engine.ENGINE_VERSION:
        raise ConflictError(
            f"this run was made by version {made_by} of the engine, which is now {engine.ENGINE_VERSION} and "
            "might decide otherwise; run it again to have it explained"
        )


def _check_bar(resolved: ResolvedRun, version: DatasetVersion, at_ms: int) -> None:
    """Refuse a time that is no open of one of the run's bars, naming one that is."""
    span = f"this run's bars open from {iso(resolved.start_ms)} to before {iso(resolved.end_ms)}"
    if not resolved.start_ms <= at_ms < resolved.end_ms:
        raise InvalidInputError([Issue("at", f"lies outside: {span}", iso(at_ms))])
    reader = candles_reader(access.store(), version)
    stop = reader.first_at_or_after(at_ms + 1)
    found = reader.slice(stop - 1, stop, ["timestamp"])
    nearest = found.column("timestamp")[0].as_py() if found.num_rows else None
    if nearest == at_ms:
        return
    message = f"no bar of {version.dataset.symbol} opens then; "
    if nearest is not None and nearest >= resolved.start_ms:
        message += f"the nearest before opens at {iso(nearest)}"
    else:
        message += f"there is none before in this run; {span}"
    raise InvalidInputError([Issue("at", message, iso(at_ms))])


def _wire(explanation: engine.Explanation) -> dict[str, Any]:
    """Say an explanation as the answer's model has it; of fills what belongs to a decision."""
    found = explanation.to_dict()
    if found["decision"] is not None:
        kept = DecidedFill.model_fields
        for number, fill in enumerate(found["decision"]["fills"]):
            found["decision"]["fills"][number] = {name: fill[name] for name in kept}
    return found
