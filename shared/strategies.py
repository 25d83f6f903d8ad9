"""Strategies as requests name them: the id of a preset, or a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.errors import InvalidInputError, Issue
from shared.requests import MAX_STRATEGY_BYTES
from shared.store import canonical_json
from shared.symbols import nearest

if TYPE_CHECKING:
    from engine import Strategy


def strategy_document(strategy: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document that a request means. Raises InvalidInputError."""
    import engine

    if isinstance(strategy, str):
        known = engine.preset_ids()
        if strategy not in known:
            near = nearest(strategy, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; choose one of {', '.join(known)}"
            raise InvalidInputError(
                [Issue("strategy", f"there is no preset of this name{hint}", strategy[:80])]
            )
        return engine.preset(strategy)
    try:
        size = len(canonical_json(strategy))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError([Issue("strategy", f"cannot be written as JSON: {error}")]) from None
    if size > MAX_STRATEGY_BYTES:
        raise InvalidInputError(
            [Issue("strategy", f"has {size:,} bytes; at most {MAX_STRATEGY_BYTES:,} are taken", size)]
        )
    return strategy


def parse(strategy: str | Mapping[str, Any], parameters: Mapping[str, Any]) -> Strategy:
    """Return the strategy of a request with its parameters bound.

    Raises InvalidInputError: `strategy.…` for what is wrong in the document, `parameters.…` for a value.
    """
    import engine

    document = strategy_document(strategy)
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
