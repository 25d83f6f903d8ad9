"""The builder of what is pushed: each change of a run's item as the messages that tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.live import MAX_FRAME_BYTES, frame, messages_of, revision_of, sequence_of, snapshot_of
from shared.live_tail import EVENT_COLUMNS, FILL_COLUMNS, MAX_BYTES, MAX_EVENTS, MAX_FILLS, Tail
from shared.runs import Progress, Run
from tests.aws import FakeStage
from tests.shared.test_runs import a_run, publish

Item = Mapping[str, Any]


def fill(seq: int, **changes: Any) -> dict[str, Any]:
    values = (
        seq,
        1_609_459_200_000,
        "BTC-USDT",
        "buy",
        0.5,
        29_000.0,
        1.5,
        0.0,
        "entry",
        "trigger",
        True,
        0.5,
    )
    return {**dict(zip(FILL_COLUMNS, values, strict=True)), **changes}


def event(seq: int, payload: str = "{}") -> dict[str, Any]:
    values = (seq, 1_609_459_200_000, "trade_blocked", "BTC-USDT", None, payload)
    return dict(zip(EVENT_COLUMNS, values, strict=True))


def item_of(stage: FakeStage, run: Run) -> Item:
    item = stage.table.get(f"OWNER#{run.owner}", f"RUN#{run.run_id}")
    assert item is not None
    return item


def told(old: Item | None, new: Item) -> list[dict[str, Any]]:
    return [json.loads(frame(message)) for message in messages_of(old, new)]


class Life:
    """A run's items as its index writes them, each with the messages of the change."""

    def __init__(self, stage: FakeStage) -> None:
        self._stage = stage
        self.run, _ = stage.runs.create(a_run())
        self.item = item_of(stage, self.run)
        self.messages = told(None, self.item)

    def changed(self) -> list[dict[str, Any]]:
        """Return what the last change is told as."""
        before, self.item = self.item, item_of(self._stage, self.run)
        messages = told(before, self.item)
        self.messages += messages
        return messages

    def running(self, token: str = "t1") -> Run:
        self._stage.runs.plan(self.run.owner, self.run.run_id, {"total": 100})
        self.changed()
        attempt = self._stage.runs.begin_attempt(self.run.owner, self.run.run_id, token)
        self.changed()
        return attempt


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def test_a_run_is_told_from_its_first_word_to_its_results(stage: FakeStage) -> None:
    life = Life(stage)
    assert [(m["type"], m.get("status")) for m in life.messages] == [("progress", None), ("status", "queued")]
    attempt = life.running()
    tail = Tail(fills=[fill(0)], events=[event(3)], logs=["half-way"], fills_left_out=7).to_json()
    stage.runs.progress(attempt, "t1", Progress("simulating", 40, 100, 86_400_000, "half-way"), tail)
    events, fills, log, progress = life.changed()
    assert (events["type"], events["events"][0]["seq"], events["attempt"]) == ("event", 3, 1)
    assert (fills["type"], fills["left_out"], fills["provisional"]) == ("fill", 7, True)
    assert fills["fills"][0]["timestamp"] == "2021-01-01T00:00:00Z"
    assert (log["type"], log["lines"]) == ("log", ["half-way"])
    assert (progress["progress_pct"], progress["current_timestamp"]) == (40.0, "1970-01-02T00:00:00Z")
    publish(stage, attempt, "t1")
    assert [(m["type"], m.get("status")) for m in life.changed()] == [
        ("progress", None),
        ("status", "completed"),
    ]
    sequences = [message["sequence"] for message in life.messages]
    assert all(one < other for one, other in pairwise(sequences))
    assert {message["run_id"] for message in life.messages} == {attempt.run_id}
    # What gives rights to write a run never leaves the index.
    assert "t1" not in json.dumps(life.messages)


def test_the_same_change_told_twice_is_the_same(stage: FakeStage) -> None:
    life = Life(stage)
    before = life.item
    life.running()
    assert told(before, life.item) == told(before, life.item)


def test_a_write_that_is_no_news_is_told_as_nothing(stage: FakeStage) -> None:
    life = Life(stage)
    attempt = life.running()
    publish(stage, attempt, "t1")
    life.changed()
    stage.runs.swept(attempt.owner, attempt.run_id)
    assert life.changed() == []


