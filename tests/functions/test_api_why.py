"""Why or why not at a bar, through the API: what a run decided, from its own candles."""

from __future__ import annotations

from typing import Any

from shared.times import iso
from tests.functions.api_stage import GAP
from tests.functions.conftest import Finished


def ask(finished: Finished, **query: str) -> Any:
    answer = finished.http.get(finished.path("why"), params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(finished: Finished, **query: str) -> dict[str, Any]:
    answer = finished.http.get(finished.path("why"), params=query)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return dict(error)


def fills_of(finished: Finished, symbol: str) -> list[dict[str, Any]]:
    rows = finished.http.get(finished.path("trades"), params={"symbol": symbol, "limit": 500}).json()
    return list(rows["trades"])


def test_every_fill_of_a_rule_is_what_its_bar_explains(finished: Finished) -> None:
    checked = 0
    for symbol in ("BTC-USDT", "ETH-USDT"):
        for fill in fills_of(finished, symbol)[1:13:3]:
            found = ask(finished, at=fill["decided_at"], symbol=symbol)
            assert found["bar"]["timestamp"] == fill["decided_at"]
            (told,) = found["decision"]["fills"]
            assert (told["timestamp"], told["price"], told["qty"]) == (
                fill["timestamp"],
                fill["price"],
                fill["qty"],
            )
            rule = next(r for t in found["triggers"] for r in t["rules"] if r["outcome"] == "order")
            assert rule["truth"]
            assert rule["counts"]
            crossing = rule["condition"]
            operands = crossing["parts"]
            assert len(operands) == 2
            assert all(isinstance(part["value"], float) and part["truth"] is None for part in operands)
            checked += 1
    assert checked >= 6


def test_a_bar_at_which_nothing_fired_says_so(finished: Finished) -> None:
    fill = fills_of(finished, "BTC-USDT")[0]
    found = ask(finished, at=fill["timestamp"])
    assert found["symbol"] == "BTC-USDT"
    assert found["decision"] is None
    assert found["position"]["trigger_id"] == fill["trigger_id"]
    assert [event["type"] for event in found["events"]] == ["fill"]
    entry = found["triggers"][0]["rules"][0]
    assert (entry["rule"], entry["truth"], entry["counts"]) == ("entry", False, False)


def test_one_trigger_alone_and_one_that_is_not_there(finished: Finished) -> None:
    found = ask(finished, at="2021-03-01T05:00")
    name = found["triggers"][0]["trigger_id"]
    alone = ask(finished, at="2021-03-01T05:00", trigger=name)
    assert alone["triggers"] == found["triggers"][:1]
    assert "there is no trigger 'nope'" in refused(finished, at="2021-03-01T05:00", trigger="nope")["message"]


def test_a_time_without_a_bar_names_the_nearest_before(finished: Finished) -> None:
    inside = refused(finished, at=iso(GAP[0]))
    assert inside["path"] == "at"
    assert (
        inside["message"] == "no bar of BTC-USDT opens then; the nearest before opens at 2021-03-10T01:00:00Z"
    )
    between = refused(finished, at="2021-03-01T05:30")
    assert between["message"].endswith("2021-03-01T05:00:00Z")
    outside = refused(finished, at="2021-01-15")
    assert "from 2021-02-01T00:00:00Z to before 2021-05-01T00:00:00Z" in outside["message"]
    assert refused(finished, at="noon")["path"] == "at"


def test_a_symbol_that_the_run_does_not_have(finished: Finished) -> None:
    error = refused(finished, at="2021-03-01", symbol="SOL-USDT")
    assert error["message"] == "SOL-USDT is no symbol of this run; choose one of BTC-USDT, ETH-USDT"


def test_a_run_of_another_engine_is_not_explained(finished: Finished, monkeypatch: Any) -> None:
    import engine

    monkeypatch.setattr(engine, "ENGINE_VERSION", "0.0")
    answer = finished.http.get(finished.path("why"), params={"at": "2021-03-01"})
    assert answer.status_code == 409
    assert "run it again" in answer.json()["detail"]
