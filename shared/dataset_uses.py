"""Which runs use which datasets: an item for each pair beside the dataset, so that asking is one query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared import names
from shared.errors import NotFoundError
from shared.names import DatasetName
from shared.runs import Run, RunIndex
from shared.table import Table


@dataclass(frozen=True, slots=True)
class UsedDataset:
    """A dataset version that a run reads, and the span that it reads of it: from_ms <= open < to_ms."""

    owner: str
    dataset_id: str
    version: str
    from_ms: int
    to_ms: int

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> UsedDataset:
        return cls(**raw)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def name(self) -> DatasetName:
        return DatasetName.parse(self.dataset_id)


class DatasetUses:
    def __init__(self, table: Table, runs: RunIndex) -> None:
        self._table, self._runs = table, runs

    def note(self, run_owner: str, run_id: str, used: Iterable[UsedDataset]) -> None:
        """Note down that a run uses datasets; again is harmless."""
        for entry in used:
            self._table.put(
                {
                    "pk": names.owner_key(entry.owner),
                    "sk": names.use_key(entry.name, run_id),
                    "owner": entry.owner,
                    "dataset_id": entry.dataset_id,
                    "run_owner": run_owner,
                    "run_id": run_id,
                }
            )

    def release(self, run: Run) -> None:
        """Forget what a run used, for it is being deleted."""
        for raw in run.datasets:
            entry = UsedDataset.from_dict(raw)
            self._table.delete(names.owner_key(entry.owner), names.use_key(entry.name, run.run_id))

    def runs_of(self, owner: str, dataset: DatasetName) -> Iterator[Run]:
        """Yield the runs that need an owner's dataset: in work or completed.

        What failed or was cancelled has nothing to show that its candles would be needed for.
        """
        pk = names.owner_key(owner)
        for item in self._table.prefix(pk, names.uses_prefix(dataset)):
            try:
                run = self._runs.get(item["run_owner"], item["run_id"])
            except NotFoundError:
                run = None
            if run is None or run.status in ("failed", "cancelled"):
                self._table.delete(pk, item["sk"])
            else:
                yield run
