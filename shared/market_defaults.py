"""What a run takes from the market facts of its datasets, where its request says nothing."""

from __future__ import annotations

from collections.abc import Sequence

from shared.candles import DatasetVersion
from shared.terms import DEFAULT_FEE_BPS

# Where an exchange publishes no step, or the candles were imported.
_FINEST_STEP = 1e-8


def quantity_step(version: DatasetVersion) -> float:
    facts = version.manifest.market
    return facts.quantity_step or _FINEST_STEP if facts else _FINEST_STEP


def min_notional(version: DatasetVersion) -> float:
    facts = version.manifest.market
    return facts.min_notional or 0.0 if facts else 0.0


def fees_bps(
    versions: Sequence[DatasetVersion], taker_bps: float | None, maker_bps: float | None
) -> tuple[float, float]:
    """Return taker and maker fee: as asked for, else the highest that is published of the run's markets."""
    facts = [version.manifest.market for version in versions]
    takers = [fact.taker_fee_bps if fact else None for fact in facts]
    makers = [fact.maker_fee_bps if fact else None for fact in facts]
    return _fee(takers) if taker_bps is None else taker_bps, _fee(makers) if maker_bps is None else maker_bps


def _fee(published: Sequence[float | None]) -> float:
    return max(DEFAULT_FEE_BPS if fee is None else fee for fee in published)
