"""Whether a run is over what one run may take: at its request, its plan, and segment by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import Issue, RunLimitError
from shared.run_limits import RunLimits
from shared.times import iso

if TYPE_CHECKING:
    from shared.resolution import Resolution


def check_size(resolution: Resolution, limits: RunLimits) -> None:
    """Refuse a run that is over a limit before it begins. Raises RunLimitError with every issue."""
    run, issues = resolution.run, list[Issue]()
    if len(run.symbols) > limits.max_symbols:
        message = f"a run has at most {limits.max_symbols} symbols; take fewer, or several runs"
        issues.append(Issue("symbols", message, len(run.symbols)))
    bars = sum(
        version.count(run.start_ms, run.end_ms) for version in (*resolution.versions, *resolution.finer)
    )
    if bars > limits.max_bars:
        message = (
            f"from here to {iso(run.end_ms)} all symbols have {bars:,} bars together, finer ones included; "
            f"a run has at most {limits.max_bars:,}: begin later, end earlier, take fewer symbols or a "
            "longer timeframe"
        )
        issues.append(Issue("start_date", message, iso(run.start_ms)))
    if issues:
        raise RunLimitError(issues)


def check_events(events: int, at_ms: int | None, limits: RunLimits) -> None:
    """Refuse to go on with a run that has made too many events. Raises RunLimitError."""
    if events > limits.max_events:
        reached = f" by {iso(at_ms)}" if at_ms is not None else ""
        message = (
            f"made {events:,} events{reached}; a run makes at most {limits.max_events:,}: let its rules "
            "decide less often, or choose a shorter span, fewer symbols or a longer timeframe"
        )
        raise RunLimitError([Issue("strategy", message, events)])


def check_time(seconds: float, at_ms: int | None, limits: RunLimits) -> None:
    """Refuse to go on with a run that has taken too long. Raises RunLimitError."""
    if seconds > limits.max_run_seconds:
        reached = f"only up to {iso(at_ms)}" if at_ms is not None else "to no bar yet"
        message = (
            f"the run has come {reached} after {seconds:,.0f} s; a run takes at most "
            f"{limits.max_run_seconds:,} s: end earlier, or take fewer symbols or a longer timeframe"
        )
        raise RunLimitError([Issue("end_date", message, round(seconds))])
