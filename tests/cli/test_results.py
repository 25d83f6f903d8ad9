"""`equity`, `trades`, `events`, `state`, `artifacts`, `results`."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from shared.responses_results import ReportAnswer
from shared.times import iso
from tests.cli.conftest import Cli
from tests.cli.fake_api import FILLS, HOUR_MS, START_MS, FakeApi
from tests.cli.fake_runs import parquet_of


@pytest.fixture(autouse=True)
def run_id(api: FakeApi) -> str:
    return api.add_run()


COMMANDS = (
    ("results", "last"),
    ("report", "last"),
    *(("report", "last", name) for name in ReportAnswer.model_fields),
    ("equity", "last"),
    ("trades", "last"),
    ("trades", "last", "--paired"),
    ("trades", "last", "--sets"),
    ("events", "last"),
    ("diagnostics", "last"),
    ("state", "last", "2021-01-02"),
    ("why", "last", "--at", "2021-05-19T12:00:00Z"),
    ("artifacts", "last"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_tables_fit_80_columns_and_json_is_json(cli: Cli, command: tuple[str, ...]) -> None:
    people = cli(*command)
    assert people.code == 0
    assert people.out
    assert max(map(len, people.out.splitlines())) <= 80
    assert "\x1b" not in people.out + people.err

    machine = cli(*command, "--json")
    assert machine.code == 0
    assert isinstance(machine.json, dict)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_run_that_is_not_finished_is_exit_5(cli: Cli, api: FakeApi, command: tuple[str, ...]) -> None:
    api.add_run("running")

    ran = cli(*command, "--json")

    assert ran.code == 5
    assert ran.out == ""
    assert "it is running" in ran.err


def test_a_report_shows_the_table_that_is_asked_for(cli: Cli, api: FakeApi) -> None:
    assert "2021-08" in cli("report", "last").out
    assert api.requests[-1].query == {"tables": "monthly"}
    shown = cli("report", "last", "by_symbol").out
    for text in ("BTC-USDT", "41.70 %", "-1,234.50", "–"):
        assert text in shown
    assert "min notional 3" in cli("report", "last", "daily").out
    assert "1.25" in cli("report", "last", "rolling_sharpe").out
    assert cli("report", "last", "by_moon").code == 2


def test_the_sketch_asks_for_as_many_points_as_wanted_and_keeps_the_spike(cli: Cli, api: FakeApi) -> None:
    ran = cli("equity", "last", "--points", "2000", "--start", "2021-01-01", "--end", "2021-03-01")

    assert "100,000 ┤" in ran.out
    assert "highest" in ran.out
    assert api.requests[-1].query == {"points": "2000", "start": "2021-01-01", "end": "2021-03-01"}


@pytest.mark.parametrize(
    ("flags", "name"), [((), "trades"), (("--paired",), "paired_trades"), (("--sets",), "trade_sets")]
)
def test_pages_are_put_together(cli: Cli, flags: tuple[str, ...], name: str) -> None:
    everything = cli("trades", "last", *flags, "--all", "--json").json
    assert len(everything[name]) == FILLS
    assert everything["next_cursor"] is None

    some = cli("trades", "last", *flags, "--limit", "7", "--json").json
    assert some[name] == everything[name][:7]
    assert some["next_cursor"] == "r7"
    assert "--all" in cli("trades", "last", *flags, "--limit", "7").err


def test_paired_and_sets_exclude_each_other(cli: Cli) -> None:
    assert cli("trades", "last", "--paired", "--sets").code == 2


def test_events_are_filtered_by_the_api_and_shown_without_their_control_characters(
    cli: Cli, api: FakeApi
) -> None:
    ran = cli("events", "last", "--type", "gap", "--symbol", "BTC-USDT", "--limit", "3")

    assert "from=2021-01-01T00:00" in ran.out
    assert "missing_bars=3" in ran.out
    assert "[red]" in ran.out
    assert "\x1b" not in ran.out
    assert api.requests[-1].query == {"type": "gap", "symbol": "BTC-USDT", "limit": "3"}


def test_the_state_shows_positions_and_what_waits(cli: Cli, api: FakeApi) -> None:
    ran = cli("state", "last", "2021-01-02T00:00:00Z")

    for text in ("10,500.00", "5.00 %", "short BTC-USDT", "-0.3 at 29,000.00", "waits ETH-USDT"):
        assert text in ran.out
    assert api.requests[-1].path.endswith("/playback/state/2021-01-02T00%3A00%3A00Z")


def test_a_time_that_is_none_is_exit_3_with_the_form_to_write(cli: Cli) -> None:
    ran = cli("state", "last", "yesterday")

    assert ran.code == 3
    assert "write 2021-08-13" in ran.err


def test_artifacts_are_downloaded_whole_and_checked(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    folder = tmp_path / "results"

    ran = cli("artifacts", "last", "--download", str(folder), "--json")

    assert ran.code == 0
    for entry in ran.json["artifacts"]:
        body = (folder / entry["series"] / entry["filename"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == entry["sha256"]
        assert pq.read_table(io.BytesIO(body)).num_rows == 1
    fetched = [request.path for request in api.requests if request.path.startswith("/files/")]
    assert len(fetched) == 2
    cli("artifacts", "last", "--download", str(folder))
    assert [request.path for request in api.requests if request.path.startswith("/files/")] == fetched


def test_a_file_that_is_not_what_its_hash_says_is_not_kept(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    api.corrupt_files = True

    ran = cli("artifacts", "last", "--download", str(tmp_path / "results"))

    assert ran.code == 1
    assert "its hash says" in ran.err
    assert [path for path in (tmp_path / "results").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_is_exit_3(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(parquet_of("x"))

    assert cli("artifacts", "last", "--download", str(tmp_path / "taken")).code == 3


def test_diagnostics_say_what_became_of_each_rule_and_what_blocked_it(cli: Cli, api: FakeApi) -> None:
    ran = cli("diagnostics", "last")

    lines = [line.split() for line in ran.out.splitlines()]
    assert ["cross", "entry", "26,266", "790", "741", "49"] in lines
    assert ["daily", "loss", "40", "cross", "entry", "40"] in lines
    assert ["min", "flat", "10", "cross", "entry", "9,", "cross", "exit", "1"] in lines
    assert "outranked" not in ran.out  # it never blocked anything
    assert cli("diagnostics", "last", "--json").json["triggers"] == api.triggers

    api.triggers = []
    assert "Run it again" in cli("diagnostics", "last").err


def test_what_ended_a_position_without_a_rule_is_said(cli: Cli) -> None:
    assert "trailing" in cli("trades", "last").out
    assert "-2.47" in cli("trades", "last", "--paired").out
    assert "short BTC-USDT" in (state := cli("state", "last", "2021-01-02").out)
    assert "stop 31,000.00, liquidation 43,283.58" in state


def test_bars_that_were_made_and_finer_candles_that_fall_short_are_said(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run()
    finer = {"start": iso(START_MS), "end": iso(START_MS + HOUR_MS), "version": "v", "made_of": None}
    used = {"version": "v", "bars": 100, "missing_bars": 0, "incomplete_bars": 0, "made_of": None}
    used |= {"funding_dataset": None, "funding_version": None}
    api.candles = [
        {
            **used,
            "symbol": "BTC-USDT",
            "dataset_id": "binance.BTC-USDT.15m",
            "made_of": "15m",
            "incomplete_bars": 2,
            "finer": None,
        },
        *(
            {
                **used,
                "symbol": symbol,
                "dataset_id": f"binance.{symbol}.1h",
                "finer": {"dataset_id": f"binance.{symbol}.1m", "coverage_pct": covered, **finer},
            }
            for symbol, covered in (("ETH-USDT", 54.2), ("SOL-USDT", 100.0))
        ),
    ]
    said = " ".join(cli("results", run_id).err.split())
    assert "BTC-USDT: its bars are made of 15m candles, binance.BTC-USDT.15m, 2 of them incomplete." in said
    assert "cover 54.20 % of its bars" in said
    assert "SOL-USDT" not in said


def test_what_is_suspicious_in_the_candles_is_said_with_the_results(cli: Cli, api: FakeApi) -> None:
    run_id = api.add_run(stale=True, stale_because="version 2 of binance.BTC-USDT.1h has other bars")
    quiet = cli("results", run_id)
    assert "Suspicious" not in quiet.out
    dead = {"kind": "zero_volume", "start": iso(START_MS), "end": iso(START_MS + HOUR_MS), "count": 2}
    jump = {"kind": "jump", "start": iso(START_MS + 9 * HOUR_MS), "end": iso(START_MS + 9 * HOUR_MS)}
    api.data_flags["counts"] |= {"zero_volume": 1_002, "jump": 1}
    api.data_flags["flags"] = [
        {"dataset_id": "binance.BTC-USDT.1h", "values": {}, **dead},
        {
            "dataset_id": "binance.BTC-USDT.1h",
            "count": 1,
            "values": {"move_pct": -91.5, "atrs": 40.0},
            **jump,
        },
    ]
    api.data_flags["left_out"] = 500
    api.data_flags["not_audited"] = ["binance.ETH-USDT.1h"]

    ran = cli("results", run_id)

    assert "Suspicious in the candles: jumps 1, bars without volume 1,002." in ran.out
    assert "  binance.BTC-USDT.1h 2021-01-01 09:00: jump (-91.5 %, 40 ranges)" in ran.out
    assert ran.out.index(": jump (") < ran.out.index(
        "2021-01-01 00:00 to 2021-01-01 01:00: no volume, 2 bars"
    )
    assert "stepfold data show" in ran.err
    assert "binance.ETH-USDT.1h" in ran.err
    for shown in (ran.out, cli("show", run_id).out):
        assert "version 2 of binance.BTC-USDT.1h has other bars" in shown
    listed = cli("list")
    assert [line.split()[0] for line in listed.out.splitlines() if "ETH" in line] == ["stale", "completed"]
    assert "other bars in its span" in listed.err
