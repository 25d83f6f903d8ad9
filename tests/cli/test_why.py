"""`why` draws the tree of a bar's conditions; `check` says what looked ahead, with its own exit code."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli
from tests.cli.fake_api import FakeApi

AT = ("--at", "2021-05-19T12:00:00Z", "--symbol", "BTC-USDT")


def test_every_condition_has_its_mark_and_its_values(cli: Cli, api: FakeApi) -> None:
    api.add_run()
    ran = cli("why", "last", *AT, "--trigger", "cross")
    assert ran.code == 0, ran.err
    query = api.requests[-1].query
    assert query == {"at": "2021-05-19T12:00:00Z", "symbol": "BTC-USDT", "trigger": "cross"}
    lines = ran.out.splitlines()
    assert lines[0] == "BTC-USDT  2021-05-19 12:00 UTC"
    assert "No order was decided at this close." in lines
    tree = lines[lines.index("  ✗ entry: not true (flat)") :]
    assert tree[1:7] == [
        "      ✗ crosses_above(fast, slow) and rsi(close, 14) < 70",
        "        ✓ crosses_above(fast, slow)",
        "          fast  64,001.23  (one bar earlier 63,900.00)  = ema(close, 12)",
        "          slow  63,980.10  (one bar earlier 63,950.00)",
        "        ✗ rsi(close, 14) < 70",
        "          rsi(close, 14)  missing",
    ]
    blocked = tree.index("  ✓ exit: blocked (flat)")
    assert [line.strip() for line in tree[blocked + 1 : blocked + 3]] == [
        "blocked by min hold, 3 closes since 2021-05-19 10:00",
        "hours held 1, min hold hours 4",
    ]
    assert "  limit max_trades_per_day 3 (now 1)" in lines
    assert lines[-1] == "  an entry here, before costs and limits: 2,500.00 at 2, stop 1.9"


def test_json_is_the_answer_as_it_came(cli: Cli, api: FakeApi) -> None:
    api.add_run()
    found = cli("why", "last", *AT, "--json").json
    assert found["triggers"][0]["rules"][0]["condition"]["parts"][1]["parts"][0]["value"] is None


def test_a_time_that_is_none_costs_no_request(cli: Cli, api: FakeApi) -> None:
    ran = cli("why", "last", "--at", "noon")
    assert (ran.code, api.requests) == (3, [])
    assert "'noon' is not a time" in ran.err


def test_a_check_that_passes(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\ntriggers:\n  - {id: t, entry: close > 1}\n")
    ran = cli(
        *("check", "mine.yaml", "--symbol", "BTC-USDT", "--timeframe", "1h", "--start", "2021-01-01"),
        *("--param", "fast=12", "--funding-bps", "1"),
    )
    assert ran.code == 0, ran.err
    assert "Nothing looked ahead." in ran.err
    assert "26,266" in ran.out
    (request,) = api.requests
    assert (request.method, request.path) == ("POST", "/strategies/check")
    body = request.json()
    assert body["strategy"]["name"] == "mine"
    assert (body["symbols"], body["timeframe"], body["start_date"]) == (["BTC-USDT"], "1h", "2021-01-01")
    assert body["parameters"] == {"fast": 12}
    assert body["funding"]["assumed_rate_bps"] == 1


def test_a_check_in_which_no_rule_was_true_says_that_it_says_little(cli: Cli, api: FakeApi) -> None:
    api.decisions = 0
    ran = cli("check", "ema_cross", "--symbol", "BTC-USDT", "--timeframe", "1h")
    assert ran.code == 0
    assert "choose a longer span" in ran.err


def test_a_check_that_finds_something_is_exit_9(cli: Cli, api: FakeApi) -> None:
    api.findings = [
        {
            "kind": "lookahead",
            "symbol": "BTC-USDT",
            "at": "2021-03-01T05:00:00Z",
            "data_until": "2021-03-01T05:00:00Z",
            "data_from": None,
            "trigger_id": "cross",
            "rule": "entry",
            "part": "flow",
            "whole": 31.5,
            "less": None,
            "what": "the entry rule of 'cross' looks ahead",
        }
    ]
    command = ("check", "ema_cross", "--symbol", "BTC-USDT", "--timeframe", "1h")
    ran = cli(*command)
    assert ran.code == 9
    assert "the entry rule of 'cross' looks ahead" in ran.err
    assert "BTC-USDT 2021-03-01 05:00 UTC cross entry" in ran.out
    assert "31.5 with all bars, missing with fewer" in ran.out
    machine = cli(*command, "--json")
    assert (machine.code, machine.json["passed"]) == (9, False)
