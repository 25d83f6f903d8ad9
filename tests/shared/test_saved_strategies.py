"""Saved strategies: versions that never change, one writer that wins, an owner who alone sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.api.problems import is_busy
from shared import names
from shared.errors import ConflictError, InvalidInputError, NotFoundError, StaleVersionError
from shared.saved_strategies import SavedStrategies, SavedStrategy
from shared.strategies import named_strategy
from tests.aws import FakeStage


def document(rule: str = "close > 1", **changes: Any) -> dict[str, Any]:
    """Return a strategy that can be run; its fields are in nobody's alphabet."""
    triggers = [{"id": "up", "entry": rule, "exit": "close < 1"}]
    return {"schema": 1, "name": "My cross", "triggers": triggers, **changes}


def versions_written(stage: FakeStage, owner: str = "ann") -> list[str]:
    return [item["sk"] for item in stage.table.prefix(names.owner_key(owner), "STRATEGY_VERSION#")]


def test_a_document_is_kept_as_it_was_sent(stage: FakeStage) -> None:
    sent = document(description="Up.\nAnd down.", parameters={"fast": {"default": 1e-200}, "slow": 26})
    saved, new = stage.strategies.create("ann", sent)
    assert (new, saved.strategy_id, saved.version) == (True, "my_cross", 1)
    assert (saved.name, saved.description) == ("My cross", "Up.")
    assert saved.parameters == {"fast": 1e-200, "slow": 26}
    assert stage.strategies.get("ann", "my_cross") == stage.strategies.get("ann", "my_cross", 1) == saved
    read = stage.strategies.document(saved)
    assert read == sent
    assert list(read) == list(sent)
    assert re.fullmatch(r"strategies/ann/my_cross/[0-9a-f]{32}\.json", saved.document_key)


def test_what_lists_show_holds_no_document(stage: FakeStage) -> None:
    stage.strategies.create("ann", document("close > 1" + " and close > 1" * 250, description="d" * 9_000))
    for item in stage.table.prefix(names.owner_key("ann"), "STRATEGY"):
        assert len(str(item)) < 1_500


def test_the_same_document_again_is_the_same_version(stage: FakeStage) -> None:
    first, _ = stage.strategies.create("ann", document(), "mine")
    reordered = dict(reversed(document().items()))
    assert stage.strategies.create("ann", reordered, "mine") == (first, False)
    assert stage.strategies.update("ann", "mine", reordered, if_version=1) == first
    # A retry of an update whose answer was lost: what it was based on is the newest no more.
    second = stage.strategies.update("ann", "mine", document("close > 2"), if_version=1)
    assert stage.strategies.update("ann", "mine", document("close > 2"), if_version=1) == second
    assert len(versions_written(stage)) == 2


def test_an_id_is_taken_once(stage: FakeStage) -> None:
    stage.strategies.create("ann", document())
    with pytest.raises(ConflictError, match="'my_cross' already, at version 1; PUT /strategies/my_cross"):
        stage.strategies.create("ann", document("close > 2"))
    theirs, new = stage.strategies.create("bob", document("close > 2"))
    assert (new, theirs.version) == (True, 1)


