"""What an attempt did since it last said how far it is: its newest fills, events and lines, bounded.

It travels in the progress write itself, as text: a write more would double what being watched costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MAX_FILLS = 40
MAX_EVENTS = 40
MAX_LINES = 20
MAX_BYTES = 16 * 1024
FILL_COLUMNS = (
    *("seq", "timestamp", "symbol", "side", "qty", "price", "fee", "pnl", "trigger_id", "reason"),
    *("is_entry", "position_after"),
)
EVENT_COLUMNS = ("seq", "timestamp", "type", "symbol", "trigger_id", "payload")


@dataclass(frozen=True, slots=True)
class Tail:
    """Rows by column name, times in epoch ms; `…_left_out` counts those before that were too many."""

    fills: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    logs: Sequence[str] = ()
    fills_left_out: int = 0
    events_left_out: int = 0

    def to_json(self) -> str | None:
        """Write it within its bounds: of what is too much, the oldest rows go. None if there is nothing."""
        tail = self._shorter(MAX_FILLS, MAX_EVENTS)
        text = tail._text()
        fills, events = len(tail.fills), len(tail.events)
        while len(text.encode()) > MAX_BYTES and fills + events > 0:
            # Events are more and matter less.
            fills, events = (fills, events // 2) if events else (fills // 2, 0)
            tail = tail._shorter(fills, events)
            text = tail._text()
        return text if tail.fills or tail.events or tail.logs else None

    @classmethod
    def from_json(cls, text: str) -> Tail:
        raw = json.loads(text)
        return cls(
            [dict(zip(FILL_COLUMNS, row, strict=True)) for row in raw["fills"]],
            [dict(zip(EVENT_COLUMNS, row, strict=True)) for row in raw["events"]],
            raw["logs"],
            raw["fills_left_out"],
            raw["events_left_out"],
        )

    def _shorter(self, fills: int, events: int) -> Tail:
        kept_fills = self.fills[max(0, len(self.fills) - fills) :]
        kept_events = self.events[max(0, len(self.events) - events) :]
        return replace(
            self,
            fills=kept_fills,
            events=kept_events,
            logs=self.logs[-MAX_LINES:],
            fills_left_out=self.fills_left_out + len(self.fills) - len(kept_fills),
            events_left_out=self.events_left_out + len(self.events) - len(kept_events),
        )

    def _text(self) -> str:
        return json.dumps(
            {
                "fills": [[row[name] for name in FILL_COLUMNS] for row in self.fills],
                "events": [[row[name] for name in EVENT_COLUMNS] for row in self.events],
                "logs": list(self.logs),
                "fills_left_out": self.fills_left_out,
                "events_left_out": self.events_left_out,
            },
            separators=(",", ":"),
        )
