"""The index of fetches: candles on their way from an exchange into a dataset.

queued ──► running ──► completed
   └──────────┴──────► failed        (a fetch that has ended may be begun anew under the same id)

Whose a fetch is decides who sees it; the candles that it brings are everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from shared import names
from shared.errors import NotFoundError
from shared.names import DatasetName
from shared.table import ConditionFailed, Table
from shared.times import now_ms, stamp

FetchStatus = Literal["queued", "running", "completed", "failed"]
# Attributes of one piece each, so that a piece that is tried again counts once.
_DONE, _REPEATED = "done_", "repeated_"

_ADDED_UP = ("processed", "repeated")

_IN_WORK = "attribute_exists(pk) AND #status IN (:queued, :running) AND #execution = :execution"
_IN_WORK_VALUES = {"queued": "queued", "running": "running"}


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch. `since_ms` None: from where the dataset ends, or its market begins; `until_ms` None: to now.

    `total` bars are to be asked for; `processed` of them have been answered, `repeated` more than once.
    """

    owner: str
    fetch_id: str
    dataset_id: str
    status: FetchStatus
    created_at: str
    execution: str
    since_ms: int | None = None
    until_ms: int | None = None
    again: bool = False
    started_at: str | None = None
    ended_at: str | None = None
    total: int = 0
    held_before: int = 0
    processed: int = 0
    repeated: int = 0
    current_ms: int | None = None
    report: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Fetch:
        values = {field.name: item[field.name] for field in fields(cls) if field.name in item}
        done, repeated = (
            sum(value for name, value in item.items() if name.startswith(prefix))
            for prefix in (_DONE, _REPEATED)
        )
        values["repeated"] = repeated
        values["processed"] = min(values.get("total", 0), values.get("held_before", 0) + done)
        return cls(**values)

    @property
    def name(self) -> DatasetName:
        return DatasetName.parse(self.dataset_id)

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed")

    @property
    def scratch(self) -> str | None:
        """Return the folder of its pieces: its own where everything is fetched again, else everybody's."""
        return self.execution if self.again else None

    @property
    def progress_pct(self) -> float:
        """Return 0..100; 100 only once the candles are held."""
        if self.status == "completed":
            return 100.0
        return min(99.0, 100.0 * self.processed / self.total) if self.total else 0.0


class FetchIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(
        self,
        owner: str,
        fetch_id: str,
        dataset: DatasetName,
        *,
        since_ms: int | None,
        until_ms: int | None,
        again: bool,
        anew: bool,
    ) -> tuple[Fetch, bool]:
        """Note a fetch; return it and True, or the one of that id that is there already and False.

        With `anew` one that has ended makes way for a new one.
        """
        now = now_ms()
        entry = Fetch(
            owner=owner,
            fetch_id=fetch_id,
            dataset_id=str(dataset),
            status="queued",
            created_at=stamp(now),
            # An execution's name can be used once.
            execution=f"{fetch_id}-{now:x}",
            since_ms=since_ms,
            until_ms=until_ms,
            again=again,
        )
        try:
            self._table.put_new(_item(entry))
        except ConditionFailed as refused:
            there = Fetch.from_item(refused.item or {})
            if not (anew and there.ended):
                return there, False
            # Whoever deletes the ended one first puts the new one, and others find that.
            self._table.delete(*_keys(owner, fetch_id))
            try:
                self._table.put_new(_item(entry))
            except ConditionFailed:
                return self.get(owner, fetch_id), False
        return entry, True

    def get(self, owner: str, fetch_id: str) -> Fetch:
        """Return a fetch. Raises NotFoundError for one that is not there or somebody else's."""
        item = None
        if names.FETCH_ID.fullmatch(fetch_id):
            item = self._table.get(*_keys(owner, fetch_id))
        if item is None:
            raise NotFoundError(f"there is no fetch {fetch_id[:64]!r}")
        return Fetch.from_item(item)

    def start(self, entry: Fetch, *, total: int, held_before: int) -> Fetch:
        """Say that a fetch is at work, and how many bars it asks for; some are there from one before it."""
        return self._change(
            entry,
            {
                "status": "running",
                "started_at": entry.started_at or stamp(),
                "total": total,
                "held_before": held_before,
            },
        )

    def progress(self, entry: Fetch, piece: int, *, done: int, repeated: int, current_ms: int) -> Fetch:
        """Say how many bars of one piece have been answered, some of them twice; it may be said again.

        Whoever begins anew after a lost worker is not heard before it is as far as that was.
        """
        counted = {f"{_DONE}{piece}": done, f"{_REPEATED}{piece}": repeated}
        further = f"(attribute_not_exists(#{_DONE}{piece}) OR #{_DONE}{piece} <= :done)"
        return self._change(entry, {**counted, "current_ms": current_ms}, further, {"done": done})

    def end(
        self,
        entry: Fetch,
        status: Literal["completed", "failed"],
        *,
        report: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> Fetch:
        """End a fetch that is in work; one that has ended stays as it is."""
        return self._change(
            entry,
            {
                "status": status,
                "report": report,
                "error": error,
                "ended_at": stamp(),
                "gsi2pk": None,
                "gsi2sk": None,
            },
        )

    def in_work(self, older_than_ms: int) -> list[Fetch]:
        """Return every owner's fetches that have not ended and began before `older_than_ms`."""
        items = self._table.active(names.IN_WORK, stamp(older_than_ms))
        return [Fetch.from_item(item) for item in items if "fetch_id" in item]

    def _change(
        self,
        entry: Fetch,
        changes: Mapping[str, object],
        only: str = "",
        values: Mapping[str, object] | None = None,
    ) -> Fetch:
        """Change a fetch that is in work; what was begun anew since is another one and stays as it is.

        `only` is a further condition, with its `values`; where it does not hold nothing changes.
        """
        try:
            item = self._table.update(
                *_keys(entry.owner, entry.fetch_id),
                changes=changes,
                condition=f"{_IN_WORK} AND {only}" if only else _IN_WORK,
                values={**_IN_WORK_VALUES, "execution": entry.execution, **(values or {})},
            )
        except ConditionFailed:
            return self.get(entry.owner, entry.fetch_id)
        return Fetch.from_item(item)


def _item(entry: Fetch) -> dict[str, object]:
    pk, sk = _keys(entry.owner, entry.fetch_id)
    return {
        **{field.name: getattr(entry, field.name) for field in fields(entry) if field.name not in _ADDED_UP},
        "pk": pk,
        "sk": sk,
        "gsi1pk": names.imports_listing(entry.owner),
        "gsi1sk": f"{entry.created_at}#{entry.fetch_id}",
        "gsi2pk": names.IN_WORK,
        "gsi2sk": f"{entry.created_at}#{entry.fetch_id}",
    }


def _keys(owner: str, fetch_id: str) -> tuple[str, str]:
    return names.owner_key(owner), names.fetch_key(fetch_id)