@pytest.mark.parametrize(
    ("strategy_id", "name", "message"),
    [
        ("My-Cross", "x", "small letters"),
        ("a@1", "x", "small letters"),
        ("../x", "x", "small letters"),
        ("x" * 49, "x", "small letters"),
        ("", "x", "small letters"),
        ("ema_cross", "x", "'my_ema_cross'"),
        (None, "EMA cross!", "'my_ema_cross'"),
        (None, "交叉", "cannot be made of the name"),
    ],
)
def test_an_id_that_cannot_be_had_is_refused_with_the_fix(
    stage: FakeStage, strategy_id: str | None, name: str, message: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stage.strategies.create("ann", document(name=name), strategy_id)
    (issue,) = caught.value.issues
    assert issue.path == "id"
    assert message in issue.message


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept(stage: FakeStage) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stage.strategies.create("ann", document("clos > 1"), "A B")
    assert {issue.path for issue in caught.value.issues} == {"strategy.triggers[0].entry", "id"}
    assert list(stage.store.keys("strategies/")) == []


def test_versions_never_change(stage: FakeStage) -> None:
    first, _ = stage.strategies.create("ann", document(), "mine")
    second = stage.strategies.update("ann", "mine", document("close > 2", name="Other"))
    back = stage.strategies.update("ann", "mine", document(), if_version=2)
    assert [saved.version for saved in (first, second, back)] == [1, 2, 3]
    assert back.document_key == first.document_key
    assert stage.strategies.get("ann", "mine", 1) == first
    assert stage.strategies.document(stage.strategies.get("ann", "mine", 2))["name"] == "Other"
    assert stage.strategies.get("ann", "mine") == back
    for page, before in (([3, 2], None), ([2, 1], 3), ([1], 2), ([], 1)):
        found = stage.strategies.versions("ann", "mine", limit=2, before=before)
        assert [saved.version for saved in found] == page


def test_ids_that_begin_alike_share_no_versions(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    stage.strategies.create("ann", document(), "mine_too")
    stage.strategies.update("ann", "mine_too", document("close > 2"))
    assert [saved.strategy_id for saved in stage.strategies.versions("ann", "mine", limit=9)] == ["mine"]


def test_a_version_that_is_not_the_newest_is_no_base(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    stage.strategies.update("ann", "mine", document("close > 2"), if_version=1)
    with pytest.raises(StaleVersionError, match="at version 2") as caught:
        stage.strategies.update("ann", "mine", document("close > 3"), if_version=1)
    assert caught.value.current_version == 2


def cancelled(stage: FakeStage, monkeypatch: pytest.MonkeyPatch, *codes: str) -> None:
    """Cancel one transaction for each code, as DynamoDB does; moto knows no conflicts."""
    client = stage.strategies._table._client
    carry_out, waiting = client.transact_write_items, list(codes)

    def transact(**arguments: Any) -> Any:
        if not waiting:
            return carry_out(**arguments)
        reasons = [{"Code": waiting.pop(0)}, {"Code": "None"}]
        answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise client.exceptions.TransactionCanceledException(answer, "TransactWriteItems")

    monkeypatch.setattr(client, "transact_write_items", transact)
    monkeypatch.setattr("shared.table.time.sleep", lambda _seconds: None)


def test_a_write_waits_for_another_transaction(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.strategies.create("ann", document(), "mine")
    cancelled(stage, monkeypatch, "TransactionConflict", "TransactionConflict")
    assert stage.strategies.update("ann", "mine", document("close > 2")).version == 2
    cancelled(stage, monkeypatch, *["TransactionConflict"] * 4)
    with pytest.raises(StaleVersionError):
        stage.strategies.update("ann", "mine", document("close > 3"))


def test_a_throttled_transaction_is_no_lost_race(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled(stage, monkeypatch, "ThrottlingError")
    with pytest.raises(ClientError) as caught:
        stage.strategies.create("ann", document(), "mine")
    assert is_busy(caught.value)


class Overtaken(SavedStrategies):
    """Lets somebody else write once between the reading of a head and the write that builds on it."""

    def __init__(self, stage: FakeStage, other: Any) -> None:
        super().__init__(stage.table, stage.store)
        self.other = other

    def _head(self, owner: str, strategy_id: str) -> SavedStrategy | None:
        found = super()._head(owner, strategy_id)
        other, self.other = self.other, None
        if other is not None:
            other()
        return found


def test_of_two_updates_at_once_one_wins(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    loser = Overtaken(stage, lambda: stage.strategies.update("ann", "mine", document("close > 2")))
    with pytest.raises(StaleVersionError) as caught:
        loser.update("ann", "mine", document("close > 3"))
    assert caught.value.current_version == 2
    assert (
        stage.strategies.document(stage.strategies.get("ann", "mine"))["triggers"][0]["entry"] == "close > 2"
    )
    assert len(versions_written(stage)) == 2


def test_of_two_equal_updates_at_once_both_get_the_one_version(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    other = Overtaken(stage, lambda: stage.strategies.update("ann", "mine", document("close > 2")))
    assert other.update("ann", "mine", document("close > 2"), if_version=1).version == 2
    assert len(versions_written(stage)) == 2


def test_of_two_first_versions_at_once_one_wins(stage: FakeStage) -> None:
    loser = Overtaken(stage, lambda: stage.strategies.create("ann", document(), "mine"))
    with pytest.raises(ConflictError, match="already, at version 1"):
        loser.create("ann", document("close > 2"), "mine")
    same = Overtaken(stage, lambda: stage.strategies.create("ann", document(), "other"))
    assert same.create("ann", document(), "other")[1] is False
    assert len(versions_written(stage)) == 2


def test_an_update_does_not_bring_back_what_is_deleted_meanwhile(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    late = Overtaken(stage, lambda: stage.strategies.delete("ann", "mine"))
    with pytest.raises(NotFoundError, match="was deleted"):
        late.update("ann", "mine", document("close > 2"))
    with pytest.raises(NotFoundError, match="was deleted"):
        stage.strategies.get("ann", "mine")


def test_a_deleted_strategy_keeps_its_versions_and_its_count(stage: FakeStage) -> None:
    first, _ = stage.strategies.create("ann", document(), "mine")
    stage.strategies.delete("ann", "mine")
    assert stage.strategies.newest("ann", limit=10) == ([], None)
    with pytest.raises(NotFoundError, match="versions 1 to 1"):
        stage.strategies.get("ann", "mine")
    with pytest.raises(NotFoundError):
        stage.strategies.delete("ann", "mine")
    assert stage.strategies.get("ann", "mine", 1) == first
    assert stage.strategies.document(first) == document()
    again, new = stage.strategies.create("ann", document(), "mine")
    assert (new, again.version) == (True, 2)
    assert stage.strategies.get("ann", "mine") == again
    assert [saved.version for saved in stage.strategies.versions("ann", "mine", limit=9)] == [2, 1]
    assert [saved.version for saved in stage.strategies.newest("ann", limit=10)[0]] == [2]


def test_another_owner_s_strategy_is_not_there(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    for call in (
        lambda: stage.strategies.get("bob", "mine"),
        lambda: stage.strategies.get("bob", "mine", 1),
        lambda: stage.strategies.versions("bob", "mine", limit=1),
        lambda: stage.strategies.update("bob", "mine", document("close > 2")),
        lambda: stage.strategies.delete("bob", "mine"),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert stage.strategies.newest("bob", limit=10) == ([], None)
    with pytest.raises(InvalidInputError):
        named_strategy("mine", "bob", stage.strategies)


def test_the_last_changed_is_listed_first(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(f"2024-01-0{day}T00:00:00Z" for day in range(1, 9))
    monkeypatch.setattr("shared.saved_strategies.stamp", lambda: next(times))
    for strategy_id in ("a", "b", "c"):
        stage.strategies.create("ann", document(), strategy_id)
    stage.strategies.update("ann", "a", document("close > 2"))
    page, cursor = stage.strategies.newest("ann", limit=2)
    assert [(saved.strategy_id, saved.version) for saved in page] == [("a", 2), ("c", 1)]
    page, cursor = stage.strategies.newest("ann", limit=2, cursor=cursor)
    assert ([saved.strategy_id for saved in page], cursor) == (["b"], None)


def test_a_name_means_a_version(stage: FakeStage) -> None:
    stage.strategies.create("ann", document(), "mine")
    stage.strategies.update("ann", "mine", document("close > 2"))
    newest = named_strategy("mine", "ann", stage.strategies)
    first = named_strategy("mine@1", "ann", stage.strategies)
    assert (newest.strategy_id, newest.version, newest.document) == ("mine", 2, document("close > 2"))
    assert (first.strategy_id, first.version, first.document) == ("mine", 1, document())
    whole = named_strategy(document(), "ann", stage.strategies)
    assert (whole.strategy_id, whole.version) == (None, None)
    assert whole.content_hash == first.content_hash != newest.content_hash
    preset = named_strategy("ema_cross", "ann", stage.strategies)
    assert (preset.strategy_id, preset.version) == ("ema_cross", None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mien", "there is no strategy 'mien'; did you mean 'mine'?"),
        ("ema_crss", "did you mean 'ema_cross'?"),
        ("mine@9", "there is no version 9 of a strategy 'mine'; the newest is 1; did you mean 'mine'?"),
        ("mine@0", "did you mean 'mine'?"),
        ("mine@1@1", "there is no strategy 'mine@1@1'"),
        ("mine@99999999999", "there is no strategy"),
        ("ema_cross@1", "did you mean 'ema_cross'?"),
        ("gone", "'gone' was deleted; versions 1 to 1 can be had by number"),
        ("", "choose one of mine, "),
    ],
)
def test_a_name_that_means_nothing_teaches(stage: FakeStage, name: str, message: str) -> None:
    stage.strategies.create("ann", document(), "mine")
    stage.strategies.create("ann", document(), "gone")
    stage.strategies.delete("ann", "gone")
    with pytest.raises(InvalidInputError) as caught:
        named_strategy(name, "ann", stage.strategies)
    (issue,) = caught.value.issues
    assert issue.path == "strategy"
    assert message in issue.message


def test_a_preset_that_is_added_later_changes_nobody_s_runs(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.strategies.create("ann", document(), "mine")
    monkeypatch.setattr("engine.preset_ids", lambda: ("mine", "ema_cross"))
    assert named_strategy("mine", "ann", stage.strategies).version == 1
