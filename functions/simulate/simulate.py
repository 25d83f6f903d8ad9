"""One attempt at a run: read candles segment by segment, fold, write parts, then the manifest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import engine
from shared import access, names
from shared.identifiers import attempt_token, fingerprint
from shared.resolved_run import ResolvedRun, engine_plan
from shared.run_candles import candle_versions, run_bars, run_funding
from shared.runs import Progress, Run
from shared.writer import RunWriter

# The index is written at most this often, however fast the fold is.
PROGRESS_SECONDS = 1.0


def simulate_run(owner: str, run_id: str) -> dict[str, Any]:
    """Run a planned backtest as a new attempt and return the manifest that `publish` shall make visible.

    Raises SupersededError, leaving nothing that a reader could see, when the run has ended or another
    attempt has taken over.
    """
    token = attempt_token()
    run = access.runs().begin_attempt(owner, run_id, token)
    raw = access.store().get_json(names.run_plan(run_id))
    resolved = ResolvedRun.from_dict(raw["run"])
    plan = engine_plan(resolved, run_funding(access.store(), resolved, raw.get("funding_owners", ())))
    writer = RunWriter(
        access.store(),
        run_id,
        token,
        {market.symbol: tuple(plan.strategy.indicators) for market in plan.markets},
    )
    metrics, report = _fold(plan, resolved, raw, writer, _Meter(run, token))
    print_of = fingerprint(resolved.to_dict(), engine.ENGINE_VERSION)
    manifest_key, _ = writer.finish(
        fingerprint=print_of,
        engine_version=engine.ENGINE_VERSION,
        request=resolved.to_dict(),
        metrics=metrics,
        report=report.tables(),
    )
    return {"run_id": run_id, "owner": owner, "token": token, "manifest_key": manifest_key}


def _fold(
    plan: engine.Plan, resolved: ResolvedRun, raw: Mapping[str, Any], writer: RunWriter, meter: _Meter
) -> tuple[Mapping[str, Any], engine.Report]:
    store = access.store()
    versions = candle_versions(store, resolved, raw["dataset_owners"], raw["finer_owners"])
    report = engine.Report(plan)
    state = engine.initial_state(plan)
    for bars, finer in run_bars(store, resolved, versions):
        state, output = engine.simulate(plan, state, bars, finer=finer)
        # The report finds the columns made that the writer has read.
        writer.append(output.tables)
        report.add(output)
        meter.advance(bars.values(), resolved.start_ms)
    state, output = engine.finish(plan, state)
    writer.append(output.tables)
    report.add(output)
    meter.finish()
    return engine.metrics(plan, state, report), report


class _Meter:
    """Tells the index how far an attempt is, about once a second; its writes notice a lost ownership."""

    def __init__(self, run: Run, token: str) -> None:
        self._run, self._token = run, token
        self._processed = 0
        self._current_ms: int | None = None
        self._written_at = time.monotonic()

    def advance(self, segment: Iterable[engine.Bars], start_ms: int) -> None:
        for bars in segment:
            times = bars.timestamp
            self._processed += len(times) - int(times.searchsorted(start_ms))
            if len(times):
                self._current_ms = max(self._current_ms or 0, int(times[-1]))
        if time.monotonic() - self._written_at >= PROGRESS_SECONDS:
            self._write("simulating", None)

    def finish(self) -> None:
        self._write("publishing", f"simulated {self._processed:,} candles")

    def _write(self, phase: str, log: str | None) -> None:
        progress = Progress(phase, self._processed, self._run.total, self._current_ms, log)
        self._run = access.runs().progress(self._run, self._token, progress)
        self._written_at = time.monotonic()
