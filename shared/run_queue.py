"""Whose turn it is: so many runs of one owner are under way at once, so many more wait, in their order.

One item an owner, with two maps of run id → when it came. Every change is one conditional write that may be
repeated, so that a caller that dies in the middle leaves no more than an id whose run is over or never came
to be; the reconciling schedule takes those out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared import names
from shared.errors import TooManyRunsError
from shared.run_limits import RunLimits
from shared.table import ConditionFailed, Table
from shared.times import stamp

RETRY_AFTER_SECONDS = 5
_KEY = "QUEUE"


@dataclass(frozen=True, slots=True)
class Queue:
    """One owner's runs that are under way and that wait: run id → when it came."""

    owner: str
    under_way: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)

    @property
    def next_id(self) -> str | None:
        """Return the run that has waited longest."""
        return min(self.waiting, key=lambda run_id: (self.waiting[run_id], run_id), default=None)


class RunQueue:
    def __init__(self, table: Table, limits: RunLimits) -> None:
        self._table = table
        self._most, self._longest = limits.max_runs_at_once, limits.max_runs_queued

    def enter(self, owner: str, run_id: str) -> bool:
        """Return whether a run may start now; if not, it waits. Again changes nothing.

        Raises TooManyRunsError, and keeps nothing of the run, where the queue is full.
        """
        try:
            self._change(
                owner,
                run_id,
                "SET #under_way.#id = if_not_exists(#under_way.#id, :now)",
                # Nobody overtakes those who wait.
                "attribute_exists(#under_way) AND (attribute_exists(#under_way.#id) OR "
                "(size(#under_way) < :most AND size(#waiting) = :none))",
                {"now": stamp(), "most": self._most, "none": 0},
            )
        except ConditionFailed as refused:
            if refused.item is None:
                self._make(owner)
                return self.enter(owner, run_id)
        else:
            return True
        try:
            self._change(
                owner,
                run_id,
                "SET #waiting.#id = if_not_exists(#waiting.#id, :now)",
                "attribute_not_exists(#under_way.#id) AND "
                "(attribute_exists(#waiting.#id) OR size(#waiting) < :longest)",
                {"now": stamp(), "longest": self._longest},
            )
        except ConditionFailed as refused:
            if run_id in (refused.item or {}).get("under_way", {}):
                return True
            raise TooManyRunsError(
                f"{self._most} of your backtests are under way and {self._longest} wait; "
                "send this one again when some have ended",
                RETRY_AFTER_SECONDS,
            ) from None
        return False

    def admit(self, owner: str) -> Iterator[str]:
        """Give free places to those who wait; yield the runs that may start now."""
        while True:
            queue = self.of(owner)
            run_id = queue.next_id
            if run_id is None or len(queue.under_way) >= self._most:
                return
            try:
                self._change(
                    owner,
                    run_id,
                    "SET #under_way.#id = :now REMOVE #waiting.#id",
                    "attribute_exists(#waiting.#id) AND size(#under_way) < :most",
                    {"now": stamp(), "most": self._most},
                )
            except ConditionFailed:
                continue  # somebody else did something meanwhile; look again
            yield run_id

    def leave(self, owner: str, run_id: str) -> None:
        """Take a run out, wherever it is; again changes nothing."""
        try:
            self._change(
                owner, run_id, "REMOVE #under_way.#id, #waiting.#id", "attribute_exists(#under_way)", {}
            )
        except ConditionFailed:
            return

    def of(self, owner: str) -> Queue:
        item = self._table.get(names.owner_key(owner), _KEY) or {}
        return Queue(owner, item.get("under_way", {}), item.get("waiting", {}))

    def all(self) -> list[Queue]:
        """Return the queues of all owners who ever had a run."""
        items = self._table.active(names.QUEUES, names.QUEUES)
        return [Queue(item["owner"], item["under_way"], item["waiting"]) for item in items]

    def _make(self, owner: str) -> None:
        item = {
            "pk": names.owner_key(owner),
            "sk": _KEY,
            "owner": owner,
            "under_way": {},
            "waiting": {},
            "gsi2pk": names.QUEUES,
            "gsi2sk": f"OWNER#{owner}",
        }
        try:
            self._table.put_new(item)
        except ConditionFailed:
            return

    def _change(
        self, owner: str, run_id: str, expression: str, condition: str, values: Mapping[str, object]
    ) -> None:
        attributes = {"#under_way": "under_way", "#waiting": "waiting", "#id": run_id}
        used = f"{expression} {condition}"
        self._table.change(
            names.owner_key(owner),
            _KEY,
            expression,
            condition,
            {name: attribute for name, attribute in attributes.items() if name in used},
            values,
        )
