"""The one builder of what is pushed of runs: from a change of a run's item to messages that fit frames; pure.

The same change gives the same messages, so that a change that is told twice is pushed twice and kept once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.live_tail import Tail
from shared.responses import RunError
from shared.responses_live import (
    EventMessage,
    FillMessage,
    LiveEvent,
    LiveFill,
    LogMessage,
    NumberedMessage,
    ProgressMessage,
    RetractedMessage,
    RunSnapshot,
    StatusMessage,
)
from shared.run_position import position_of
from shared.runs import DELETING, REVISION, TAIL, Run
from shared.times import iso

# A gateway's frame holds 32 KB.
MAX_FRAME_BYTES = 31 * 1024
# More messages than one change of a run can make.
PER_REVISION = 32
# A reason is for a reader; all of what was wrong stands in the run.
_LONGEST_DETAIL = 2_000


def messages_of(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[NumberedMessage]:
    """Return what a change of a run's item means to its owner; nothing where the change was not theirs."""
    if old is not None and old.get(REVISION, 0) >= new.get(REVISION, 0):
        return []
    before = None if old is None else Run.from_item(old)
    run = Run.from_item(new)
    tail = Tail.from_json(new[TAIL]) if TAIL in new else Tail()
    drafts = [*_retracted(before, run), *_told(run, tail), *_state(before, run)]
    begins = run.revision * PER_REVISION
    pieces = [piece for draft in drafts for piece in _fitting(draft)]
    return [
        piece.model_copy(update={"sequence": begins + number})
        for number, piece in enumerate(pieces[:PER_REVISION])
    ]


def sequence_of(run: Run) -> int:
    """Return the last sequence that a run may have had so far."""
    return run.revision * PER_REVISION + PER_REVISION - 1


def revision_of(sequence: int) -> int:
    return sequence // PER_REVISION


def snapshot_of(run: Run) -> RunSnapshot:
    return RunSnapshot(
        run_id=run.run_id,
        sequence=sequence_of(run),
        attempt=run.attempts,
        status=run.status,
        **position_of(run),
        latest_logs=list(run.logs),
        error=_error(run),
    )


def frame(message: Any) -> bytes:
    """Write a message, one of shared.responses_live, as a frame."""
    body: bytes = message.model_dump_json().encode()
    return body


def _retracted(before: Run | None, run: Run) -> Iterator[NumberedMessage]:
    """Say that what was pushed of an attempt holds no more: another began, or the run ended without it."""
    if before is None or before.attempts == 0:
        return
    lost = run.attempts != before.attempts
    ended_without = run.status in ("failed", "cancelled") and not before.ended
    if lost or ended_without:
        yield RetractedMessage(run_id=run.run_id, sequence=0, attempt=before.attempts)


def _told(run: Run, tail: Tail) -> Iterator[NumberedMessage]:
    of: dict[str, Any] = {"run_id": run.run_id, "sequence": 0, "attempt": run.attempts}
    if tail.events:
        events = [_event(row) for row in tail.events]
        yield EventMessage(**of, events=events, left_out=tail.events_left_out)
    if tail.fills:
        fills = [_fill(row) for row in tail.fills]
        yield FillMessage(**of, fills=fills, left_out=tail.fills_left_out)
    if tail.logs:
        yield LogMessage(**of, lines=list(tail.logs))


def _state(before: Run | None, run: Run) -> Iterator[NumberedMessage]:
    position = position_of(run)
    if before is None or position_of(before) != position:
        yield ProgressMessage(run_id=run.run_id, sequence=0, **position)
    # The end of a run comes last of what is said of it.
    if before is None or _standing(before) != _standing(run):
        yield StatusMessage(
            run_id=run.run_id,
            sequence=0,
            status="deleted" if str(run.status) == DELETING else run.status,
            name=run.name,
            started_at=run.started_at,
            ended_at=run.ended_at,
            error=_error(run),
        )


def _standing(run: Run) -> tuple[object, ...]:
    return run.status, run.name, run.started_at, run.ended_at


def _error(run: Run) -> RunError | None:
    if run.error is None:
        return None
    return RunError(code=str(run.error["code"]), detail=str(run.error["detail"])[:_LONGEST_DETAIL])


def _event(row: Mapping[str, Any]) -> LiveEvent:
    return LiveEvent(**{**row, "timestamp": iso(row["timestamp"])})


def _fill(row: Mapping[str, Any]) -> LiveFill:
    return LiveFill(**{**row, "timestamp": iso(row["timestamp"])})


def _fitting(message: NumberedMessage) -> Iterator[NumberedMessage]:
    """Halve what is too long for a frame; what was left out came before the first of the pieces."""
    if len(frame(message)) <= MAX_FRAME_BYTES:
        yield message
        return
    match message:
        case EventMessage(events=rows) if len(rows) > 1:
            yield from _halves(message, "events", rows)
        case FillMessage(fills=rows) if len(rows) > 1:
            yield from _halves(message, "fills", rows)
        case LogMessage(lines=rows) if len(rows) > 1:
            yield from _halves(message, "lines", rows)


def _halves(message: NumberedMessage, field: str, rows: list[Any]) -> Iterator[NumberedMessage]:
    middle = len(rows) // 2
    yield from _fitting(message.model_copy(update={field: rows[:middle]}))
    rest = {field: rows[middle:], **({"left_out": 0} if field != "lines" else {})}
    yield from _fitting(message.model_copy(update=rest))
