"""Strategies: the presets, those that users keep, and whether a document can be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.api.windows import number_after
from shared import access
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.identifiers import body_hash
from shared.requests_strategies import StrategyRequest, StrategySave, StrategyUpdate
from shared.responses import ErrorItem
from shared.responses_market import (
    StrategyAnswer,
    StrategyCheck,
    StrategyKind,
    StrategyList,
    StrategySummary,
    StrategyVersions,
)
from shared.saved_strategies import SavedStrategy
from shared.strategies import named_strategy, parse
from shared.symbols import nearest
from shared.times import TIMEFRAMES


def list_strategies(owner: str, kind: StrategyKind | None, limit: int, cursor: str | None) -> StrategyList:
    """Return one page: an owner's own, the last changed first, then the presets."""
    found: list[StrategySummary] = []
    begin = _first_preset(kind, cursor)
    if begin is None:
        own, next_cursor = access.strategies().newest(owner, limit=limit, cursor=cursor)
        found = [_summary(saved) for saved in own]
        if next_cursor is not None or kind == "saved":
            return StrategyList(strategies=found, next_cursor=next_cursor)
    presets = _preset_ids(kind)
    begin = begin or 0
    end = min(begin + limit - len(found), len(presets))
    found += [_summary_of_preset(strategy_id) for strategy_id in presets[begin:end]]
    return StrategyList(strategies=found, next_cursor=f"p{end}" if end < len(presets) else None)


def strategy_answer(owner: str, strategy_id: str, version: int | None) -> StrategyAnswer:
    """Return a strategy with its document. Raises NotFoundError, naming the nearest one."""
    import engine

    try:
        return _answer(access.strategies().get(owner, strategy_id, version))
    except NotFoundError as error:
        presets = _preset_ids()
        if strategy_id in presets and version is not None:
            raise NotFoundError(f"{strategy_id!r} is a preset, which has no versions") from None
        if strategy_id not in presets:
            near = nearest(strategy_id[:60], presets, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise NotFoundError(error.detail + hint) from None
    document = dict(engine.preset(strategy_id))
    return StrategyAnswer(**_summary_of_preset(strategy_id).model_dump(), document=document)


def versions_of(owner: str, strategy_id: str, limit: int, cursor: str | None) -> StrategyVersions:
    """Return one page of a saved strategy's versions, newest first. Raises NotFoundError."""
    before = number_after("v", cursor, "versions")
    found = access.strategies().versions(owner, strategy_id, limit=limit, before=before)
    more = bool(found) and found[-1].version > 1
    return StrategyVersions(
        versions=[_summary(saved) for saved in found],
        next_cursor=f"v{found[-1].version}" if more else None,
    )


def save(owner: str, request: StrategySave) -> tuple[StrategyAnswer, bool]:
    """Keep a new strategy; return it and whether this call made it."""
    saved, new = access.strategies().create(owner, request.strategy, request.id)
    return _answer(saved, request.strategy), new


def update(owner: str, strategy_id: str, request: StrategyUpdate) -> StrategyAnswer:
    """Save the next version of a strategy. Raises NotFoundError, ConflictError."""
    try:
        saved = access.strategies().update(owner, strategy_id, request.strategy, request.if_version)
    except NotFoundError:
        _refuse_preset(strategy_id)
        raise
    return _answer(saved, request.strategy)


def delete(owner: str, strategy_id: str) -> None:
    """Hide a strategy. Raises NotFoundError, ConflictError."""
    try:
        access.strategies().delete(owner, strategy_id)
    except NotFoundError:
        _refuse_preset(strategy_id)
        raise


def check(owner: str, request: StrategyRequest) -> StrategyCheck:
    """Say whether a strategy can be run with these parameters, or everything that is wrong with it."""
    import engine

    try:
        document = named_strategy(request.strategy, owner, access.strategies()).document
        strategy = parse(document, request.parameters)
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


def _summary(saved: SavedStrategy) -> StrategySummary:
    return StrategySummary(
        strategy_id=saved.strategy_id,
        kind="saved",
        version=saved.version,
        name=saved.name,
        description=saved.description,
        parameters=saved.parameters,
        updated_at=saved.saved_at,
        strategy_hash=saved.strategy_hash,
    )


def _answer(saved: SavedStrategy, document: Mapping[str, Any] | None = None) -> StrategyAnswer:
    """Return a version with its document, which is read unless it is at hand."""
    if document is None:
        document = access.strategies().document(saved)
    summary = _summary(saved).model_dump() | _declared(document)
    return StrategyAnswer(**summary, document=dict(document))


def _summary_of_preset(strategy_id: str) -> StrategySummary:
    import engine

    document = engine.preset(strategy_id)
    return StrategySummary(
        strategy_id=strategy_id,
        kind=engine.preset_kind(strategy_id),
        version=None,
        name=str(document["name"]),
        updated_at=None,
        strategy_hash=body_hash(document),
        **_declared(document),
    )


def _declared(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": document.get("description") or "",
        "parameters": dict(document.get("parameters") or {}),
    }


def _preset_ids(kind: StrategyKind | None = None) -> list[str]:
    """Ids of what ships, presets and archetypes, or of one kind."""
    import engine

    return list(engine.preset_ids(kind))


def document_schema() -> dict[str, Any]:
    """Return the JSON Schema of strategy documents."""
    import engine

    return engine.strategy_schema()


def _refuse_preset(strategy_id: str) -> None:
    """Raise ConflictError for the id of a preset."""
    if strategy_id in _preset_ids():
        raise ConflictError(
            f"{strategy_id!r} is a preset, which stays as it is; POST /strategies keeps one of your own"
        )


def _first_preset(kind: StrategyKind | None, cursor: str | None) -> int | None:
    """Return the number of the preset that a page begins with; None where it begins with an owner's own."""
    if kind in ("preset", "archetype"):
        return number_after("p", cursor, "strategies") or 0
    of_presets = kind is None and cursor is not None and len(cursor) <= 3
    return number_after("p", cursor, "strategies") if of_presets else None
