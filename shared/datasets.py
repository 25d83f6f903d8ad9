"""The index of datasets, of their versions, and of the imports that make these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from shared import names
from shared.errors import ConflictError, NotFoundError
from shared.names import DatasetName, Kind
from shared.table import ConditionFailed, Table
from shared.times import stamp

if TYPE_CHECKING:
    from shared.fetches import Fetch

# What the history has of a version in the dataset's own words.
_OF_VERSION = ("version", "number", "rows", "first_ms", "last_ms", "gaps", "missing_bars")

ImportStatus = Literal["awaiting_upload", "running", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """The newest version of one dataset; `owner` is who may read it, or `public`."""

    owner: str
    dataset_id: str
    version: str
    rows: int
    first_ms: int
    last_ms: int
    gaps: int
    missing_bars: int
    updated_at: str
    simulated: bool = False
    # What was asked of the exchange, [from, to): what is missing in it is not asked for again.
    asked_from_ms: int | None = None
    asked_to_ms: int | None = None
    number: int = 1  # of the version, from 1 on
    made_of: str | None = None  # the dataset of finer candles that it was resampled from
    deleting: bool = False  # hidden, for its objects are about to go

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Dataset:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})

    @property
    def name(self) -> DatasetName:
        return DatasetName.parse(self.dataset_id)

    @property
    def covered(self) -> tuple[int, int]:
        """Return the span [from, to) of which all bars are held that the exchange has."""
        if self.asked_from_ms is None or self.asked_to_ms is None:
            return self.first_ms, self.last_ms + self.name.timeframe_ms
        return self.asked_from_ms, self.asked_to_ms


Range = tuple[int, int, int]
"""First open, last open, number of bars."""


@dataclass(frozen=True, slots=True)
class Changes:
    """In what bars a version differs from the one before it.

    `ranges` are in ascending time. They touch no bar outside the months that differ, and are exact but for
    months with many spells of them, which are one range.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    ranges: Sequence[Range] = ()

    def between(self, start_ms: int, end_ms: int) -> list[Range]:
        """Return the ranges that touch start_ms <= open < end_ms."""
        return [entry for entry in self.ranges if entry[0] < end_ms and entry[1] >= start_ms]


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """One version of a dataset as the history has it; `changes` are against the version before."""

    version: str
    number: int
    created_at: str
    rows: int
    first_ms: int
    last_ms: int
    gaps: int
    missing_bars: int
    changes: Changes

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> VersionEntry:
        known = {field.name: item[field.name] for field in fields(cls) if field.name in item}
        ranges = tuple((first, last, bars) for first, last, bars in item["changes"]["ranges"])
        return cls(**{**known, "changes": Changes(**{**item["changes"], "ranges": ranges})})


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way to becoming a dataset version; without a file, what finer candles make."""

    owner: str
    import_id: str
    dataset_id: str
    status: ImportStatus
    created_at: str
    made_of: str | None = None  # the dataset of finer candles, of a resampling
    ended_at: str | None = None
    report: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Import:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})


class DatasetIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, owner: str, dataset: DatasetName) -> Dataset | None:
        """Return the dataset an owner sees under a name: their own import before the public one."""
        for reader in (owner, names.PUBLIC_OWNER):
            found = self.of_owner(reader, dataset)
            if found is not None and not found.deleting:
                return found
        return None

    def of_owner(self, owner: str, dataset: DatasetName) -> Dataset | None:
        """Return the dataset that belongs to an owner, also one that is being deleted."""
        item = self._table.get(*_keys(owner, dataset))
        return None if item is None else Dataset.from_item(item)

    def held(self, owner: str, kind: Kind | None = "candles") -> list[Dataset]:
        """Return every dataset of a kind that an owner sees, by name; None is all kinds."""
        seen: dict[str, Dataset] = {}
        for reader in (names.PUBLIC_OWNER, owner):
            for item in self._table.prefix(names.owner_key(reader), "DATASET#"):
                found = Dataset.from_item(item)
                if not found.deleting and kind in (None, found.name.kind):
                    seen[found.dataset_id] = found
        return [seen[name] for name in sorted(seen)]

    def put_version(self, dataset: Dataset, replaces: str | None, changes: Changes | None = None) -> Dataset:
        """Make a version the newest, if `replaces` still is (None: there was none), and return it numbered.

        The history gets an entry with `changes`, but for a version that is the newest already. Raises
        ConflictError.
        """
        head = self.of_owner(dataset.owner, dataset.name)
        if head is not None and head.deleting:
            raise being_deleted(dataset)
        known = head is not None and head.version == dataset.version
        numbered = replace(dataset, number=head.number + (not known) if head else 1)
        pk, sk = _keys(dataset.owner, dataset.name)
        condition, values = "attribute_not_exists(pk)", {}
        if known or replaces is not None:
            # What is being deleted is on the list of what to sweep.
            condition = "#version = :old AND attribute_not_exists(#gsi2pk)"
            values = {"old": dataset.version if known else replaces}
        try:
            if known:
                # A retry got here first, or its bars are all held: the candles are as they were.
                self._table.update(pk, sk, _values(numbered), condition=condition, values=values)
                return numbered
            self._table.put_together(
                _version_item(numbered, changes or Changes()),
                {"pk": pk, "sk": sk, **_values(numbered)},
                condition=condition,
                values=values,
            )
        except ConditionFailed:
            raise ConflictError(
                f"another import changed {dataset.dataset_id} at the same time; import again"
            ) from None
        return numbered

    def versions(self, dataset: Dataset, *, limit: int, before: int | None = None) -> list[VersionEntry]:
        """Return up to `limit` versions of a dataset below the number `before`, newest first."""
        last = dataset.number if before is None else min(before - 1, dataset.number)
        first = max(1, last - limit + 1)
        if last < first:
            return []
        ends = (names.dataset_version_key(dataset.name, number) for number in (first, last))
        items = self._table.between(names.owner_key(dataset.owner), *ends)
        return [VersionEntry.from_item(item) for item in reversed(items)]

    def begin_delete(self, dataset: Dataset) -> None:
        """Hide a dataset: no run and no import that begins from now on finds it."""
        self._mark(dataset, deleting=True)

    def undo_delete(self, dataset: Dataset) -> None:
        """Show a dataset again that a run turned out to use."""
        self._mark(dataset, deleting=False)

    def forget(self, dataset: Dataset) -> None:
        """Remove a dataset and its history from the index."""
        pk = names.owner_key(dataset.owner)
        for item in self._table.prefix(pk, names.dataset_versions_prefix(dataset.name)):
            self._table.delete(pk, item["sk"])
        self._table.delete(*_keys(dataset.owner, dataset.name))

    def to_delete(self, older_than_ms: int) -> list[Dataset]:
        """Return every owner's datasets whose deletion began before `older_than_ms` and is not done."""
        items = self._table.active(names.TO_SWEEP, stamp(older_than_ms))
        return [Dataset.from_item(item) for item in items if item.get("deleting")]

    def _mark(self, dataset: Dataset, *, deleting: bool) -> None:
        listed = (names.TO_SWEEP, f"{stamp()}#{dataset.dataset_id}") if deleting else (None, None)
        try:
            self._table.update(
                *_keys(dataset.owner, dataset.name),
                changes={"deleting": deleting, "gsi2pk": listed[0], "gsi2sk": listed[1]},
            )
        except ConditionFailed:
            raise NotFoundError(f"there is no dataset {dataset.dataset_id!r}") from None

    def begin_import(self, owner: str, import_id: str, dataset: DatasetName) -> Import:
        """Note an import whose file is not there yet."""
        return self._begin(Import(owner, import_id, str(dataset), "awaiting_upload", stamp()), {})

    def begin_resampling(
        self, owner: str, import_id: str, dataset: DatasetName, made_of: DatasetName
    ) -> Import:
        """Note a resampling, which may run at once."""
        entry = Import(owner, import_id, str(dataset), "running", stamp(), made_of=str(made_of))
        return self._begin(entry, {"gsi2pk": names.IN_WORK, "gsi2sk": f"{entry.created_at}#{import_id}"})

    def _begin(self, entry: Import, more: Mapping[str, str]) -> Import:
        owner, import_id = entry.owner, entry.import_id
        values = {field.name: getattr(entry, field.name) for field in fields(entry)}
        pk, sk = _import_keys(owner, import_id)
        self._table.put_new(
            {
                "pk": pk,
                "sk": sk,
                **values,
                "gsi1pk": names.imports_listing(owner),
                "gsi1sk": f"{entry.created_at}#{import_id}",
                **more,
            }
        )
        return entry

    def get_import(self, owner: str, import_id: str) -> Import:
        """Return an import. Raises NotFoundError."""
        item = None
        if names.IMPORT_ID.fullmatch(import_id):
            item = self._table.get(*_import_keys(owner, import_id))
        if item is None:
            raise NotFoundError(f"there is no import {import_id[:64]!r}")
        return Import.from_item(item)

    def newest_imports(
        self, owner: str, *, limit: int, cursor: str | None = None
    ) -> tuple[list[Import | Fetch], str | None]:
        """Return one page of an owner's imports and fetches, newest first, and the next page's cursor."""
        from shared.fetches import Fetch

        page = self._table.newest(names.imports_listing(owner), limit=limit, cursor=cursor)
        entries: list[Import | Fetch] = [
            Fetch.from_item(item) if "fetch_id" in item else Import.from_item(item) for item in page.items
        ]
        return entries, page.cursor

    def start_import(self, owner: str, import_id: str) -> Import:
        """Say that an import's file is there and its workflow may run; again is harmless."""
        try:
            item = self._table.update(
                *_import_keys(owner, import_id),
                changes={
                    "status": "running",
                    "gsi2pk": names.IN_WORK,
                    "gsi2sk": f"{stamp()}#{import_id}",
                },
                condition="#status = :awaiting",
                values={"awaiting": "awaiting_upload"},
            )
        except ConditionFailed:
            return self.get_import(owner, import_id)
        return Import.from_item(item)

    def end_import(
        self,
        owner: str,
        import_id: str,
        status: Literal["completed", "failed"],
        *,
        report: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> Import:
        """End an import that is in work; one that has ended stays as it is."""
        try:
            item = self._table.update(
                *_import_keys(owner, import_id),
                changes={
                    "status": status,
                    "report": report,
                    "error": error,
                    "ended_at": stamp(),
                    "gsi2pk": None,
                    "gsi2sk": None,
                },
                condition="attribute_exists(pk) AND #status IN (:awaiting, :running)",
                values={"awaiting": "awaiting_upload", "running": "running"},
            )
        except ConditionFailed:
            return self.get_import(owner, import_id)
        return Import.from_item(item)

    def imports_in_work(self, older_than_ms: int) -> list[Import]:
        items = self._table.active(names.IN_WORK, stamp(older_than_ms))
        return [Import.from_item(item) for item in items if "import_id" in item]


def being_deleted(dataset: Dataset) -> ConflictError:
    return ConflictError(f"{dataset.dataset_id} is being deleted; try again in a minute")


def _keys(owner: str, dataset: DatasetName) -> tuple[str, str]:
    return names.owner_key(owner), names.dataset_key(dataset)


def _values(dataset: Dataset) -> dict[str, object]:
    return {field.name: getattr(dataset, field.name) for field in fields(dataset)}


def _version_item(dataset: Dataset, changes: Changes) -> dict[str, object]:
    return {
        "pk": names.owner_key(dataset.owner),
        "sk": names.dataset_version_key(dataset.name, dataset.number),
        "owner": dataset.owner,
        "dataset_id": dataset.dataset_id,
        **{name: getattr(dataset, name) for name in _OF_VERSION},
        "created_at": dataset.updated_at,
        "changes": asdict(changes),
    }


def _import_keys(owner: str, import_id: str) -> tuple[str, str]:
    return names.owner_key(owner), names.import_key(import_id)
