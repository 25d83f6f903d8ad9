"""Several runs side by side: their metrics, and where their configurations differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.api.published import Published, published
from functions.api.staleness import Staleness
from functions.api.wire import run_answer
from shared import access
from shared.errors import InvalidInputError, Issue
from shared.responses import CompareAnswer, Difference

FEWEST, MOST = 2, 6


def compare(owner: str, ids: str) -> CompareAnswer:
    """Compare the runs of a comma-separated list. Raises NotFoundError, NotFinishedError."""
    run_ids = [part.strip() for part in ids.split(",")]
    if not FEWEST <= len(run_ids) <= MOST:
        message = f"names {len(run_ids)} backtests; compare {FEWEST} to {MOST}, separated by commas"
        raise InvalidInputError([Issue("ids", message)])
    if len(set(run_ids)) < len(run_ids):
        raise InvalidInputError([Issue("ids", "names a backtest twice; name each once")])
    found = [published(owner, run_id) for run_id in run_ids]
    staleness = Staleness(access.datasets())
    return CompareAnswer(
        backtests=[run_answer(entry.run, staleness.of(entry.run)) for entry in found],
        metrics=_metrics(found),
        differences=_differences([entry.request for entry in found]),
    )


def _metrics(found: Sequence[Published]) -> dict[str, list[Any]]:
    """Return the metrics that are numbers or text, in the first run's order, a value a run."""
    every = [entry.metrics for entry in found]
    named = dict.fromkeys(name for metrics in every for name in metrics)
    return {
        name: [metrics.get(name) for metrics in every]
        for name in named
        if not any(isinstance(metrics.get(name), dict | list) for metrics in every)
    }


def _differences(requests: Sequence[Mapping[str, Any]]) -> list[Difference]:
    flat = [dict(_paths(request)) for request in requests]
    named = dict.fromkeys(path for leaves in flat for path in leaves)
    rows = [(path, [leaves.get(path) for leaves in flat]) for path in named]
    return [
        Difference(path=path, values=values)
        for path, values in rows
        if any(value != values[0] for value in values)
    ]


def _paths(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield every leaf of a configuration with its path, `strategy.triggers[0].entry`."""
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _paths(entry, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and value:
        for number, entry in enumerate(value):
            yield from _paths(entry, f"{path}[{number}]")
    else:
        yield path, value
