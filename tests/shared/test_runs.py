"""The life of a run: forward only, owned by one attempt, seen by its owner alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import ConflictError, InvalidInputError, NotFoundError, SupersededError
from shared.identifiers import owner_of_subject, run_id
from shared.runs import Progress, Run
from tests.aws import FakeStage

SUMMARY = {"final_equity": 10_123.25, "sharpe_ratio": None, "total_trades": 3}


def a_run(
    owner: str = "ann", key: str = "k", created_at: str = "2024-01-01T00:00:00Z", **changes: object
) -> Run:
    identity = run_id(owner, key)
    run = Run(
        owner=owner,
        run_id=identity,
        status="queued",
        created_at=created_at,
        body_hash="h",
        request_key="r",
        execution=f"{identity}-1",
        strategy="EMA cross",
        symbols=("BTC-USDT",),
        timeframe="1h",
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def running(stage: FakeStage, token: str = "t1") -> Run:
    run, _ = stage.runs.create(a_run())
    stage.runs.plan(run.owner, run.run_id, {"total": 100})
    return stage.runs.begin_attempt(run.owner, run.run_id, token)


def publish(stage: FakeStage, run: Run, token: str, manifest: str = "m") -> Run:
    return stage.runs.publish(
        run.owner, run.run_id, token, manifest_key=manifest, fingerprint="f", summary=SUMMARY
    )


def test_a_run_is_created_once(stage: FakeStage) -> None:
    first, created = stage.runs.create(a_run())
    again, created_again = stage.runs.create(a_run(body_hash="other"))
    assert (created, created_again) == (True, False)
    assert again.body_hash == first.body_hash == "h"


def test_another_owner_s_run_is_not_there(stage: FakeStage) -> None:
    run, _ = stage.runs.create(a_run("ann"))
    for call in (
        lambda: stage.runs.get("bob", run.run_id),
        lambda: stage.runs.end("bob", run.run_id, "cancelled"),
        lambda: stage.runs.label("bob", run.run_id, {"name": "mine"}),
        lambda: stage.runs.begin_delete("bob", run.run_id),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert stage.runs.newest("bob", limit=10) == ([], None)
    assert stage.runs.get("ann", run.run_id).name is None


def test_a_run_goes_to_its_results(stage: FakeStage) -> None:
    run = running(stage)
    stage.runs.progress(run, "t1", Progress("simulating", 40, 100, 5, "half-way"))
    seen = stage.runs.get("ann", run.run_id)
    assert (seen.progress_pct, list(seen.logs), seen.current_ms) == (40.0, ["half-way"], 5)
    done = publish(stage, run, "t1")
    assert (done.status, done.progress_pct, done.manifest_key) == ("completed", 100.0, "m")
    assert done.summary == SUMMARY


def test_progress_never_goes_back(stage: FakeStage) -> None:
    wanted = ({"dataset_id": "binance.BTC-USDT.1h", "since_ms": 0, "until_ms": None},)
    run, _ = stage.runs.create(a_run(wanted=wanted))
    of = run.owner, run.run_id
    seen = [run.progress_pct]

    def told(said: Run) -> None:
        assert said == stage.runs.get(*of)
        seen.append(said.progress_pct)

    told(stage.runs.fetching(*of, processed=300, total=400, part=0.75))
    # A second fetch has begun, and says how much it has to ask for.
    told(stage.runs.fetching(*of, processed=310, total=2_000, part=0.4))
    told(stage.runs.fetching(*of, processed=2_000, total=2_000, part=1.0))
    told(stage.runs.plan(*of, {"phase": "planned", "processed": 0, "total": 100}))
    told(attempt := stage.runs.begin_attempt(*of, "t1"))
    told(stage.runs.progress(attempt, "t1", Progress("simulating", 60, 100)))
    # The worker is lost, and another one begins with the first bar.
    told(attempt := stage.runs.begin_attempt(*of, "t2"))
    told(attempt := stage.runs.progress(attempt, "t2", Progress("simulating", 10, 100)))
    told(attempt := stage.runs.progress(attempt, "t2", Progress("simulating", 80, 100)))
    told(stage.runs.progress(attempt, "t2", Progress("publishing", 100, 100)))
    told(publish(stage, run, "t2"))
    assert seen == [0.0, 37.5, 37.5, 50.0, 50.0, 50.0, 80.0, 80.0, 80.0, 90.0, 99.0, 100.0]


def test_an_older_attempt_is_refused_everything(stage: FakeStage) -> None:
    run = running(stage, "t1")
    stage.runs.begin_attempt("ann", run.run_id, "t2")
    with pytest.raises(SupersededError):
        stage.runs.progress(run, "t1", Progress("simulating", 1, 100))
    with pytest.raises(SupersededError):
        publish(stage, run, "t1")
    assert stage.runs.get("ann", run.run_id).manifest_key is None
    assert publish(stage, run, "t2").status == "completed"


def test_publishing_twice_is_publishing_once(stage: FakeStage) -> None:
    run = running(stage)
    first = publish(stage, run, "t1")
    assert publish(stage, run, "t1") == first
    with pytest.raises(SupersededError):
        publish(stage, run, "t1", manifest="another")


def test_what_has_ended_stays_ended(stage: FakeStage) -> None:
    run = running(stage)
    ended, by_this_call = stage.runs.end("ann", run.run_id, "cancelled")
    assert (ended.status, by_this_call) == ("cancelled", True)
    late, by_this_call = stage.runs.end("ann", run.run_id, "failed", {"code": "late"})
    assert (late.status, late.error, by_this_call) == ("cancelled", None, False)
    with pytest.raises(SupersededError):
        publish(stage, run, "t1")
    with pytest.raises(SupersededError):
        stage.runs.plan("ann", run.run_id, {})
    with pytest.raises(SupersededError):
        stage.runs.begin_attempt("ann", run.run_id, "t9")


def test_only_what_has_ended_is_deleted_and_then_hidden(stage: FakeStage) -> None:
    run = running(stage)
    with pytest.raises(ConflictError, match="cancel it"):
        stage.runs.begin_delete("ann", run.run_id)
    stage.runs.end("ann", run.run_id, "cancelled")
    stage.runs.begin_delete("ann", run.run_id)
    with pytest.raises(NotFoundError):
        stage.runs.get("ann", run.run_id)
    assert stage.runs.newest("ann", limit=10)[0] == []
    with pytest.raises(ConflictError, match="being deleted"):
        stage.runs.create(a_run())
    assert [deleting for _, deleting in stage.runs.to_sweep(10**13)] == [True]
    stage.runs.forget("ann", run.run_id)
    assert stage.runs.create(a_run())[1]


def test_the_schedule_sees_what_is_in_work_and_what_is_to_sweep(stage: FakeStage) -> None:
    run = running(stage)
    assert [entry.run_id for entry in stage.runs.in_work(1_800_000_000_000)] == [run.run_id]
    assert stage.runs.in_work(1_600_000_000_000) == []
    publish(stage, run, "t1")
    assert stage.runs.in_work(10**13 // 2) == []
    assert [entry.run_id for entry, _ in stage.runs.to_sweep(10**13 // 2)] == [run.run_id]
    stage.runs.swept("ann", run.run_id)
    assert stage.runs.to_sweep(10**13 // 2) == []


def test_listing_pages_newest_first_and_filters(stage: FakeStage) -> None:
    for number in range(7):
        stage.runs.create(
            a_run(
                key=str(number),
                created_at=f"2024-01-0{number + 1}T00:00:00Z",
                tags=("even",) if number % 2 == 0 else (),
                symbols=("BTC-USDT", "ETH-USDT") if number > 4 else ("BTC-USDT",),
            )
        )
    days, cursor = [], None
    for _ in range(10):
        page, cursor = stage.runs.newest("ann", limit=3, cursor=cursor)
        days += [run.created_at[9] for run in page]
        if cursor is None:
            break
    assert days == ["7", "6", "5", "4", "3", "2", "1"]
    even, cursor = stage.runs.newest("ann", limit=2, tag="even")
    assert [run.created_at[9] for run in even] == ["7", "5"]
    rest, cursor = stage.runs.newest("ann", limit=2, tag="even", cursor=cursor)
    assert [run.created_at[9] for run in rest] == ["3", "1"]
    assert len(stage.runs.newest("ann", limit=10, symbol="ETH-USDT")[0]) == 2
    assert stage.runs.newest("ann", limit=10, status="failed")[0] == []


@pytest.mark.parametrize("cursor", ["", "x", "e30=", "WyIxIl0=", "é", "W1tbW1tb"])
def test_a_cursor_that_is_none_is_bad_input(stage: FakeStage, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="cursor"):
        stage.runs.newest("ann", limit=3, cursor=cursor)


def test_equal_results_are_remembered_until_their_run_goes(stage: FakeStage) -> None:
    run = running(stage)
    publish(stage, run, "t1")
    stage.runs.note_fingerprint("ann", "f", run.run_id)
    assert stage.runs.run_with_fingerprint("ann", "f") == run.run_id
    assert stage.runs.run_with_fingerprint("bob", "f") is None
    stage.runs.begin_delete("ann", run.run_id)
    assert stage.runs.run_with_fingerprint("ann", "f") is None


def test_no_subject_of_a_token_becomes_a_reserved_or_unsafe_owner() -> None:
    assert owner_of_subject("0c3a-77") == "0c3a-77"
    for subject in ("local", "public", "a/b", "", "x" * 65, "auth0|7"):
        assert owner_of_subject(subject).startswith("sub-")
