"""What was heard of one run: messages may come twice, and what was missed after what is newer.

The API posts what happens from one place and what a client missed from another. Sequences rise, not by one:
a hole does not show.
"""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]
"""One of shared.responses_live, as it came: a newer API may say more than this client knows."""

# Messages of some fifteen seconds: what is late by more is taken for heard.
MOST_BEYOND = 64


class Heard:
    """Tells news from what is old; `since` is the sequence after which to go on, None from the beginning.

    Everything up to `since` was heard, or is waited for no more.
    """

    def __init__(self) -> None:
        self.since: int | None = None
        self._beyond: set[int] = set()
        # Of what says a state only what is newer than this is taken.
        self._newest = {"progress": -1, "status": -1}
        self._lost_attempt = 0

    def is_news(self, message: Message) -> bool:
        """Take a numbered message; tell whether it says anything new that holds."""
        sequence, kind = int(message["sequence"]), message["type"]
        if sequence in self._beyond or (self.since is not None and sequence <= self.since):
            return False
        self._beyond.add(sequence)
        if len(self._beyond) > MOST_BEYOND:
            self.since = min(self._beyond)
            self._beyond.remove(self.since)
        if kind == "retracted":
            self._lost_attempt = max(self._lost_attempt, message["attempt"])
            return True
        if kind in self._newest:
            return self._is_newest(kind, sequence)
        return bool(message.get("attempt", self._lost_attempt + 1) > self._lost_attempt)

    def is_ahead(self, snapshot: Message) -> bool:
        """Take a snapshot; tell whether it is newer than the states that were heard.

        It stands for the progress up to its sequence, but for nothing that adds: messages before it may still
        be on their way.
        """
        return snapshot["sequence"] > self._newest["status"] and self._is_newest(
            "progress", snapshot["sequence"]
        )

    def _is_newest(self, kind: str, sequence: int) -> bool:
        if sequence <= self._newest[kind]:
            return False
        self._newest[kind] = sequence
        return True
