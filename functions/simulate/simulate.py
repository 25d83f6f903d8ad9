"""Read candles segment by segment, fold, write parts; then the manifest, or where the next step goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import engine
from functions.metrics import bars_simulated
from functions.simulate.attempt import Attempt, Planned
from functions.step import logger
from shared import access
from shared.errors import StoreCorruptError
from shared.identifiers import attempt_token, fingerprint
from shared.limit_checks import check_time
from shared.run_candles import candle_versions, run_bars
from shared.runs import Progress, Run
from shared.settings import settings
from shared.times import iso, now_ms, parse_time

# The index is written at most this often, however fast the fold is.
PROGRESS_SECONDS = 1.0


def simulate_run(owner: str, run_id: str, reached: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Fold a planned backtest, from its beginning as a new attempt, or from what an earlier step reached.

    Return the manifest that `publish` shall make visible; or, when the time of a step is over before the bars
    are, `reached`, for another step to go on from: a run may take longer than any worker lives. The bytes are
    the same wherever it is cut. Raises SupersededError, leaving nothing that a reader could see, when the run
    has ended or another attempt has taken over; RunLimitError when it takes too long or makes too much.
    """
    began = time.monotonic()
    planned = Planned.load(run_id)
    run, attempt = _begun(owner, planned, reached)
    meter, before = _Meter(run, attempt), attempt.processed
    started_ms = parse_time(run.started_at or run.created_at)
    resolved = planned.resolved
    versions = candle_versions(
        access.store(), resolved, planned.raw["dataset_owners"], planned.raw["finer_owners"]
    )
    segments = run_bars(access.store(), resolved, versions, attempt.next_ms)
    segment = next(segments, None)
    while segment is not None:
        attempt.fold(*segment)
        meter.advance()
        check_time((now_ms() - started_ms) / 1000, attempt.current_ms, settings().limits)
        segment = next(segments, None)
        if segment is not None and time.monotonic() - began >= settings().step_seconds:
            meter.write("simulating")
            bars_simulated(attempt.processed - before, time.monotonic() - began)
            return {"run_id": run_id, "owner": owner, "reached": attempt.hand_on()}
    meter.write("publishing", f"simulated {attempt.processed:,} candles")
    bars_simulated(attempt.processed - before, time.monotonic() - began)
    manifest_key = attempt.finish(fingerprint(resolved.to_dict(), engine.ENGINE_VERSION))
    return {"run_id": run_id, "owner": owner, "token": attempt.token, "manifest_key": manifest_key}


def _begun(owner: str, planned: Planned, reached: Mapping[str, str] | None) -> tuple[Run, Attempt]:
    """Begin, or go on from a checkpoint; begin anew, as another attempt, when that is damaged."""
    runs, run_id = access.runs(), planned.run_id
    if reached is not None:
        try:
            attempt = Attempt.go_on(planned, reached)
        except StoreCorruptError:
            logger().warning("checkpoint lost: begun anew", exc_info=True)
        else:
            run = runs.get(owner, run_id)
            at = Progress("simulating", attempt.processed, run.total, attempt.current_ms)
            return runs.progress(run, attempt.token, at), attempt
    token = attempt_token()
    return runs.begin_attempt(owner, run_id, token), Attempt.begin(planned, token)


class _Meter:
    """Tells the index how far an attempt is, about once a second; its writes notice a lost ownership."""

    def __init__(self, run: Run, attempt: Attempt) -> None:
        self._run, self._attempt = run, attempt
        self._written_at = time.monotonic()

    def advance(self) -> None:
        if time.monotonic() - self._written_at >= PROGRESS_SECONDS:
            self.write("simulating", self._line())

    def _line(self) -> str:
        attempt = self._attempt
        day = iso(attempt.current_ms or 0)[:10]
        return (
            f"at {day}: {attempt.processed:,} of {self._run.total:,} candles, {attempt.state.fills:,} fills"
        )

    def write(self, phase: str, log: str | None = None) -> None:
        attempt = self._attempt
        progress = Progress(phase, attempt.processed, self._run.total, attempt.current_ms, log)
        tail = attempt.recent.tail(log)
        self._run = access.runs().progress(self._run, attempt.token, progress, tail.to_json())
        attempt.recent.told()
        self._written_at = time.monotonic()
