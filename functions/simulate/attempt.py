"""One attempt at a run: what it has folded and written so far, and how another worker goes on from there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import engine
from functions.simulate.recent import Recent
from shared import access, names
from shared.checkpoint import Checkpoint
from shared.errors import StoreCorruptError
from shared.limit_checks import check_events
from shared.resolved_run import ResolvedRun, engine_plan
from shared.run_candles import run_funding
from shared.settings import settings
from shared.writer import RunWriter


@dataclass(frozen=True, slots=True)
class Planned:
    """What `plan` wrote of a run, and the engine's plan of it."""

    run_id: str
    raw: Mapping[str, Any]
    resolved: ResolvedRun
    plan: engine.Plan

    @classmethod
    def load(cls, run_id: str) -> Planned:
        raw = access.store().get_json(names.run_plan(run_id))
        resolved = ResolvedRun.from_dict(raw["run"])
        funding = run_funding(access.store(), resolved, raw.get("funding_owners", ()))
        return cls(run_id, raw, resolved, engine_plan(resolved, funding))

    def writer(self, token: str) -> RunWriter:
        indicators = {market.symbol: tuple(self.plan.strategy.indicators) for market in self.plan.markets}
        return RunWriter(access.store(), self.run_id, token, indicators)


@dataclass(slots=True)
class Attempt:
    """Parts of one token; nobody sees them before `publish` names the manifest that lists them."""

    planned: Planned
    token: str
    state: engine.State
    report: engine.Report
    writer: RunWriter
    next_ms: int | None = None
    """Where the bars go on that were not folded yet; None at the beginning."""
    processed: int = 0
    current_ms: int | None = None
    began_from: str | None = None
    """Key of the checkpoint that this worker went on from."""
    recent: Recent = field(default_factory=Recent)
    """What happened since it was last told."""

    @classmethod
    def begin(cls, planned: Planned, token: str) -> Attempt:
        plan = planned.plan
        return cls(planned, token, engine.initial_state(plan), engine.Report(plan), planned.writer(token))

    @classmethod
    def go_on(cls, planned: Planned, reached: Mapping[str, str]) -> Attempt:
        """Read a checkpoint. Raises StoreCorruptError for one that is gone, damaged, or another plan's."""
        store, key = access.store(), reached["checkpoint"]
        found = Checkpoint.from_bytes(store.get(key), reached["sha256"])
        head, blobs = found.head, dict(found.blobs)
        try:
            state = engine.State.from_bytes(blobs.pop("state"))
            report = engine.Report.from_bytes(planned.plan, blobs.pop("report"))
        except engine.StateError as error:
            raise StoreCorruptError(f"the checkpoint {key} cannot be gone on from: {error}") from error
        writer = planned.writer(reached["token"])
        writer.load(head["writer"], blobs)
        # The one before was kept in case this step had to be tried again from there.
        if head["before"] is not None:
            store.delete([head["before"]])
        return cls(
            planned,
            reached["token"],
            state,
            report,
            writer,
            head["next_ms"],
            head["processed"],
            head["current_ms"],
            key,
        )

    def fold(self, bars: Mapping[str, engine.Bars], finer: Mapping[str, engine.Bars] | None) -> None:
        """Take the next segment of bars. Raises RunLimitError, writing none of it, for too many events."""
        self.state, output = engine.simulate(self.planned.plan, self.state, bars, finer=finer)
        self._advance(bars)
        check_events(self.state.events, self.current_ms, settings().limits)
        self._keep(output)

    def _advance(self, bars: Mapping[str, engine.Bars]) -> None:
        resolved = self.planned.resolved
        for series in bars.values():
            times = series.timestamp
            self.processed += len(times) - int(times.searchsorted(resolved.start_ms))
            if len(times):
                self.current_ms = max(self.current_ms or 0, int(times[-1]))
                self.next_ms = max(self.next_ms or 0, int(times[-1]) + resolved.timeframe_ms)

    def finish(self, fingerprint: str) -> str:
        """Close the books, write what is left; return the manifest's key."""
        plan = self.planned.plan
        self.state, output = engine.finish(plan, self.state)
        self._keep(output)
        key, _ = self.writer.finish(
            fingerprint=fingerprint,
            engine_version=engine.ENGINE_VERSION,
            request=self.planned.resolved.to_dict(),
            metrics=engine.metrics(plan, self.state, self.report),
            report=self.report.tables(),
        )
        return key

    def hand_on(self) -> dict[str, str]:
        """Write a checkpoint; return what the next step needs to go on from it."""
        written, blobs = self.writer.dump()
        head = {
            "writer": written,
            "next_ms": self.next_ms,
            "processed": self.processed,
            "current_ms": self.current_ms,
            "before": self.began_from,
        }
        blobs |= {"state": self.state.to_bytes(), "report": self.report.to_bytes()}
        body = Checkpoint(head, blobs).to_bytes()
        key = names.run_checkpoint(self.planned.run_id, self.token, self.state.rows)
        access.store().put(key, body, "application/octet-stream")
        return {"token": self.token, "checkpoint": key, "sha256": hashlib.sha256(body).hexdigest()}

    def _keep(self, output: engine.Output) -> None:
        # The report finds the columns made that the writer has read.
        self.writer.append(output.tables)
        self.report.add(output)
        self.recent.add(output.tables)
