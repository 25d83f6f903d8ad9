"""Strategies: the presets, and whether a document can be run."""

from __future__ import annotations

from shared.errors import InvalidInputError, NotFoundError
from shared.requests import StrategyRequest
from shared.responses import ErrorItem
from shared.responses_market import StrategyAnswer, StrategyCheck, StrategySummary
from shared.strategies import parse
from shared.symbols import nearest
from shared.times import TIMEFRAMES


def preset_summaries() -> list[StrategySummary]:
    return [
        StrategySummary(**preset_answer(strategy_id).model_dump(exclude={"document"}))
        for strategy_id in _preset_ids()
    ]


def preset_answer(strategy_id: str) -> StrategyAnswer:
    """Return a preset with its document. Raises NotFoundError naming the nearest one."""
    import engine

    known = _preset_ids()
    if strategy_id not in known:
        near = nearest(strategy_id[:60], known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
        raise NotFoundError(f"there is no preset {strategy_id[:60]!r}{hint}")
    document = dict(engine.preset(strategy_id))
    return StrategyAnswer(
        strategy_id=strategy_id,
        name=document["name"],
        description=document.get("description", ""),
        parameters=document.get("parameters", {}),
        document=document,
    )


def check(request: StrategyRequest) -> StrategyCheck:
    """Say whether a strategy can be run with these parameters, or everything that is wrong with it."""
    import engine

    try:
        strategy = parse(request.strategy, request.parameters)
    except InvalidInputError as error:
        errors = [ErrorItem(**issue.to_dict()) for issue in error.issues]
        return StrategyCheck(valid=False, errors=errors, warm_up_bars=None, parameters=None)
    return StrategyCheck(
        valid=True,
        errors=[],
        # In bars of an hour: without a run their length is not known, which tf() and the day's prices need.
        warm_up_bars=engine.warm_up_bars(strategy, TIMEFRAMES["1h"]),
        parameters=dict(strategy.parameters),
    )


def _preset_ids() -> list[str]:
    import engine

    return list(engine.preset_ids())
