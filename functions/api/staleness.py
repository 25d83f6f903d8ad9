"""Whether a run's candles are still the newest: told from the index alone, no candle is read."""

from __future__ import annotations

from shared.dataset_uses import UsedDataset
from shared.datasets import Dataset, DatasetIndex, Range, VersionEntry
from shared.runs import Run
from shared.times import iso

# Versions a query: most runs are of one of the newest.
PAGE = 100


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
                for entry in self._newer(used, newest):
                    if ranges := entry.changes.between(used.from_ms, used.to_ms):
                        return _said(used, entry, ranges)
        return None

    def _newest_of(self, used: UsedDataset) -> Dataset | None:
        key = used.owner, used.dataset_id
        if key not in self._newest:
            self._newest[key] = self._index.of_owner(used.owner, used.name)
        return self._newest[key]

    def _newer(self, used: UsedDataset, newest: Dataset) -> list[VersionEntry]:
        """Return the versions that came after the one that was used, in their order.

        The history is read from its end as far back as that; a version that is not in it came before it all.
        """
        history = self._histories.setdefault((used.owner, used.dataset_id), [])
        newer: list[VersionEntry] = []
        while True:
            for entry in history[len(newer) :]:
                if entry.version == used.version:
                    return newer[::-1]
                newer.append(entry)
            before = history[-1].number if history else None
            page = self._index.versions(newest, limit=PAGE, before=before)
            if not page:
                return newer[::-1]
            history += page


def _said(used: UsedDataset, entry: VersionEntry, ranges: list[Range]) -> str:
    first, last = max(ranges[0][0], used.from_ms), min(ranges[-1][1], used.to_ms - 1)
    where = f"from {iso(first)} to {iso(last)}" if first != last else f"at {iso(first)}"
    return f"version {entry.number} of {used.dataset_id} has other bars {where}; run it again to see"
