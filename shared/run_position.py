"""How far a run is, in the words of every answer and message that says so."""

from __future__ import annotations

from typing import Any

from shared.runs import Run
from shared.times import iso


def position_of(run: Run) -> dict[str, Any]:
    """Return the fields that ProgressAnswer, RunSnapshot and ProgressMessage have in common."""
    return {
        "progress_pct": run.progress_pct,
        "current_phase": run.phase,
        "current_timestamp": None if run.current_ms is None else iso(run.current_ms),
        "total_candles": run.total,
        "processed_candles": min(run.processed, run.total),
    }
