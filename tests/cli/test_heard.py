"""What is news of a run, in whatever order its messages come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.heard import MOST_BEYOND, Heard, Message

KINDS = ("status", "progress", "fill", "log", "event")


def message(sequence: int, kind: str = "fill", attempt: int = 1) -> Message:
    return {"run_id": "bt-1", "sequence": sequence, "type": kind, "attempt": attempt}


SOME = st.lists(
    st.builds(message, st.integers(0, 10_000), st.sampled_from(KINDS)),
    max_size=MOST_BEYOND,
    unique_by=lambda each: each["sequence"],
)


@given(st.data(), SOME)
def test_each_message_is_news_once_in_any_order_and_states_never_go_back(
    data: st.DataObject, messages: list[Message]
) -> None:
    coming = data.draw(st.permutations([*messages, *messages]))
    heard = Heard()
    taken = [each for each in coming if heard.is_news(each)]
    adding = [each["sequence"] for each in messages if each["type"] not in ("status", "progress")]
    assert sorted(each["sequence"] for each in taken if each["sequence"] in adding) == sorted(adding)
    for kind in ("status", "progress"):
        states = [each["sequence"] for each in taken if each["type"] == kind]
        assert states == sorted(states)
        assert states[-1:] == sorted(each["sequence"] for each in messages if each["type"] == kind)[-1:]


def test_a_status_is_not_old_for_newer_progress() -> None:
    heard = Heard()
    assert heard.is_news(message(96, "progress"))
    assert heard.is_news(message(65, "status"))


def test_it_goes_on_from_the_beginning_until_more_was_heard_than_is_kept() -> None:
    heard = Heard()
    marks = []
    for sequence in range(1, MOST_BEYOND + 2):
        assert heard.is_news(message(sequence))
        marks.append(heard.since)
    assert marks == [None] * MOST_BEYOND + [1]
    assert not heard.is_news(message(1))


def test_a_hole_is_filled_after_the_connection_is_lost_once_more() -> None:
    heard = Heard()
    for sequence in range(1, 2 * MOST_BEYOND):
        heard.is_news(message(sequence))
    # Pushed first; what came before it is on its way when the connection breaks off.
    heard.is_news(message(1_000))
    assert heard.since is not None
    assert heard.since < 2 * MOST_BEYOND
    assert all(heard.is_news(message(sequence)) for sequence in (500, 600))


def test_a_snapshot_stands_for_progress_and_not_for_what_adds() -> None:
    heard = Heard()
    assert heard.is_ahead({"sequence": 95})
    assert heard.since is None
    assert not heard.is_news(message(64, "progress"))
    assert heard.is_news(message(65))
    assert heard.is_news(message(96, "progress"))
    assert not heard.is_ahead({"sequence": 95})


def test_of_a_lost_attempt_nothing_is_news() -> None:
    heard = Heard()
    assert heard.is_news(message(64, "retracted", attempt=1))
    assert not heard.is_news(message(32, attempt=1))
    assert heard.is_news(message(65, attempt=2))
