"""What was pushed of each run, kept for an hour, for clients that come back."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from shared import names
from shared.live import frame, revision_of
from shared.responses_live import NumberedMessage
from shared.runs import Run
from shared.table import ConditionFailed, Table
from shared.times import now_ms, parse_time

KEPT_SECONDS = 3600
# Changes that are told again at most: beyond, a client reads the run.
MOST = 100
# A change reaches the log within this time, or never (the stream's MaximumRecordAge).
_WITHIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Missed:
    """Frames that a client has not seen, oldest first; `gap`: some before them are held no more."""

    frames: Sequence[bytes]
    gap: bool


class LiveLog:
    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, run_id: str, revision: int, messages: Sequence[NumberedMessage]) -> None:
        """Keep what a change was told as, if it was none too; kept before, it stays as it is."""
        try:
            self._table.put_new(
                {
                    "pk": names.live_log_key(run_id),
                    "sk": names.live_log_entry(revision),
                    "revision": revision,
                    "messages": json.dumps([[m.sequence, frame(m).decode()] for m in messages]),
                    names.EXPIRES_AT: int(time.time()) + KEPT_SECONDS,
                }
            )
        except ConditionFailed:
            return

    def missed(self, run: Run, since: int | None) -> Missed:
        """Return what was pushed of a run after a sequence; of a client that has seen none, everything."""
        # A run is made with its first revision.
        seen = parse_time(run.created_at) - 1 if since is None else revision_of(since)
        # The revision of the last sequence may have been told in part.
        items, more = self._table.last(
            names.live_log_key(run.run_id), names.live_log_entry(max(0, seen - 1)), MOST
        )
        now = time.time()
        held = [item for item in items if item[names.EXPIRES_AT] > now]
        frames = [
            text.encode()
            for item in held
            for sequence, text in json.loads(item["messages"])
            if since is None or sequence > since
        ]
        first = next((item["revision"] for item in held if item["revision"] > seen), None)
        if first is not None:
            lost = more or first > seen + 1
        else:
            # What is not there yet is on its way, unless the run has not changed for long.
            lost = run.revision > seen and _ended_before(run, now_ms() - _WITHIN_MS)
        return Missed(frames, lost)


def _ended_before(run: Run, moment_ms: int) -> bool:
    return run.ended_at is not None and parse_time(run.ended_at) < moment_ms
