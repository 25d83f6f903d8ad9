"""Whether a run's candles are still the newest: told from the index alone, no candle is read."""

from __future__ import annotations

from shared.dataset_uses import UsedDataset
from shared.datasets import Dataset, DatasetIndex, VersionEntry
from shared.runs import Run
from shared.times import iso


class Staleness:
    """Answers for the runs of one request; what it has asked the index once it does not ask again."""

    def __init__(self, index: DatasetIndex) -> None:
        self._index = index
        self._newest: dict[tuple[str, str], Dataset | None] = {}
        self._histories: dict[tuple[str, str], list[VersionEntry]] = {}

    def of(self, run: Run) -> str | None:
        """Return why a run is stale: the first newer version that changed bars in its span; None if none."""
        for raw in run.datasets:
            used = UsedDataset.from_dict(raw)
            newest = self._newest_of(used)
            if newest is not None and newest.version != used.version:
                for entry in self._newer(used):
                    if ranges := entry.changes.between(used.from_ms, used.to_ms):
                        return _said(used, entry, ranges)
        return None

    def _newest_of(self, used: UsedDataset) -> Dataset | None:
        key = used.owner, used.dataset_id
        if key not in self._newest:
            self._newest[key] = self._index.of_owner(used.owner, used.name)
        return self._newest[key]

    def _newer(self, used: UsedDataset) -> list[VersionEntry]:
        """Return the versions that came after the one that was used, in their order."""
        key = used.owner, used.dataset_id
        if key not in self._histories:
            self._histories[key] = self._index.versions(used.owner, used.name)
        history = self._histories[key]
        # A version older than the history came before all of it.
        number = max((entry.number for entry in history if entry.version == used.version), default=0)
        return [entry for entry in history if entry.number > number]


def _said(used: UsedDataset, entry: VersionEntry, ranges: list[tuple[int, int, int]]) -> str:
    first, last = max(ranges[0][0], used.from_ms), min(ranges[-1][1], used.to_ms - 1)
    where = f"from {iso(first)} to {iso(last)}" if first != last else f"at {iso(first)}"
    return f"version {entry.number} of {used.dataset_id} has other bars {where}; run it again to see"