def test_a_lost_attempt_is_retracted_when_another_begins(stage: FakeStage) -> None:
    life = Life(stage)
    attempt = life.running()
    stage.runs.progress(attempt, "t1", Progress("simulating", 60, 100), Tail(fills=[fill(0)]).to_json())
    life.changed()
    stage.runs.begin_attempt(attempt.owner, attempt.run_id, "t2")
    first, *rest = life.changed()
    assert (first["type"], first["attempt"]) == ("retracted", 1)
    # The tail of the lost attempt is not told again as the new one's.
    assert kinds(rest) == ["progress"]
    assert (rest[0]["progress_pct"], rest[0]["processed_candles"]) == (60.0, 0)


def test_a_run_that_ends_without_results_takes_back_what_was_pushed(stage: FakeStage) -> None:
    life = Life(stage)
    attempt = life.running()
    error = {"code": "internal", "detail": "x" * 5_000, "errors": [{"path": "p", "message": "m"}]}
    stage.runs.end(attempt.owner, attempt.run_id, "failed", error)
    messages = life.changed()
    assert kinds(messages) == ["retracted", "progress", "status"]
    assert (messages[-1]["status"], len(messages[-1]["error"]["detail"])) == ("failed", 2_000)


def test_a_deleted_run_is_told_of_for_the_last_time(stage: FakeStage) -> None:
    life = Life(stage)
    stage.runs.end(life.run.owner, life.run.run_id, "cancelled")
    life.changed()
    stage.runs.begin_delete(life.run.owner, life.run.run_id)
    assert [(m["type"], m["status"]) for m in life.changed()] == [("status", "deleted")]


def test_a_run_made_anew_under_the_id_of_a_deleted_one_goes_on_rising(stage: FakeStage) -> None:
    first, _ = stage.runs.create(a_run(created_at="2024-01-01T00:00:00Z"))
    stage.runs.end(first.owner, first.run_id, "cancelled")
    stage.runs.begin_delete(first.owner, first.run_id)
    last = told(None, item_of(stage, first))[-1]["sequence"]
    stage.runs.forget(first.owner, first.run_id)
    again, _ = stage.runs.create(a_run(created_at="2024-01-01T00:00:01Z"))
    assert again.run_id == first.run_id
    assert told(None, item_of(stage, again))[0]["sequence"] > last


def test_a_snapshot_says_up_to_where_it_goes(stage: FakeStage) -> None:
    life = Life(stage)
    run = stage.runs.get(life.run.owner, life.run.run_id)
    snapshot = snapshot_of(run)
    assert (snapshot.status, snapshot.sequence) == ("queued", sequence_of(run))
    assert life.messages[-1]["sequence"] < snapshot.sequence
    assert revision_of(snapshot.sequence) == run.revision
    life.running()
    assert life.messages[-1]["sequence"] > snapshot.sequence


def test_messages_fit_frames_whatever_they_hold(stage: FakeStage) -> None:
    life = Life(stage)
    attempt = life.running()
    # A payload as long as the whole tail may be: escaping it for the wire makes it longer still.
    payload = json.dumps({"detail": '"' * 900})
    tail = Tail(events=[event(number, payload) for number in range(40)], fills=[fill(n) for n in range(40)])
    text = tail.to_json()
    assert text is not None
    stage.runs.progress(attempt, "t1", Progress("simulating", 1, 100), text)
    life.changed()
    changed = {**life.item, "revision": life.item["revision"] + 1, "tail": _unbounded(tail)}
    messages = messages_of(life.item, changed)
    assert all(len(frame(message)) <= MAX_FRAME_BYTES for message in messages)
    shown = [row["seq"] for m in told(life.item, changed) if m["type"] == "event" for row in m["events"]]
    assert shown == list(range(40))


def _unbounded(tail: Tail) -> str:
    return tail._text()


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 60), st.integers(0, 3_000))
def test_a_tail_keeps_its_bounds_and_counts_what_it_leaves_out(
    fills: int, events: int, lines: int, length: int
) -> None:
    text = Tail(
        fills=[fill(number) for number in range(fills)],
        events=[event(number, "x" * length) for number in range(events)],
        logs=[f"line {number}" for number in range(lines)],
        fills_left_out=5,
    ).to_json()
    if text is None:
        # Where not even one row fits, there is nothing to tell.
        assert lines == 0
        assert fills == 0
        assert events == 0 or length > 0
        return
    assert len(text.encode()) <= MAX_BYTES
    tail = Tail.from_json(text)
    assert len(tail.fills) + tail.fills_left_out == fills + 5
    assert len(tail.events) + tail.events_left_out == events
    assert len(tail.fills) <= MAX_FILLS
    assert len(tail.events) <= MAX_EVENTS
    # The newest are those that are kept, in order.
    assert [row["seq"] for row in tail.fills] == list(range(fills))[fills - len(tail.fills) :]
    assert [row["seq"] for row in tail.events] == list(range(events))[events - len(tail.events) :]
