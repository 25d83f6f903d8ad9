"""`list`, `show`, `watch`, `cancel`, `delete`, `compare`, and naming a run."""

from __future__ import annotations

import io

import pytest

from tests.cli.conftest import Cli
from tests.cli.fake_api import FakeApi


def test_the_list_shows_what_history_shows_within_80_columns(cli: Cli, api: FakeApi) -> None:
    api.add_run("completed", name="a name that goes on for rather longer than one would like", tags=["demo"])
    api.add_run("failed", error={"code": "x", "detail": "the candles went away", "errors": []})
    api.add_run("running", progress_pct=42.0, simulated=True)

    ran = cli("list")

    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80
    for text in ("completed", "failed", "running 42 %", "23.46 %", "741", "0.72", "33.40 %", "2021-01-01"):
        assert text in ran.out
    assert "the candles went away" in ran.out
    assert ran.out.count("simulated") == 1
    assert ran.out.index("running") < ran.out.index("completed")  # newest first


def test_an_empty_list_says_how_to_begin(cli: Cli) -> None:
    ran = cli("list")

    assert (ran.code, ran.out) == (0, "")
    assert "stepfold demo" in ran.err
    assert cli("list", "--json").json == {"backtests": [], "next_cursor": None}


def test_a_page_says_that_there_is_more_and_all_has_every_one(cli: Cli, api: FakeApi) -> None:
    ids = [api.add_run() for _ in range(25)]
    api.page = 10

    page = cli("list", "--limit", "10")
    assert "--all" in page.err
    assert [run["run_id"] for run in cli("list", "--all", "--json").json["backtests"]] == ids[::-1]
    some = cli("list", "--limit", "15", "--json").json
    assert len(some["backtests"]) == 15
    rest = cli("list", "--cursor", some["next_cursor"], "--json").json
    assert [run["run_id"] for run in some["backtests"] + rest["backtests"]] == ids[::-1]


def test_filters_reach_the_api_and_empty_pages_are_read_over(cli: Cli, api: FakeApi) -> None:
    wanted = api.add_run("failed", tags=["old"])
    for _ in range(15):
        api.add_run("completed")
    api.page = 5

    found = cli(
        "list",
        "--status",
        "failed",
        "--tag",
        "old",
        "--strategy",
        "ema_cross",
        "--symbol",
        "BTC-USDT",
        "--json",
    )

    assert [run["run_id"] for run in found.json["backtests"]] == [wanted]
    assert cli("list", "--status", "lost").code == 2


def test_a_run_is_named_by_its_id_a_beginning_of_it_or_last(cli: Cli, api: FakeApi) -> None:
    first, last = api.add_run(name="first"), api.add_run(name="last")

    for text, run_id in ((first, first), (first[:9], first), (first[3:9], first), ("last", last)):
        assert cli("show", text, "--json").json["run_id"] == run_id


def test_a_whole_id_costs_no_search(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run()

    cli("show", run_id, "--json")

    assert [request.path for request in api.requests] == [f"/backtests/{run_id}"]


def test_an_ambiguous_beginning_names_the_candidates(cli: Cli, api: FakeApi) -> None:
    ids = [api.add_run() for _ in range(3)]

    ran = cli("show", "bt-")

    assert ran.code == 3
    assert all(run_id in ran.err for run_id in ids)


@pytest.mark.parametrize("text", ["last", "bt-zzzz", "bt-" + "a" * 26, "../x", ""])
def test_a_run_that_is_not_there_is_exit_4(cli: Cli, text: str) -> None:
    ran = cli("show", text)

    assert ran.code == 4
    assert ran.out == ""
    assert "backtest" in ran.err


def test_show_tells_what_a_run_is_and_how_it_ended(cli: Cli, api: FakeApi) -> None:
    api.add_run(name="a \x1b[31mred [bold]name", notes="a note")

    ran = cli("show", "last")

    assert ran.code == 0
    assert "Sharpe ratio" in ran.out
    assert "a �[31mred [bold]name" in ran.out  # shown as it is: no markup, no control characters
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_show_of_a_failed_run_succeeds_and_shows_the_error(cli: Cli, api: FakeApi) -> None:
    issue = {"path": "symbols[0]", "message": "went away"}
    api.add_run("failed", error={"code": "x", "detail": "the candles went away", "errors": [issue]})

    ran = cli("show", "last")

    assert ran.code == 0
    assert "the candles went away" in ran.out
    assert "symbols[0]: went away" in ran.out


def test_watch_shows_the_result_once_there_is_one(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run("queued")

    ran = cli("watch", "last")
    assert ran.code == 0
    assert "Final equity" in ran.out
    assert "50 % simulating" in ran.err
    assert cli("watch", run_id, "--json").json["status"] == "completed"


def test_cancel(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run("running")

    assert cli("cancel", run_id).code == 0
    assert api.runs[run_id]["status"] == "cancelled"
    assert cli("cancel", run_id, "--json").json["status"] == "cancelled"  # again is harmless
    api.add_run("completed")
    late = cli("cancel", "last")
    assert late.code == 5
    assert "nothing to cancel" in late.err


def test_delete_asks_and_takes_no_for_an_answer(
    cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    run_id = api.add_run(name="precious")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    ran = cli("delete", run_id)
    assert (ran.code, ran.out) == (0, "")
    assert "precious" in ran.err
    assert run_id in api.runs

    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert cli("delete", run_id).code == 0
    assert run_id not in api.runs


def test_delete_without_anybody_to_ask_wants_yes(
    cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    run_id = api.add_run()

    ran = cli("delete", run_id)
    assert ran.code == 2
    assert "--yes" in ran.err
    assert cli("delete", run_id, "--yes", "--json").json == {"run_id": run_id, "deleted": True}
    assert cli("delete", run_id, "--yes").code == 4


def test_delete_of_a_running_run_is_exit_5(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run("running")

    ran = cli("delete", run_id, "--yes")

    assert ran.code == 5
    assert "cancel it" in ran.err


def test_compare_puts_runs_side_by_side(cli: Cli, api: FakeApi) -> None:
    first, second = api.add_run(name="one"), api.add_run(name="two")

    ran = cli("compare", first, second[:8])
    assert ran.code == 0
    for text in ("one", "two", "Final equity", "parameters.fast", "12", "13"):
        assert text in ran.out
    assert cli("compare", first, "last", "--json").json["differences"][0]["values"] == [12, 13]
    assert cli("compare", first).code == 2
