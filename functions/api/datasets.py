"""What is known of a dataset: its audit, its history; and its end."""

from __future__ import annotations

from itertools import islice

from engine.names import HOUR_MS
from functions.api.windows import number_after
from functions.api.wire import dataset_fields
from shared import access
from shared.candles import load_version
from shared.dataset_removal import remove_dataset
from shared.datasets import Dataset, VersionEntry
from shared.errors import ConflictError, NotFoundError
from shared.flags import counts
from shared.manifest import Audit, Flag
from shared.names import PUBLIC_OWNER, DatasetName
from shared.responses_audit import AuditAnswer, ChangedBars, FlagRow, VersionAnswer, VersionList
from shared.responses_market import DatasetDetail, GapRow, MarketAnswer
from shared.runs import Run
from shared.settings import LOCAL_OWNER
from shared.times import iso

# Of the runs that use a dataset; each is read by itself.
SHOWN_RUNS = 50


def dataset_detail(owner: str, dataset_id: str) -> DatasetDetail:
    """Return a dataset with every gap and its audit. Raises NotFoundError."""
    entry = held_dataset(owner, dataset_id)
    manifest = load_version(access.store(), entry.owner, entry.name, entry.version).manifest
    gaps = [GapRow(start=iso(gap.from_ms), end=iso(gap.to_ms), missing=gap.missing) for gap in manifest.gaps]
    return DatasetDetail(
        **dataset_fields(entry, owner),
        number=entry.number,
        size_bytes=sum(part.size for part in manifest.parts),
        coverage_pct=100.0 * manifest.rows / (manifest.rows + manifest.missing_bars),
        gap_list=gaps,
        market=None if manifest.market is None else MarketAnswer(**manifest.market.to_dict()),
        audit=None if manifest.audit is None else _audit_answer(manifest.audit),
        every_hours=None if manifest.intervals_ms is None else manifest.intervals_ms[1] / HOUR_MS,
    )


def dataset_versions(owner: str, dataset_id: str, limit: int, cursor: str | None) -> VersionList:
    """Return one page of the history of a dataset, newest first. Raises NotFoundError."""
    entry = held_dataset(owner, dataset_id)
    before = number_after("v", cursor, "versions")
    found = access.datasets().versions(entry, limit=limit, before=before)
    more = bool(found) and found[-1].number > 1
    return VersionList(
        dataset_id=entry.dataset_id,
        versions=[_version_answer(version) for version in found],
        next_cursor=f"v{found[-1].number}" if more else None,
    )


def runs_using(owner: str, dataset_id: str) -> tuple[list[Run], bool]:
    """Return an owner's runs that a dataset stays for, newest first, and whether there are others.

    Raises NotFoundError.
    """
    entry = held_dataset(owner, dataset_id)
    found = list(islice(access.uses().runs_of(entry.owner, entry.name), SHOWN_RUNS + 1))
    own = [run for run in found if run.owner == owner][:SHOWN_RUNS]
    own.sort(key=lambda run: run.created_at, reverse=True)
    return own, len(found) > len(own)


def delete_dataset(owner: str, dataset_id: str) -> None:
    """Delete a dataset of the owner's. Raises NotFoundError, InUseError, ConflictError for public candles.

    Where there is no login there is one user, whose the public candles are too.
    """
    name = _name(dataset_id)
    index = access.datasets()
    entry = index.of_owner(owner, name)
    if entry is None:
        public = index.of_owner(PUBLIC_OWNER, name)
        if public is not None and owner != LOCAL_OWNER:
            raise ConflictError(f"{public.dataset_id} is public: its candles are everybody's and stay")
        entry = public
    if entry is None:
        raise _missing(dataset_id)
    remove_dataset(access.store(), index, access.uses(), entry, owner)


def flag_fields(flag: Flag) -> dict[str, object]:
    """Return the fields of FlagRow."""
    return {
        "kind": flag.kind,
        "start": iso(flag.from_ms),
        "end": iso(flag.to_ms),
        "count": flag.count,
        "values": dict(flag.values),
    }


def held_dataset(owner: str, dataset_id: str) -> Dataset:
    """Return the dataset that an owner sees under a name. Raises NotFoundError."""
    entry = access.datasets().get(owner, _name(dataset_id))
    if entry is None:
        raise _missing(dataset_id)
    return entry


def _name(dataset_id: str) -> DatasetName:
    try:
        return DatasetName.parse(dataset_id)
    except ValueError as error:
        raise NotFoundError(f"there is no dataset: {error}") from None


def _missing(dataset_id: str) -> NotFoundError:
    return NotFoundError(f"there is no dataset {dataset_id[:80]!r}; GET /datasets lists what is held")


def _audit_answer(audit: Audit) -> AuditAnswer:
    found = counts(audit.flags)
    return AuditAnswer(
        duplicates_removed=audit.duplicates_removed,
        out_of_order_rows=audit.out_of_order,
        jump_atrs=audit.jump_atrs,
        zero_volume_bars=found["zero_volume"],
        flat_bars=found["flat"],
        jumps=found["jump"],
        disagreeing_bars=found["disagreement"],
        incomplete_bars=found["incomplete"],
        flags=[FlagRow.model_validate(flag_fields(flag)) for flag in audit.flags],
    )


def _version_answer(entry: VersionEntry) -> VersionAnswer:
    changes = entry.changes
    return VersionAnswer(
        number=entry.number,
        version=entry.version,
        created_at=entry.created_at,
        rows=entry.rows,
        start=iso(entry.first_ms),
        end=iso(entry.last_ms),
        gaps=entry.gaps,
        missing_bars=entry.missing_bars,
        bars_added=changes.added,
        bars_changed=changes.changed,
        bars_removed=changes.removed,
        changes=[
            ChangedBars(start=iso(first), end=iso(last), bars=bars) for first, last, bars in changes.ranges
        ],
    )
