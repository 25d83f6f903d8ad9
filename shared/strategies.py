"""Strategies as requests name them: a preset, a saved one, a version of it, or a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import InvalidInputError, Issue, NotFoundError
from shared.identifiers import body_hash
from shared.requests import MAX_STRATEGY_BYTES
from shared.store import canonical_json
from shared.symbols import nearest

if TYPE_CHECKING:
    from engine import Strategy
    from shared.saved_strategies import SavedStrategies

_NAME = re.compile(r"(?P<id>[^@]*)(?:@(?P<version>[1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class NamedStrategy:
    """A document, and the name under which a request meant it; a document that was sent whole has none."""

    document: Mapping[str, Any]
    strategy_id: str | None = None
    version: int | None = None  # of a saved strategy; what a preset was is told by its hash

    @property
    def content_hash(self) -> str:
        return body_hash(self.document)


def named_strategy(
    strategy: str | Mapping[str, Any], owner: str, saved: SavedStrategies | None
) -> NamedStrategy:
    """Return what a request means by `my_cross`, `my_cross@3`, `ema_cross` or a document.

    An owner's own comes before a preset, so a preset that is added later changes nobody's runs. Without
    `saved` there are presets alone. Raises InvalidInputError.
    """
    import engine

    if not isinstance(strategy, str):
        return NamedStrategy(strategy)
    reason = f"there is no strategy {strategy[:60]!r}"
    match = _NAME.fullmatch(strategy)
    version = int(match["version"]) if match is not None and match["version"] else None
    if match is not None and saved is not None:
        try:
            found = saved.get(owner, match["id"], version)
        except NotFoundError as error:
            reason = error.detail
        else:
            return NamedStrategy(saved.document(found), found.strategy_id, found.version)
    presets = engine.preset_ids()
    if strategy in presets:
        return NamedStrategy(engine.preset(strategy), strategy)
    own = [] if saved is None else [entry.strategy_id for entry in saved.newest(owner, limit=100)[0]]
    if near := nearest(strategy[:60], [*own, *presets], 1):
        reason += f"; did you mean {near[0]!r}?"
    else:
        reason += f"; choose one of {', '.join([*own[:20], *presets])}"
    raise InvalidInputError([Issue("strategy", reason, strategy[:80])])


def parse(document: Mapping[str, Any], parameters: Mapping[str, Any]) -> Strategy:
    """Return the strategy of a document with its parameters bound.

    Raises InvalidInputError: `strategy.…` for what is wrong in the document, `parameters.…` for a value.
    """
    import engine

    _measure(document)
    try:
        engine.parse_strategy(document)
    except engine.StrategyError as error:
        raise InvalidInputError(
            [
                Issue(
                    f"strategy.{issue.path}" if issue.path else "strategy",
                    issue.message,
                    issue.value,
                    issue.position,
                )
                for issue in error.issues
            ]
        ) from None
    try:
        return engine.parse_strategy(document, parameters)
    except engine.StrategyError as error:
        raise InvalidInputError(
            [Issue(issue.path, issue.message, issue.value, issue.position) for issue in error.issues]
        ) from None


def _measure(document: Mapping[str, Any]) -> None:
    try:
        size = len(canonical_json(document))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError([Issue("strategy", f"cannot be written as JSON: {error}")]) from None
    if size > MAX_STRATEGY_BYTES:
        raise InvalidInputError(
            [Issue("strategy", f"has {size:,} bytes; at most {MAX_STRATEGY_BYTES:,} are taken", size)]
        )
