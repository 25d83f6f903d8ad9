"""Strategies of one's own over HTTP: kept, changed, listed, taken off the list, and run by name."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import engine
from functions.api.handler import handler
from functions.plan.plan import plan_run
from shared import names, settings
from tests.aws import FakeStage
from tests.functions.api_stage import request, run_to_its_end
from tests.functions.gateway import client

DOCUMENT: dict[str, Any] = {
    "name": "My cross",
    "description": "Above its average.",
    "parameters": {"slow": {"type": "int", "default": 20, "min": 2}},
    "triggers": [{"id": "cross", "entry": "close > sma(close, $slow)", "exit": "close < sma(close, $slow)"}],
}
PRESETS = list(engine.preset_ids())


def changed(slow: int) -> dict[str, Any]:
    return {**DOCUMENT, "parameters": {"slow": slow}}


def save(http: httpx.Client, strategy_id: str = "mine", document: dict[str, Any] = DOCUMENT) -> Any:
    answer = http.post("/strategies", json={"id": strategy_id, "strategy": document})
    assert answer.status_code == 201, answer.text
    return answer.json()


def put(http: httpx.Client, document: dict[str, Any], **more: Any) -> httpx.Response:
    return http.put("/strategies/mine", json={"strategy": document, **more})


def problem(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def test_a_strategy_is_kept_and_read_back(http: httpx.Client) -> None:
    answer = http.post("/strategies", json={"strategy": DOCUMENT})
    assert (answer.status_code, answer.headers["location"]) == (201, "/strategies/my_cross")
    body = answer.json()
    assert (body["strategy_id"], body["kind"], body["version"]) == ("my_cross", "saved", 1)
    assert body["document"] == DOCUMENT
    assert http.get("/strategies/my_cross").json() == body
    again = http.post("/strategies", json={"strategy": DOCUMENT})
    assert (again.status_code, again.json()) == (200, body)
    taken = problem(http.post("/strategies", json={"strategy": changed(5)}), 409)
    assert "PUT /strategies/my_cross" in taken["detail"]
    assert (taken["type"], taken["strategy_id"]) == ("urn:stepfold:problem:id_taken", "my_cross")
    assert taken["current_version"] == 1


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"strategy": {**DOCUMENT, "triggers": []}}, "strategy.triggers", ""),
        ({"strategy": "ema_cross"}, "strategy", "dictionary"),
        ({"strategy": DOCUMENT, "id": "ema_cross"}, "id", "'my_ema_cross'"),
        ({"strategy": DOCUMENT, "id": "No Slug"}, "id", "'my_cross'"),
        ({"strategy": DOCUMENT, "name": "x"}, "name", "not a field that is known"),
        ({"strategy": {**DOCUMENT, "description": "x" * 300_000}}, "strategy", "262,144"),
        ({}, "strategy", "is required"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    http: httpx.Client, body: dict[str, Any], path: str, message: str
) -> None:
    errors = problem(http.post("/strategies", json=body), 422)["errors"]
    assert any(error["path"] == path and message in error["message"] for error in errors), errors


def test_versions_are_made_and_read_by_number(http: httpx.Client) -> None:
    first = save(http)
    second = put(http, changed(50), if_version=1).json()
    assert (second["version"], second["parameters"]) == (2, {"slow": 50})
    assert put(http, changed(50)).json() == second
    stale = problem(put(http, changed(60), if_version=1), 409)
    assert (stale["type"], stale["current_version"]) == ("urn:stepfold:problem:stale_version", 2)
    assert http.get("/strategies/mine", params={"version": 1}).json() == first
    assert http.get("/strategies/mine").json() == second
    assert "the newest is 2" in problem(http.get("/strategies/mine", params={"version": 3}), 404)["detail"]
    problem(http.get("/strategies/mine", params={"version": 0}), 422)
    broken = {**DOCUMENT, "triggers": [{"id": "a", "entry": "clos > 1"}]}
    (error,) = problem(put(http, broken), 422)["errors"]
    assert error["path"] == "strategy.triggers[0].entry"


def test_versions_are_listed_page_by_page(http: httpx.Client) -> None:
    save(http)
    for slow in (30, 40):
        put(http, changed(slow))
    page = http.get("/strategies/mine/versions", params={"limit": 2}).json()
    assert [row["version"] for row in page["versions"]] == [3, 2]
    assert page["versions"][0]["parameters"] == {"slow": 40}
    assert "document" not in page["versions"][0]
    page = http.get("/strategies/mine/versions", params={"cursor": page["next_cursor"]}).json()
    assert ([row["version"] for row in page["versions"]], page["next_cursor"]) == ([1], None)
    problem(http.get("/strategies/mine/versions", params={"cursor": "x"}), 422)
    problem(http.get("/strategies/ema_cross/versions"), 404)


def listed(http: httpx.Client, **query: Any) -> list[list[str]]:
    """Return the ids of a list, page by page."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = http.get("/strategies", params={**query, **cursor}).json()
        pages.append([row["strategy_id"] for row in page["strategies"]])
        if page["next_cursor"] is None:
            return pages
        cursor = {"cursor": page["next_cursor"]}


