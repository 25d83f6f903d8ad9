"""The stored funding rates that a run names: which they are, and whether they cover it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.candles import DatasetVersion, load_version
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.funding import not_covered
from shared.names import FUNDING, DatasetName
from shared.store import ObjectStore
from shared.venues import VENUES

PERPETUAL = "-PERP"


def stored_funding(
    store: ObjectStore, held: Sequence[Dataset], markets: Sequence[DatasetName], start_ms: int, end_ms: int
) -> tuple[DatasetVersion, ...]:
    """Return the rates of each market, in their order, among those that are held.

    A symbol has its own, or else those of its perpetual on the same exchange. Raises InvalidInputError with
    every market whose rates are missing or do not cover the span, and how to get them: no payment is taken
    for 0 because nobody knows it.
    """
    by_name = {dataset.name: dataset for dataset in held}
    versions: list[DatasetVersion] = []
    issues: list[Issue] = []
    for market in markets:
        names = _names(market)
        entry = next((by_name[name] for name in names if name in by_name), None)
        if entry is None:
            symbols = " or ".join(name.symbol for name in names)
            fault = f"no funding rates of {symbols} are held from {market.exchange}"
            issues.append(Issue("funding", f"{fault}; {_how(names[-1])}"))
            continue
        version = load_version(store, entry.owner, entry.name, entry.version)
        if fault_of := not_covered(version, start_ms, end_ms):
            fault = f"the funding rates of {entry.name.symbol} are {fault_of}"
            issues.append(Issue("funding", f"{fault}; {_how(entry.name)}"))
        versions.append(version)
    if issues:
        raise InvalidInputError(issues)
    return tuple(versions)


def _names(market: DatasetName) -> list[DatasetName]:
    symbols = (
        [market.symbol] if market.symbol.endswith(PERPETUAL) else [market.symbol, market.symbol + PERPETUAL]
    )
    return [DatasetName(market.exchange, symbol, FUNDING) for symbol in symbols]


def _how(name: DatasetName) -> str:
    venue = VENUES.get(name.exchange)
    fetch = ""
    if venue is not None and venue.perpetuals:
        fetch = f"`stepfold data fetch {name.exchange} {name.symbol} --funding --since …` or "
    return (
        f"bring them in with {fetch}`stepfold data import FILE --funding --exchange {name.exchange} --symbol "
        f"{name.symbol}`, or state an assumption"
    )
