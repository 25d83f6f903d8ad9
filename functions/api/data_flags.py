"""What is suspicious in the candles of a run."""

from __future__ import annotations

from functions.api.datasets import flag_fields
from functions.api.published import Published
from shared import access
from shared.flags import KINDS, counts, flags_between
from shared.manifest import Flag
from shared.responses_audit import DataFlag, DataFlags
from shared.run_candles import candle_versions

# More than anybody reads; the counts have them all.
SHOWN_FLAGS = 100


def data_flags(results: Published) -> DataFlags:
    """Return the flags in the span that a run read, of each of its datasets, from their manifests alone."""
    run, resolved = results.run, results.resolved
    versions = candle_versions(access.store(), resolved, run.dataset_owners, run.finer_owners)
    found = [
        (flag, str(version.dataset))
        for version in versions
        for flag in flags_between(version.manifest, resolved.warm_up_start_ms, resolved.end_ms)
    ]
    gravest = sorted(found, key=lambda entry: (KINDS.index(entry[0].kind), entry[0].from_ms))[:SHOWN_FLAGS]
    return DataFlags.model_validate(
        {
            "counts": counts(flag for flag, _ in found),
            "flags": [_row(*entry) for entry in sorted(gravest, key=lambda entry: entry[0].from_ms)],
            "left_out": len(found) - len(gravest),
            "not_audited": [str(entry.dataset) for entry in versions if entry.manifest.audit is None],
        }
    )


def _row(flag: Flag, dataset_id: str) -> DataFlag:
    return DataFlag.model_validate({**flag_fields(flag), "dataset_id": dataset_id})
