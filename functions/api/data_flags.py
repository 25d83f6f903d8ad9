"""What is suspicious in the candles of a run."""

from __future__ import annotations

from collections.abc import Sequence

from functions.api.datasets import flag_fields
from functions.api.published import Published
from shared.candles import DatasetVersion
from shared.flags import KINDS, counts, flags_between
from shared.manifest import Flag
from shared.resampled import incomplete_between
from shared.responses_audit import DataFlag, DataFlags

# More than anybody reads; the counts have them all.
SHOWN_FLAGS = 100


def data_flags(results: Published, versions: Sequence[DatasetVersion]) -> DataFlags:
    """Return the flags in the span that a run read, of each of its datasets, from their manifests alone.

    `versions` is what it read, as `candle_versions` returns it.
    """
    span = results.resolved.warm_up_start_ms, results.resolved.end_ms
    found = [(flag, str(version.stored.dataset)) for version in versions for flag in _flags(version, *span)]
    gravest = sorted(found, key=lambda entry: (KINDS.index(entry[0].kind), entry[0].from_ms))[:SHOWN_FLAGS]
    return DataFlags.model_validate(
        {
            "counts": counts(flag for flag, _ in found),
            "flags": [_row(*entry) for entry in sorted(gravest, key=lambda entry: entry[0].from_ms)],
            "left_out": len(found) - len(gravest),
            "not_audited": [
                str(entry.stored.dataset) for entry in versions if entry.stored.manifest.audit is None
            ],
        }
    )


def _flags(version: DatasetVersion, start_ms: int, end_ms: int) -> list[Flag]:
    """Return the flags of the candles as they are held, and of the bars that are made as they are read."""
    flags = flags_between(version.stored.manifest, start_ms, end_ms)
    return flags if version.source is None else flags + incomplete_between(version, start_ms, end_ms)


def _row(flag: Flag, dataset_id: str) -> DataFlag:
    return DataFlag.model_validate({**flag_fields(flag), "dataset_id": dataset_id})
