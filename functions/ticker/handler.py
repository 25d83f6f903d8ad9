"""Polls exchanges while somebody listens to the market."""

from __future__ import annotations

from typing import Any

from functions.step import Event, workflow_step
from functions.ticker.ticker import poll


def _ticker(event: Event) -> dict[str, Any]:
    return poll(event.get("holder"))


handler = workflow_step(_ticker)
