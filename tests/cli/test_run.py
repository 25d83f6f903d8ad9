"""`stepfold run` and what waits for it."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from cli.run import run
from shared.terms import BehaviourRequest, RiskRequest
from tests.cli.conftest import Cli
from tests.cli.fake_api import FakeApi, Fault

RUN = ("run", "ema_cross", "--symbol", "BTC-USDT", "--timeframe", "1h")


def test_a_run_shows_its_metrics_and_its_equity_and_says_what_next(cli: Cli) -> None:
    ran = cli(*RUN)

    assert ran.code == 0
    assert "Final equity" in ran.out
    assert "12,345.68" in ran.out
    assert "23.46 %" in ran.out
    assert "no trade was lost" in ran.out  # why the profit factor is undefined
    assert "insufficient cash" in ran.out
    assert "outranked" not in ran.out  # nothing was blocked for it
    assert "100,000 ┤" in ran.out  # the one high point of the curve survived
    assert "Still open at the end" in ran.err
    assert "stepfold trades bt-" in ran.err
    assert "100 % completed" in ran.err


def test_every_option_reaches_the_api_and_nothing_else_does(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    document = tmp_path / "mine.yaml"
    document.write_text("schema: 1\nname: mine\n")

    ran = cli(
        *("run", str(document), "--symbol", "BTC-USDT", "--symbol", "ETH-USDT", "--timeframe", "5m"),
        *("--start", "2021-01-01", "--end", "2021-12-31", "--param", "fast=12", "--param", "width=2.5"),
        *(
            "--param",
            "strict=true",
            "--param",
            "kind=wide",
            "--allocation",
            "BTC=4000",
            "--allocation",
            "cash=2000",
        ),
        *("--exchange", "binance", "--fee-bps", "7.5", "--slippage-bps", "0", "--name", "first try"),
        *("--tag", "a", "--tag", "b", "--note", "why not", "--no-wait", "--json"),
    )

    assert ran.code == 0
    (sent,) = api.bodies.values()
    assert sent["body"] == {
        "strategy": {"schema": 1, "name": "mine"},
        "symbols": ["BTC-USDT", "ETH-USDT"],
        "timeframe": "5m",
        "start_date": "2021-01-01",
        "end_date": "2021-12-31",
        "parameters": {"fast": 12, "width": 2.5, "strict": True, "kind": "wide"},
        "initial_allocations": {"BTC": 4000.0, "cash": 2000.0},
        "exchange": "binance",
        "costs": {"taker_fee_bps": 7.5, "slippage_bps": 0.0},
        "name": "first try",
        "tags": ["a", "b"],
        "notes": "why not",
    }
    cli(*RUN, "--cash", "500", "--no-wait")
    assert list(api.bodies.values())[1]["body"] == {
        "strategy": "ema_cross",
        "symbols": ["BTC-USDT"],
        "timeframe": "1h",
        "initial_cash": 500.0,
    }


def test_terms_reach_the_api_and_nothing_else_does(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    limits = tmp_path / "limits.yaml"
    limits.write_text("max_position_risk_pct: 1\nmax_daily_loss_pct: 5  # a day\nmax_trades_per_day: null\n")

    ran = cli(
        *RUN,
        *("--risk", str(limits), "--max-daily-loss", "off", "--max-symbol-exposure", "12.5"),
        *("--max-triggers-per-symbol-day", "3", "--min-hold", "0", "--confidence-override", "none"),
        *("--conflicts", "reverse", "--exit-binding", "exact", "--walk-away", "25", "--flatten-daily"),
        *("--maker-fee-bps", "1", "--slippage-range", "0.1", "--slippage-volume", "0.2"),
        *("--leverage", "3", "--maintenance-margin", "1", "--funding-bps", "-0.5", "--funding-hours", "4"),
        *("--regime", "covid_crash_2020", "--finer", "1m", "--no-wait"),
    )

    assert ran.code == 0, ran.err
    (sent,) = api.bodies.values()
    assert sent["body"] == {
        "strategy": "ema_cross",
        "symbols": ["BTC-USDT"],
        "timeframe": "1h",
        "regime": "covid_crash_2020",
        "finer_timeframe": "1m",
        "risk": {
            "max_position_risk_pct": 1,
            "max_daily_loss_pct": None,
            "max_trades_per_day": None,
            "max_symbol_exposure_pct": 12.5,
            "max_triggers_per_symbol_per_day": 3,
        },
        "behaviour": {
            "min_hold_hours": 0,
            "confidence_override": "none",
            "conflicting_signals": "reverse",
            "exit_binding": "exact",
            "walk_away_profit_pct": 25,
            "flatten_daily": True,
        },
        "costs": {"maker_fee_bps": 1.0, "slippage_range_fraction": 0.1, "slippage_volume_share": 0.2},
        "leverage": 3.0,
        "maintenance_margin_pct": 1.0,
        "funding": {"assumed_rate_bps": -0.5, "every_hours": 4},
    }
    cli(*RUN, "--risk", "default", "--behaviour", "default", "--no-wait")
    body = list(api.bodies.values())[1]["body"]
    assert (body["risk"], body["behaviour"]) == ({}, {})


def test_every_term_of_a_request_has_an_option(cli: Cli) -> None:
    shown = cli("run", "--help").out
    names = inspect.signature(run).parameters
    assert len(names) > 40
    for field in (*RiskRequest.model_fields, *BehaviourRequest.model_fields):
        words = field.removesuffix("_pct").removesuffix("_hours").removesuffix("_profit")
        words = words.replace("conflicting_signals", "conflicts").replace("_risk_budget", "_risk")
        words = words.replace("_symbol_per_day", "_symbol_day")
        assert f"--{words.replace('_', '-')} " in shown, field


def test_weights_are_of_the_cash_and_what_they_leave_stays_cash(cli: Cli, api: FakeApi) -> None:
    cli(*RUN, "--symbol", "ETH-USDT", "--allocation", "BTC=40%", "--allocation", "ETH=25%", "--no-wait")
    cli(*RUN, "--cash", "500", "--allocation", "BTC=100%", "--no-wait")

    first, second = (sent["body"] for sent in api.bodies.values())
    assert first["initial_allocations"] == {"cash": 3_500.0, "BTC": 4_000.0, "ETH": 2_500.0}
    assert second["initial_allocations"] == {"cash": 0.0, "BTC": 500.0}
    assert "initial_cash" not in first | second


def test_a_limit_out_of_its_range_has_the_files_line(cli: Cli, tmp_path: Path) -> None:
    limits = tmp_path / "limits.yaml"
    limits.write_text("max_position_risk_pct: 1\nmax_daily_loss_pct: 99\n")

    ran = cli(*RUN, "--risk", str(limits))

    assert ran.code == 3
    assert f"{limits}:2 risk.max_daily_loss_pct = 99: input should be less than or equal to 50" in ran.err


def test_json_logs_are_one_object_a_line(cli: Cli, api: FakeApi) -> None:
    lines = [json.loads(line) for line in cli("--json-logs", *RUN, "--json").err.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert [line["progress_pct"] for line in lines if "progress_pct" in line][-1] == 100.0
    assert all(line["time"].endswith("Z") for line in lines)

    ran = cli("--json-logs", "run", "ema_crss", "--symbol", "BTC-USDT", "--timeframe", "1h")
    (line,) = map(json.loads, ran.err.splitlines())
    assert (line["level"], line["exit_code"], ran.code) == ("error", 3, 3)
    assert line["errors"][0]["path"] == "strategy"
    assert "stepfold:" in cli("run", "ema_crss", "--symbol", "BTC-USDT", "--timeframe", "1h").err
    del api


def test_json_is_the_runs_own_answer(cli: Cli, api: FakeApi) -> None:
    ran = cli(*RUN, "--json")

    (run,) = api.runs.values()
    assert ran.json == run
    assert ran.json["status"] == "completed"
    assert "100 %" in ran.err


def test_no_wait_prints_the_id_alone(cli: Cli, api: FakeApi) -> None:
    ran = cli(*RUN, "--no-wait")

    assert ran.out.split() == list(api.runs)
    assert "stepfold watch" in ran.err


def test_a_lost_answer_makes_no_second_run(cli: Cli, api: FakeApi) -> None:
    api.faults.append(Fault(status=0))  # the run is made, and the connection dies before the answer

    ran = cli(*RUN, "--no-wait")

    assert ran.code == 0
    assert len(api.runs) == 1
    posted = [request.headers["idempotency-key"] for request in api.requests if request.path == "/backtests"]
    assert len(posted) == 2
    assert len(set(posted)) == 1


def test_every_command_has_a_key_of_its_own_unless_one_is_given(cli: Cli, api: FakeApi) -> None:
    cli(*RUN, "--no-wait")
    cli(*RUN, "--no-wait")
    assert len(api.runs) == 2
    cli(*RUN, "--no-wait", "--idempotency-key", "monday")
    cli(*RUN, "--no-wait", "--idempotency-key", "monday")
    assert len(api.runs) == 3


def test_a_run_whose_start_is_unknown_says_how_to_find_out(cli: Cli, api: FakeApi) -> None:
    api.faults.extend([Fault(status=0)] * 10)

    ran = cli(*RUN, "--idempotency-key", "tuesday")

    assert ran.code == 6
    assert "--idempotency-key tuesday" in ran.err


def test_a_failed_run_is_exit_7_in_the_words_of_its_error(cli: Cli, api: FakeApi) -> None:
    api.ends = "failed"
    api.error = {"code": "stopped", "detail": "the execution was stopped from outside", "errors": []}

    ran = cli(*RUN)
    assert ran.code == 7
    assert ran.out == ""
    assert "the execution was stopped from outside" in ran.err

    ran = cli(*RUN, "--json")
    assert ran.code == 7
    assert ran.json["status"] == "failed"


def test_a_cancelled_run_is_exit_7(cli: Cli, api: FakeApi) -> None:
    api.ends = "cancelled"

    ran = cli(*RUN)

    assert ran.code == 7
    assert "was cancelled" in ran.err


def test_an_api_that_goes_away_while_waiting_leaves_the_run(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run("queued")
    api.faults.extend([Fault(status=0)] * 10)

    ran = cli("watch", run_id)

    assert ran.code == 6
    assert f"stepfold watch {run_id}" in ran.err
    assert f"stepfold cancel {run_id}" in ran.err


def test_simulated_candles_are_said_to_be_simulated(cli: Cli, api: FakeApi) -> None:
    assert "SIMULATED" not in cli(*RUN).out
    api.exchange = "sim"
    assert "SIMULATED" in cli(*RUN).out


def test_an_equal_run_is_named(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run("completed", same_as="bt-earlier")

    assert "bt-earlier" in cli("watch", run_id).err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--param", "fast"), "NAME=VALUE"),
        (("--param", "fast=1", "--param", "fast=2"), "twice"),
        (("--allocation", "BTC"), "WHAT=VALUE"),
        (("--allocation", "BTC=much"), "WHAT=VALUE"),
        (("--allocation", "BTC=-1"), "WHAT=VALUE"),
        (("--allocation", "BTC=inf"), "WHAT=VALUE"),
        (("--allocation", "BTC=1", "--allocation", "BTC=2"), "twice"),
        (("--allocation", "BTC=1", "--cash", "2"), "exclude each other"),
        (("--allocation", "BTC=60%", "--allocation", "ETH=41%"), "100 % at most"),
        (("--allocation", "BTC=60%", "--allocation", "ETH=41"), "amounts or weights"),
        (("--max-daily-loss", "much"), "neither a number nor off"),
        (("--min-hold", "nan"), "neither a number nor off"),
        (("--conflicts", "hedge"), "--conflicts"),
        (("--funding-hours", "8"), "needs a rate"),
        (("--timeframe", "2m"), "is not one of"),
        (("--cash", "much"), "--cash"),
        (("--no-such-option",), "--no-such-option"),
    ],
)
def test_a_wrong_command_line_is_exit_2_before_anything_is_sent(
    cli: Cli, api: FakeApi, options: tuple[str, ...], said: str
) -> None:
    ran = cli(*RUN, *options)

    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err
    assert api.requests == []


def test_bad_input_names_the_field_the_value_and_the_fix(cli: Cli) -> None:
    ran = cli("run", "ema_crss", "--symbol", "BTC-USDT", "--timeframe", "1h", "--json")

    assert ran.code == 3
    assert ran.out == ""
    assert "strategy = \"ema_crss\": there is no strategy 'ema_crss'; did you mean 'ema_cross'?" in ran.err
    assert ran.err.count("did you mean") == 1


def test_a_run_that_must_pay_funding_is_told_the_option(cli: Cli, api: FakeApi) -> None:
    message = "the strategy can be short, and such positions pay funding"
    problem = {"detail": f"funding: {message}", "errors": [{"path": "funding", "message": message}]}
    api.faults.append(Fault(422, problem))

    assert "write --funding-bps 1, or 0 if you mean none" in cli(*RUN).err


def test_an_error_in_a_document_has_the_files_line(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    document = tmp_path / "mine.yaml"
    document.write_text("schema: 1\nname: mine\ntriggers:\n  - id: a\n    entry: emaa(close, 3) > 1\n")
    message = "unknown indicator 'emaa' at 0; did you mean 'ema'?"
    entry = {
        "path": "strategy.triggers[0].entry",
        "message": message,
        "value": "emaa(close, 3) > 1",
        "position": 0,
    }
    problem = {"status": 422, "detail": f"strategy.triggers[0].entry: {message}", "errors": [entry]}
    api.faults.append(Fault(422, problem))

    ran = cli("run", str(document), "--symbol", "BTC-USDT", "--timeframe", "1h")

    assert ran.code == 3
    assert f"{document}:5 strategy.triggers[0].entry" in ran.err
    assert message in ran.err


def test_a_number_that_is_none_is_refused_with_a_sentence(cli: Cli) -> None:
    ran = cli(*RUN, "--cash", "nan")

    assert ran.code == 3
    assert "give a finite number" in ran.err
