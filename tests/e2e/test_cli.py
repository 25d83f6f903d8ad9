"""The command line against the deployed stack, as a process that knows nothing but the API's address."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.e2e.command_line import COMMAND, environment
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import simulated_file

# An exchange of these tests' own: other tests of the stack count what they brought themselves.
EXCHANGE = "clitest"
MARKET = ("--exchange", EXCHANGE, "--symbol", "BTC-USDT", "--timeframe", "1h")
RUN = ("run", "ema_cross", *MARKET, "--tag", "cli")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Stepfold = Callable[..., Ran]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def stepfold(stack: LocalStack, folder: Path) -> Stepfold:
    def run(*arguments: str) -> Ran:
        ended = subprocess.run(
            [COMMAND, *arguments],
            cwd=folder,
            env=environment(stack.api_url),
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="module")
def run_id(stepfold: Stepfold, folder: Path) -> str:
    """Import candles and run a backtest on them to its end; return its id."""
    (folder / "candles.parquet").write_bytes(simulated_file("BTC-USDT", "1h", "2021-01-01", "2021-07-01"))
    imported = stepfold("data", "import", "candles.parquet", *MARKET, "--json").json
    assert imported["status"] == "completed"
    assert imported["report"]["rows"] > 4_000
    ran = stepfold(*RUN, "--name", "journey", "--param", "fast=8", "--cash", "5000", "--wait", "--json")
    assert ran.json["status"] == "completed"
    return str(ran.json["run_id"])


def test_the_import_is_listed(stepfold: Stepfold, run_id: str) -> None:
    assert run_id.startswith("bt-")
    held = {entry["dataset_id"]: entry for entry in stepfold("data", "list", "--json").json["datasets"]}
    assert held[f"{EXCHANGE}.BTC-USDT.1h"]["simulated"] is False
    assert f"{EXCHANGE}.BTC-USDT.1h" in stepfold("data", "list").out


def test_the_run_is_found_by_list_by_prefix_and_whole(stepfold: Stepfold, run_id: str) -> None:
    listed = stepfold("list", "--tag", "cli", "--all", "--json").json
    assert run_id in [run["run_id"] for run in listed["backtests"]]
    assert listed["next_cursor"] is None
    assert run_id[:11] in stepfold("list", "--status", "completed", "--all").out

    shown = stepfold("show", run_id[:11], "--json").json
    assert shown["run_id"] == run_id
    assert shown["name"] == "journey"
    people = stepfold("show", run_id)
    assert "Final equity" in people.out
    assert max(map(len, people.out.splitlines())) <= 80


def test_the_results_agree_with_each_other(stepfold: Stepfold, run_id: str) -> None:
    results = stepfold("results", run_id, "--json").json
    fills = stepfold("trades", run_id, "--all", "--json").json["trades"]
    pairs = stepfold("trades", run_id, "--paired", "--all", "--json").json["paired_trades"]
    sets = stepfold("trades", run_id, "--sets", "--all", "--json").json["trade_sets"]
    points = stepfold("equity", run_id, "--points", "200", "--json").json["equity"]

    assert results["total_trades"] == len(pairs) > 0
    assert results["total_fills"] == len(fills) == sum(len(entry["legs"]) for entry in sets)
    assert points[-1]["equity"] == results["final_equity"]
    assert results["request"]["parameters"]["fast"] == 8
    assert sum(pair["pnl"] for pair in pairs) == pytest.approx(sum(fill["pnl"] for fill in fills))


def test_the_state_is_that_after_the_fills_before_it(stepfold: Stepfold, run_id: str) -> None:
    fills = stepfold("trades", run_id, "--limit", "1", "--json").json["trades"]
    state = stepfold("state", run_id, fills[0]["timestamp"], "--json").json

    (position,) = state["positions"]
    assert position["qty"] == fills[0]["position_after"]
    assert state["cash"] == fills[0]["cash_after"]
    assert "holds BTC-USDT" in stepfold("state", run_id, fills[0]["timestamp"]).out


def test_events_say_why(stepfold: Stepfold, run_id: str) -> None:
    gaps = stepfold("events", run_id, "--type", "gap", "--all", "--json").json["events"]
    assert {event["type"] for event in gaps} == {"gap"}
    assert all(event["payload"]["missing_bars"] > 0 for event in gaps)
    assert "trigger_fired" in stepfold("events", run_id, "--limit", "10").out


def test_the_sketch_has_the_curves_extremes(stepfold: Stepfold, run_id: str) -> None:
    ran = stepfold("equity", run_id)

    assert ran.code == 0
    assert "┤" in ran.out
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_artifacts_are_parquet_that_is_what_its_hash_says(
    stepfold: Stepfold, run_id: str, folder: Path
) -> None:
    entries = stepfold("artifacts", run_id, "--download", "results", "--json").json["artifacts"]

    rows = {}
    for entry in entries:
        path = folder / "results" / entry["series"] / entry["filename"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
        rows[entry["series"]] = pq.read_table(path).num_rows
        assert rows[entry["series"]] == entry["rows"]
    assert rows["fills"] == stepfold("results", run_id, "--json").json["total_fills"]


def test_runs_compare(stepfold: Stepfold, run_id: str) -> None:
    other = stepfold(*RUN, "--param", "fast=16", "--cash", "5000", "--json").json["run_id"]

    compared = stepfold("compare", run_id, other, "--json").json

    assert {"path": "parameters.fast", "values": [8, 16]} in compared["differences"]
    assert "parameters.fast" in stepfold("compare", run_id, other).out


def test_one_key_is_one_run(stepfold: Stepfold, run_id: str) -> None:
    assert run_id
    ids = {stepfold(*RUN, "--no-wait", "--idempotency-key", "cli-once").out.strip() for _ in range(2)}

    assert len(ids) == 1
    other = stepfold(*RUN, "--cash", "1", "--no-wait", "--idempotency-key", "cli-once")
    assert other.code == 3
    assert "was used for another request" in other.err


def test_bad_input_is_said_with_its_fix(stepfold: Stepfold, run_id: str, folder: Path) -> None:
    assert run_id
    ran = stepfold("run", "ema_crss", *MARKET)
    assert (ran.code, ran.out) == (3, "")
    assert "did you mean 'ema_cross'?" in ran.err

    (folder / "mine.yaml").write_text(stepfold("strategies", "show", "ema_cross").out)
    assert stepfold("strategies", "validate", "mine.yaml", "--json").json["valid"] is True
    broken = (folder / "mine.yaml").read_text().replace("ema(close, $fast)", "emaa(close, $fast)")
    (folder / "broken.yaml").write_text(broken)
    ran = stepfold("run", "broken.yaml", *MARKET)
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if "emaa" in text)
    assert ran.code == 3
    assert f"broken.yaml:{line} " in ran.err
    assert "did you mean 'ema'?" in ran.err

    (folder / "bad.csv").write_text("timestamp,open,high,low,close,volume\n2021-01-01,1,2,3,4,5\n")
    ran = stepfold("data", "import", "bad.csv", *MARKET)
    assert ran.code == 7
    assert "file.high: is below the low in row 1" in ran.err


def test_a_run_is_cancelled_and_deleted(stepfold: Stepfold, run_id: str) -> None:
    started = stepfold(*RUN, "--no-wait", "--idempotency-key", "cli-cancelled").out.strip()
    cancelled = stepfold("cancel", started)
    # The run is short: it may have ended first, and then says so.
    assert (cancelled.code, stepfold("watch", started).code) in ((0, 7), (5, 0))

    assert stepfold("delete", started, "--yes", "--json").json == {"run_id": started, "deleted": True}
    assert stepfold("show", started).code == 4
    assert stepfold("show", run_id).code == 0


def test_the_demo_works_twice_and_loads_its_candles_once(
    stepfold: Stepfold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Files under a name of their own, and not the market `sim`, which other tests of this stack bring.
    market = folder / "market"
    market.mkdir()
    for symbol in ("BTC-USDT", "ETH-USDT"):
        body = simulated_file(symbol, "1h", "2021-01-01", "2021-07-01")
        (market / f"clidemo_{symbol}_1h_2021.parquet").write_bytes(body)
    monkeypatch.setenv("STEPFOLD_MARKET_DATA", str(market))

    first = stepfold("demo")
    assert first.code == 0, first.err
    assert "import clidemo.ETH-USDT.1h: 100 % completed" in first.err
    assert "Final equity" in first.out
    assert "┤" in first.out

    again = stepfold("demo")
    assert again.code == 0, again.err
    assert "import" not in again.err
    assert "was run before" in again.err
