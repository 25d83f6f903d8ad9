"""What an import says of the version that it made."""

from __future__ import annotations

from typing import Any

from shared.candles import DatasetVersion
from shared.datasets import Dataset
from shared.flags import flagged
from shared.times import iso


def report_of(version: DatasetVersion, held: Dataset, first_ms: int, last_ms: int) -> dict[str, Any]:
    """Return what every report has; `first_ms` and `last_ms` are the opens that came in."""
    return {
        "dataset_id": str(version.dataset),
        "version": version.version,
        "number": held.number,
        "first": iso(first_ms),
        "last": iso(last_ms),
        **flagged(version.manifest, first_ms, last_ms + 1),
        "dataset_rows": held.rows,
        "dataset_first": iso(held.first_ms),
        "dataset_last": iso(held.last_ms),
    }