def test_the_list_holds_one_s_own_and_then_the_presets(http: httpx.Client) -> None:
    own = ["c", "b", "a"]
    for strategy_id in reversed(own):
        save(http, strategy_id)
    assert listed(http) == [own + PRESETS]
    assert listed(http, kind="saved") == [own]
    assert listed(http, kind="preset") == [list(engine.preset_ids("preset"))]
    for limit in (1, 2, 3, 4, 5):
        pages = listed(http, limit=limit)
        assert [row for page in pages for row in page] == own + PRESETS, limit
        assert max(map(len, pages)) <= limit
    row = http.get("/strategies", params={"limit": 1}).json()["strategies"][0]
    assert (row["kind"], row["version"], row["name"]) == ("saved", 1, "My cross")
    assert (row["description"], row["parameters"]) == ("Above its average.", {"slow": 20})
    assert "document" not in row


@pytest.mark.parametrize(
    "query",
    [{"cursor": "p"}, {"cursor": "x"}, {"cursor": "p1", "kind": "saved"}, {"kind": "mine"}, {"limit": 0}],
)
def test_a_list_that_cannot_be_is_refused(http: httpx.Client, query: dict[str, Any]) -> None:
    problem(http.get("/strategies", params=query), 422)


def test_a_preset_stays_as_it_is(http: httpx.Client) -> None:
    for answer in (
        http.put("/strategies/ema_cross", json={"strategy": DOCUMENT}),
        http.delete("/strategies/ema_cross"),
    ):
        assert "is a preset" in problem(answer, 409)["detail"]
    assert "no versions" in problem(http.get("/strategies/ema_cross", params={"version": 1}), 404)["detail"]
    preset = http.get("/strategies/ema_cross").json()
    assert (preset["kind"], preset["version"], preset["updated_at"]) == ("preset", None, None)


def test_a_deleted_strategy_leaves_the_list_and_its_versions_stay(http: httpx.Client) -> None:
    first = save(http)
    assert http.delete("/strategies/mine").status_code == 204
    problem(http.delete("/strategies/mine"), 404)
    assert "versions 1 to 1" in problem(http.get("/strategies/mine"), 404)["detail"]
    problem(put(http, changed(5)), 404)
    assert listed(http, kind="saved") == [[]]
    assert http.get("/strategies/mine", params={"version": 1}).json() == first
    assert save(http, "mine", changed(5))["version"] == 2


def test_a_saved_strategy_can_be_checked_by_name(http: httpx.Client) -> None:
    save(http)
    put(http, changed(50))
    for name, slow in (("mine", 50), ("mine@1", 20)):
        body = http.post("/strategies/validate", json={"strategy": name}).json()
        assert (body["valid"], body["parameters"]) == (True, {"slow": slow})
    body = http.post("/strategies/validate", json={"strategy": "mien"}).json()
    assert body["errors"][0]["message"] == "there is no strategy 'mien'; did you mean 'mine'?"


def start(http: httpx.Client, strategy: Any, **changes: Any) -> Any:
    answer = http.post("/backtests", json=request(strategy=strategy, **changes))
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_a_run_names_the_version_that_it_used(market: FakeStage, http: httpx.Client) -> None:
    saved = save(http)
    put(http, changed(50))
    first, newest = start(http, "mine@1"), start(http, "mine")
    assert (first["strategy"], first["strategy_id"], first["strategy_version"]) == ("mine", "mine", 1)
    assert first["strategy_hash"] == saved["strategy_hash"]
    assert newest["strategy_version"] == 2
    assert http.get(f"/backtests/{first['run_id']}").json()["strategy_version"] == 1
    rows = http.get("/backtests", params={"strategy": "mine"}).json()["backtests"]
    assert [row["strategy_version"] for row in rows] == [2, 1]
    preset, whole = start(http, "ema_cross"), start(http, DOCUMENT)
    assert (preset["strategy_id"], preset["strategy_version"]) == ("ema_cross", None)
    assert preset["strategy_hash"] == http.get("/strategies/ema_cross").json()["strategy_hash"]
    assert (whole["strategy"], whole["strategy_id"], whole["strategy_version"]) == ("My cross", None, None)
    assert whole["strategy_hash"] == saved["strategy_hash"]
    del market


