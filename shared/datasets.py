"""The index of datasets and of the imports that make their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from shared import names
from shared.errors import ConflictError, NotFoundError
from shared.fetches import Fetch
from shared.names import DatasetName
from shared.table import ConditionFailed, Table
from shared.times import stamp

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

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Dataset:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})

    @property
    def name(self) -> DatasetName:
        return DatasetName.parse(self.dataset_id)


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way to becoming a dataset version."""

    owner: str
    import_id: str
    dataset_id: str
    status: ImportStatus
    created_at: str
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
            item = self._table.get(names.owner_key(reader), names.dataset_key(dataset))
            if item is not None:
                return Dataset.from_item(item)
        return None

    def held(self, owner: str) -> list[Dataset]:
        """Return every dataset an owner sees, by name."""
        seen: dict[str, Dataset] = {}
        for reader in (names.PUBLIC_OWNER, owner):
            for item in self._table.prefix(names.owner_key(reader), "DATASET#"):
                seen[item["dataset_id"]] = Dataset.from_item(item)
        return [seen[name] for name in sorted(seen)]

    def put_version(self, dataset: Dataset, replaces: str | None) -> None:
        """Make a version the newest, if `replaces` still is (None: there was none). Raises ConflictError."""
        keys = {"pk": names.owner_key(dataset.owner), "sk": names.dataset_key(dataset.name)}
        values = {field.name: getattr(dataset, field.name) for field in fields(dataset)}
        try:
            if replaces is None:
                self._table.put_new({**keys, **values})
            else:
                self._table.update(
                    keys["pk"], keys["sk"], values, condition="#version = :old", values={"old": replaces}
                )
        except ConditionFailed as refused:
            if refused.item is not None and refused.item["version"] == dataset.version:
                return  # a retry of the same import got here first
            raise ConflictError(
                f"another import changed {dataset.dataset_id} at the same time; import again"
            ) from None

    def begin_import(self, owner: str, import_id: str, dataset: DatasetName) -> Import:
        """Note an import whose file is not there yet."""
        entry = Import(owner, import_id, str(dataset), "awaiting_upload", stamp())
        values = {field.name: getattr(entry, field.name) for field in fields(entry)}
        pk, sk = _import_keys(owner, import_id)
        self._table.put_new(
            {
                "pk": pk,
                "sk": sk,
                **values,
                "gsi1pk": names.imports_listing(owner),
                "gsi1sk": f"{entry.created_at}#{import_id}",
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


def _import_keys(owner: str, import_id: str) -> tuple[str, str]:
    return names.owner_key(owner), names.import_key(import_id)
