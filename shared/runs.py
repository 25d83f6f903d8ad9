"""The index of runs: their life from `queued` to an end, told by conditional writes alone.

queued ──► running ──► completed
   │          ├──────► failed
   └──────────┴──────► cancelled          (any end) ──► deleting ──► gone

Status only moves along these arrows. An attempt of simulate owns a run by its token; whoever holds an older
token is refused, so a lost worker that comes back can change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from shared import names
from shared.errors import ConflictError, NotFoundError, SupersededError
from shared.table import ConditionFailed, Page, Table
from shared.times import parse_time, stamp

Status = Literal["queued", "running", "completed", "failed", "cancelled"]
ENDED: tuple[Status, ...] = ("completed", "failed", "cancelled")
DELETING = "deleting"
LATEST_LOGS = 8
REVISION = "revision"
TAIL = "tail"
# Of the way of a run that has to fetch its candles first, that is so much.
FETCHING_PCT = 50.0
# What the history shows of a run without opening its results.
SUMMARY_METRICS = (
    "final_equity",
    "equity_return_pct",
    "sharpe_ratio",
    "max_drawdown_pct",
    "win_rate",
    "total_trades",
    "avg_win",
    "avg_loss",
    "profit_factor",
)

_IN_WORK = "attribute_exists(pk) AND #status IN (:queued, :running)"
_IN_WORK_VALUES = {"queued": "queued", "running": "running"}
_OWNED = "#token = :token AND #status = :running"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; the seed's fields. `current_ms` is the bar it has reached."""

    phase: str
    processed: int = 0
    total: int = 0
    current_ms: int | None = None
    log: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the index holds it."""

    owner: str
    run_id: str
    status: Status
    created_at: str
    body_hash: str
    request_key: str
    execution: str
    strategy: str
    symbols: Sequence[str]
    timeframe: str
    simulated: bool = False  # on generated candles, which must show wherever the run does
    strategy_id: str | None = None  # of a preset or a saved strategy; none of a document sent whole
    strategy_version: int | None = None  # of a saved strategy
    strategy_hash: str | None = None  # of the document, whichever way it was named
    name: str | None = None
    tags: Sequence[str] = ()
    notes: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    token: str | None = None
    attempts: int = 0
    dataset_owners: Sequence[str] = ()  # whose candles each symbol's are; no part of the fingerprint
    finer_owners: Sequence[str] = ()  # the same of its finer candles, if it has any
    funding_owners: Sequence[str] = ()  # and of its stored funding rates
    wanted: Sequence[Mapping[str, Any]] = ()  # candles to be fetched first: dataset_id, since_ms, until_ms
    datasets: Sequence[Mapping[str, Any]] = ()  # the versions that it reads, as of UsedDataset; set by plan
    manifest_key: str | None = None
    fingerprint: str | None = None
    same_as: str | None = None  # an earlier run with the same fingerprint
    phase: str = "queued"
    processed: int = 0
    total: int = 0
    reached_pct: float = 0.0  # the furthest that it has been: an attempt after a lost one begins anew
    current_ms: int | None = None
    logs: Sequence[str] = ()
    summary: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    revision: int = 0  # goes up with every write that its owner may see: what is pushed is numbered by it

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Run:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def progress_pct(self) -> float:
        """Return 0..100, never less than before; 100 only once the results are published."""
        return 100.0 if self.status == "completed" else self.reached_pct

    def reaching(self, phase: str, part: float) -> dict[str, object]:
        """Return what to change once `part`, 0..1, of a phase that takes its time is done."""
        begins = FETCHING_PCT if self.wanted else 0.0
        done = min(1.0, part)
        reached = begins * done if phase == "fetching" else min(99.0, begins + (100.0 - begins) * done)
        return {"phase": phase, "reached_pct": max(self.reached_pct, reached)}


class RunIndex:
    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, run: Run) -> tuple[Run, bool]:
        """Put a new run; return it and True, or the one that has its id already and False.

        Raises ConflictError while a run of that id is being deleted.
        """
        item = {field.name: getattr(run, field.name) for field in fields(run)}
        pk, sk = _keys(run.owner, run.run_id)
        keys = {
            "pk": pk,
            "sk": sk,
            "gsi1pk": names.runs_listing(run.owner),
            "gsi1sk": f"{run.created_at}#{run.run_id}",
            "gsi2pk": names.IN_WORK,
            "gsi2sk": f"{run.created_at}#{run.run_id}",
            # From the time on: a run that is made anew under the id of a deleted one goes on rising.
            "revision": parse_time(run.created_at),
        }
        try:
            self._table.put_new({**item, **keys})
        except ConditionFailed as refused:
            there = refused.item or {}
            if there.get("status") == DELETING:
                raise ConflictError(
                    f"backtest {run.run_id} is being deleted; try again in a minute"
                ) from None
            return Run.from_item(there), False
        return Run.from_item({**item, **keys}), True

    def get(self, owner: str, run_id: str) -> Run:
        """Return a run. Raises NotFoundError for one that is not there, being deleted, or somebody else's."""
        item = None
        if names.RUN_ID.fullmatch(run_id):
            item = self._table.get(*_keys(owner, run_id))
        if item is None or item["status"] == DELETING:
            raise NotFoundError(f"there is no backtest {run_id[:64]!r}")
        return Run.from_item(item)

    def newest(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        status: str | None = None,
        strategy: str | None = None,
        symbol: str | None = None,
        tag: str | None = None,
    ) -> tuple[list[Run], str | None]:
        """Return one page of an owner's runs, newest first, and the cursor of the next page."""
        given = (
            ("status", "=", status),
            ("strategy", "=", strategy),
            ("symbols", "contains", symbol),
            ("tags", "contains", tag),
        )
        filters = [(name, operator, value) for name, operator, value in given if value is not None]
        page: Page = self._table.newest(
            names.runs_listing(owner), limit=limit, cursor=cursor, filters=filters
        )
        return [Run.from_item(item) for item in page.items if item["status"] != DELETING], page.cursor

    def label(self, owner: str, run_id: str, changes: Mapping[str, object]) -> Run:
        """Set name, tags or notes (None removes one). Raises NotFoundError."""
        try:
            item = self._table.update(
                *_keys(owner, run_id),
                changes=changes,
                condition="attribute_exists(pk) AND #status <> :deleting",
                values={"deleting": DELETING},
                raises=REVISION,
            )
        except ConditionFailed:
            raise NotFoundError(f"there is no backtest {run_id[:64]!r}") from None
        return Run.from_item(item)

    def plan(self, owner: str, run_id: str, changes: Mapping[str, object]) -> Run:
        """Record what plan found and say `running`. Raises SupersededError once the run has ended."""
        run = self.get(owner, run_id)
        return self._owned(
            owner,
            run_id,
            {**changes, "status": "running", "started_at": run.started_at or stamp()},
            condition=_IN_WORK,
            values=_IN_WORK_VALUES,
        )

    def fetching(self, owner: str, run_id: str, *, processed: int, total: int, part: float) -> Run:
        """Say that a run waits for its candles, and how far these are: `part`, 0..1, of all of them.

        Raises SupersededError once it has ended.
        """
        run = self.get(owner, run_id)
        changes = {**run.reaching("fetching", part), "processed": processed, "total": total}
        return self._owned(
            owner,
            run_id,
            {**changes, "status": "running", "started_at": run.started_at or stamp()},
            condition=_IN_WORK,
            values=_IN_WORK_VALUES,
        )

    def begin_attempt(self, owner: str, run_id: str, token: str) -> Run:
        """Let `token` own the run; every older token is refused from now on. Raises SupersededError."""
        run = self.get(owner, run_id)
        return self._owned(
            owner,
            run_id,
            {"token": token, "attempts": run.attempts + 1, "processed": 0, "phase": "simulating"},
            condition="attribute_exists(pk) AND #status = :running",
            values={"running": "running"},
        )

    def progress(self, run: Run, token: str, progress: Progress, tail: str | None = None) -> Run:
        """Say how far an attempt is. Raises SupersededError if it owns the run no more.

        `tail` is what the attempt did since it last said so (shared.live_tail); the next write takes it away.
        """
        logs = [*run.logs, progress.log][-LATEST_LOGS:] if progress.log else list(run.logs)
        return self._owned(
            run.owner,
            run.run_id,
            {
                **run.reaching(
                    progress.phase, progress.processed / progress.total if progress.total else 0.0
                ),
                "processed": progress.processed,
                "total": progress.total,
                "current_ms": progress.current_ms,
                "logs": logs,
                TAIL: tail,
            },
            condition=_OWNED,
            values={"token": token, "running": "running"},
        )

    def publish(
        self,
        owner: str,
        run_id: str,
        token: str,
        *,
        manifest_key: str,
        fingerprint: str,
        summary: Mapping[str, Any],
    ) -> Run:
        """Make an attempt's results the run's results, in one conditional write.

        Publishing the same manifest again changes nothing. Raises SupersededError if the token is not the
        run's, or the run has ended otherwise.
        """
        ended_at = stamp()
        try:
            return self._owned(
                owner,
                run_id,
                {
                    "status": "completed",
                    "phase": "completed",
                    "manifest_key": manifest_key,
                    "fingerprint": fingerprint,
                    "summary": summary,
                    "ended_at": ended_at,
                    "error": None,
                    **_to_sweep(ended_at, run_id),
                },
                condition=_OWNED,
                values={"token": token, "running": "running"},
            )
        except SupersededError:
            run = self.get(owner, run_id)
            if run.status == "completed" and run.manifest_key == manifest_key:
                return run
            raise

    def end(
        self,
        owner: str,
        run_id: str,
        status: Literal["failed", "cancelled"],
        error: Mapping[str, Any] | None = None,
    ) -> tuple[Run, bool]:
        """End a run that is queued or running; return it and whether this call ended it.

        The token goes, so a worker that is still alive is refused at its next write. Raises NotFoundError.
        """
        ended_at = stamp()
        try:
            item = self._table.update(
                *_keys(owner, run_id),
                changes={
                    "status": status,
                    "phase": status,
                    "error": error,
                    "token": None,
                    "ended_at": ended_at,
                    TAIL: None,
                    **_to_sweep(ended_at, run_id),
                },
                condition=_IN_WORK,
                values=_IN_WORK_VALUES,
                raises=REVISION,
            )
        except ConditionFailed as refused:
            if refused.item is None:
                raise NotFoundError(f"there is no backtest {run_id!r}") from None
            return self.get(owner, run_id), False
        return Run.from_item(item), True

    def begin_delete(self, owner: str, run_id: str) -> Run:
        """Hide an ended run, for its objects are about to go. Raises NotFoundError, ConflictError."""
        run = self.get(owner, run_id)
        if not run.ended:
            raise ConflictError(f"backtest {run_id} is {run.status}; cancel it before you delete it")
        self._table.update(
            *_keys(owner, run_id),
            changes={"status": DELETING, **_to_sweep(stamp(), run_id)},
            raises=REVISION,
        )
        return run

    def forget(self, owner: str, run_id: str) -> None:
        self._table.delete(*_keys(owner, run_id))

    def swept(self, owner: str, run_id: str) -> None:
        """Take an ended run off the sweeper's list."""
        self._table.update(*_keys(owner, run_id), changes={"gsi2pk": None, "gsi2sk": None})

    def in_work(self, older_than_ms: int) -> list[Run]:
        """Return every owner's queued and running runs created before `older_than_ms`."""
        items = self._table.active(names.IN_WORK, stamp(older_than_ms))
        return [Run.from_item(item) for item in items if "run_id" in item]

    def to_sweep(self, older_than_ms: int) -> list[tuple[Run, bool]]:
        """Return runs that ended before `older_than_ms` and are not swept yet, each with `being deleted`."""
        items = self._table.active(names.TO_SWEEP, stamp(older_than_ms))
        return [(Run.from_item(item), item["status"] == DELETING) for item in items if "run_id" in item]

    def note_fingerprint(self, owner: str, fingerprint: str, run_id: str) -> None:
        """Remember which of an owner's runs first had these results."""
        try:
            self._table.put_new(
                {
                    "pk": names.owner_key(owner),
                    "sk": names.fingerprint_key(fingerprint),
                    "owner": owner,
                    "run_id": run_id,
                }
            )
        except ConditionFailed as there:
            known = (there.item or {}).get("run_id", "")
            if known != run_id and self._gone(owner, known):
                self._table.update(
                    names.owner_key(owner), names.fingerprint_key(fingerprint), {"run_id": run_id}
                )

    def run_with_fingerprint(self, owner: str, fingerprint: str) -> str | None:
        """Return the id of a completed run of the owner with this fingerprint, if there is one."""
        item = self._table.get(names.owner_key(owner), names.fingerprint_key(fingerprint))
        return None if item is None or self._gone(owner, item["run_id"]) else item["run_id"]

    def _gone(self, owner: str, run_id: str) -> bool:
        try:
            self.get(owner, run_id)
        except NotFoundError:
            return True
        return False

    def _owned(
        self,
        owner: str,
        run_id: str,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
    ) -> Run:
        try:
            item = self._table.update(
                *_keys(owner, run_id),
                changes={TAIL: None, **changes},
                condition=condition,
                values=values,
                raises=REVISION,
            )
        except ConditionFailed as refused:
            status = (refused.item or {}).get("status", "gone")
            raise SupersededError(f"backtest {run_id} is {status} or another attempt owns it") from None
        return Run.from_item(item)


def _keys(owner: str, run_id: str) -> tuple[str, str]:
    return names.owner_key(owner), names.run_key(run_id)


def _to_sweep(ended_at: str, run_id: str) -> dict[str, str]:
    return {"gsi2pk": names.TO_SWEEP, "gsi2sk": f"{ended_at}#{run_id}"}