def test_two_ways_to_one_document_have_one_fingerprint(market: FakeStage, http: httpx.Client) -> None:
    save(http)
    runs = [start(http, strategy)["run_id"] for strategy in ("mine@1", DOCUMENT)]
    manifests = []
    for run_id in runs:
        run_to_its_end(run_id)
        key = market.runs.get("local", run_id).manifest_key
        assert key is not None
        manifests.append(market.store.get(key))
    assert manifests[0] == manifests[1]
    assert http.get(f"/backtests/{runs[1]}").json()["same_as"] == runs[0]
    shown = http.get(f"/backtests/{runs[0]}/results").json()["request"]["strategy"]
    assert shown == DOCUMENT


def test_what_happens_to_a_strategy_changes_no_run_that_waits(market: FakeStage, http: httpx.Client) -> None:
    save(http)
    run = start(http, "mine")
    put(http, changed(50))
    http.delete("/strategies/mine")
    market.store.delete(list(market.store.keys("strategies/")))
    plan_run("local", run["run_id"])
    plan = market.store.get_json(names.run_plan(run["run_id"]))["run"]
    assert (plan["strategy"], plan["parameters"]) == (DOCUMENT, {"slow": 20})


def test_a_run_of_a_deleted_strategy_can_be_repeated_by_its_version(
    market: FakeStage, http: httpx.Client
) -> None:
    del market
    save(http)
    http.delete("/strategies/mine")
    (error,) = problem(http.post("/backtests", json=request(strategy="mine")), 422)["errors"]
    assert "versions 1 to 1 can be had by number" in error["message"]
    assert start(http, "mine@1")["strategy_version"] == 1


def test_a_key_that_is_sent_again_is_the_run_of_the_version_that_was(
    market: FakeStage, http: httpx.Client
) -> None:
    save(http)
    headers = {"Idempotency-Key": "one"}
    first = http.post("/backtests", json=request(strategy="mine"), headers=headers).json()
    put(http, changed(50))
    again = http.post("/backtests", json=request(strategy="mine"), headers=headers)
    assert (again.status_code, again.json()["strategy_version"]) == (200, 1)
    run = market.runs.get("local", first["run_id"])
    assert market.store.get_json(run.request_key)["strategy"] == DOCUMENT


def test_another_owner_s_strategy_is_404(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    del stage
    monkeypatch.setenv("STEPFOLD_AUTH", "jwt")
    settings.settings.cache_clear()
    ann, bob = (client(handler, {"sub": name}) for name in ("ann", "bob"))
    save(ann)
    assert listed(bob, kind="saved") == [[]]
    for answer in (
        bob.get("/strategies/mine"),
        bob.get("/strategies/mine", params={"version": 1}),
        bob.get("/strategies/mine/versions"),
        bob.delete("/strategies/mine"),
        put(bob, changed(5)),
    ):
        problem(answer, 404)
    problem(bob.post("/backtests", json=request(strategy="mine")), 422)
    assert save(bob, "mine", changed(5))["version"] == 1
    assert ann.get("/strategies/mine").json()["document"] == DOCUMENT


@pytest.mark.parametrize("kind", ["preset", "archetype"])
def test_what_ships_is_listed_by_its_kind(http: httpx.Client, kind: str) -> None:
    save(http)
    body = http.get("/strategies", params={"kind": kind}).json()
    assert {entry["kind"] for entry in body["strategies"]} == {kind}
    assert [entry["strategy_id"] for entry in body["strategies"]] == list(engine.preset_ids(kind))
    first = body["strategies"][0]["strategy_id"]
    assert http.get(f"/strategies/{first}").json()["kind"] == kind


def test_the_form_of_documents_is_published(http: httpx.Client) -> None:
    answer = http.get("/schemas/strategy")
    assert (answer.status_code, answer.json()) == (200, engine.strategy_schema())
