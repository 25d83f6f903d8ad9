"""Waiting for a run's end: a bar where somebody looks on, a line now and then where nobody does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import typer

from cli.client import Answered, Api
from cli.errors import ExitCode, RunFailedError, UnreachableError
from cli.heard import Message
from cli.live import Told, follow, ignore
from cli.output import log, logs_are_json, note, plain, stderr
from shared.errors import Issue
from shared.responses import ProgressAnswer, RunAnswer, RunError

_QUICK, _SLOW = 0.2, 2.0
# Poll quickly for so long, as short runs end within it; later each pause is a little longer.
_QUICK_FOR = 5.0
_LINE_EVERY_PCT = 10
# Room for it from the beginning: a bar that gets shorter with a longer phase seems to go back.
_LONGEST_PHASE = "simulating 2021-03-04"


class Meter(Protocol):
    """Shows how far something is, 0..100, and in what phase."""

    def __call__(self, percent: float, phase: str) -> None: ...


@contextmanager
def meter(title: str) -> Iterator[Meter]:
    """Show progress on standard error: a bar on a terminal, plain lines elsewhere, JSON where asked for."""
    if logs_are_json():
        yield _json_lines(title)
        return
    console = stderr()
    if not console.is_terminal:
        yield _lines(title)
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[phase]}", markup=False, table_column=Column(min_width=len(_LONGEST_PHASE))),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(plain(title), total=100.0, phase="")
        yield lambda percent, phase: progress.update(task, completed=percent, phase=plain(phase))


def _lines(title: str) -> Meter:
    said: list[tuple[str, int]] = []

    def show(percent: float, phase: str) -> None:
        # Without its figures: the day that a simulation has come to is another one each time.
        step = (re.sub(r"[\d,]+", "", phase), int(percent) // _LINE_EVERY_PCT)
        if step not in said:
            said.append(step)
            note(f"{title}: {percent:3.0f} % {phase}")

    return show


def _json_lines(title: str) -> Meter:
    said: list[tuple[str, float]] = []

    def show(percent: float, phase: str) -> None:
        if (phase, percent) not in said[-1:]:
            said.append((phase, percent))
            log("info", title, progress_pct=percent, phase=phase)

    return show


def wait_for_run(
    api: Api, run_id: str, *, told: Told = ignore, sleep: Callable[[float], None] = time.sleep
) -> Answered[RunAnswer]:
    """Listen to a run until it ends, or ask where there is nothing to listen to; return it as it is then.

    `told` gets every message that is pushed of it.

    On ctrl-C the run goes on: says how to come back to it or cancel it, and leaves with 130.
    """
    try:
        with meter(f"backtest {run_id[:11]}") as show:
            if not _over(api, run_id, show) and not follow(api, run_id, _shown(show, told), sleep=sleep):
                _poll(api, run_id, show, sleep)
        return api.get(RunAnswer, f"/backtests/{run_id}")
    except KeyboardInterrupt:
        note(f"backtest {run_id} goes on without you.")
        note(_how_to_go_on(run_id))
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except UnreachableError as error:
        raise UnreachableError(
            error.detail, hint=f"the run may well go on. {_how_to_go_on(run_id)}"
        ) from None


def _over(api: Api, run_id: str, show: Meter) -> bool:
    progress = api.get(ProgressAnswer, f"/backtests/{run_id}/progress").value
    show(progress.progress_pct, _phase(progress))
    return progress.status not in ("queued", "running")


def _shown(show: Meter, told: Told) -> Told:
    """Return what shows the progress that is pushed, and hands everything on."""

    def hear(message: Message) -> None:
        if message["type"] == "progress":
            at, phase = message["current_timestamp"] or "", str(message["current_phase"])
            simulating = phase == "simulating"
            show(float(message["progress_pct"]), f"{phase} {at[:10]}".strip() if simulating else phase)
        told(message)

    return hear


def _poll(api: Api, run_id: str, show: Meter, sleep: Callable[[float], None]) -> None:
    pause, quick_left = _QUICK, _QUICK_FOR
    while not _over(api, run_id, show):
        sleep(pause)
        quick_left -= pause
        if quick_left < 0:
            pause = min(_SLOW, pause * 1.2)


def _phase(progress: ProgressAnswer) -> str:
    at = progress.current_timestamp
    return (
        f"{progress.current_phase} {at[:10]}"
        if at and progress.status == "running"
        else progress.current_phase
    )


def _how_to_go_on(run_id: str) -> str:
    return f"Watch it: stepfold watch {run_id}   Stop it: stepfold cancel {run_id}"


def raise_if_failed(run: RunAnswer) -> None:
    """Raise RunFailedError for a run that ended without results, in the words of its error."""
    if run.status == "completed":
        return
    said = f"backtest {run.run_id} {'was cancelled' if run.status == 'cancelled' else run.status}"
    raise failure(said, run.error)


def failure(said: str, error: RunError | None) -> RunFailedError:
    """Return the error of a workflow that ended without a result: by field, where it is about its input."""
    issues = _issues(error)
    if error is None:
        return RunFailedError(said)
    return RunFailedError(f"{said}:" if issues else f"{said}: {error.detail}", issues)


def _issues(error: RunError | None) -> tuple[Issue, ...]:
    entries = error.errors if error else []
    return tuple(Issue(entry.path, entry.message, entry.value, entry.position) for entry in entries)
