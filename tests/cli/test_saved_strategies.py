"""`stepfold strategies save`, `update`, `versions`, `delete`, and running what was saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.strategy_files import load_strategy
from tests.cli.conftest import Cli
from tests.cli.fake_api import DOCUMENT, FakeApi, Fault

YAML = "name: My cross\nparameters:\n  fast: {fast}\ntriggers:\n  - id: cross\n    entry: close > 1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(YAML.format(fast=12))
    return path


def test_a_file_is_kept_and_named(cli: Cli, api: FakeApi, file: Path) -> None:
    ran = cli("strategies", "save", str(file))
    assert (ran.code, ran.out) == (0, "my_cross@1\n")
    assert "stepfold run my_cross" in ran.err
    assert api.saved["my_cross"] == [load_strategy(file).document]
    assert api.requests[-1].json() == {"strategy": load_strategy(file).document}
    other = cli("strategies", "save", str(file), "--id", "other", "--json").json
    assert (other["strategy_id"], other["version"]) == ("other", 1)
    taken = cli("strategies", "save", str(file), "--id", "other")
    assert (taken.code, taken.out) == (5, "")
    assert "already" in taken.err
    assert "stepfold strategies update ID" in taken.err


def test_what_is_wrong_is_said_with_its_line(cli: Cli, api: FakeApi, file: Path) -> None:
    cli("strategies", "save", str(file))
    fault = {"path": "strategy.triggers[0].entry", "message": "ends too early", "value": "close >"}
    api.check = {"valid": False, "errors": [fault]}
    for command in (("save", str(file)), ("update", "my_cross", str(file))):
        ran = cli("strategies", *command)
        assert (ran.code, ran.out) == (3, "")
        assert f"{file}:6 strategy.triggers[0].entry" in ran.err


def test_versions_are_saved_listed_and_shown(cli: Cli, api: FakeApi, file: Path) -> None:
    cli("strategies", "save", str(file))
    assert cli("strategies", "update", "my_cross", str(file)).out == "my_cross@1\n"
    file.write_text(YAML.format(fast=20))
    assert cli("strategies", "update", "my_cross", str(file), "--if-version", "1").out == "my_cross@2\n"
    file.write_text(YAML.format(fast=30))
    stale = cli("strategies", "update", "my_cross", str(file), "--if-version", "1")
    assert (stale.code, stale.out) == (5, "")
    assert "stepfold strategies show my_cross" in stale.err

    api.page = 1
    listed = cli("strategies", "versions", "my_cross", "--json").json
    assert [row["version"] for row in listed["versions"]] == [2, 1]
    shown = cli("strategies", "versions", "my_cross").out
    assert shown.index("my_cross@2") < shown.index("my_cross@1")
    assert "fast=20" in shown
    few = cli("strategies", "versions", "my_cross", "--limit", "1")
    assert "my_cross@1" not in few.out
    assert "--all" in few.err

    assert "fast: 20" in cli("strategies", "show", "my_cross").out
    assert "fast: 12" in cli("strategies", "show", "my_cross@1").out
    assert cli("strategies", "show", "my_cross@3").code == 4
    assert cli("strategies", "show", "my_cross@x").code == 3
    assert cli("strategies", "versions", "other").code == 4


def test_an_update_whose_answer_was_lost_is_sent_again(cli: Cli, api: FakeApi, file: Path) -> None:
    cli("strategies", "save", str(file))
    file.write_text(YAML.format(fast=20))
    api.faults = [Fault(0)]
    assert cli("strategies", "update", "my_cross", str(file), "--if-version", "1").out == "my_cross@2\n"
    assert len(api.saved["my_cross"]) == 2


def test_one_s_own_are_listed_before_the_presets(cli: Cli, api: FakeApi) -> None:
    api.saved = {"mine": [{"name": "Mine", "parameters": {"fast": 3}}], "b": [DOCUMENT, DOCUMENT]}
    api.page = 1
    shown = cli("strategies", "list")
    assert shown.out.index("mine@1") < shown.out.index("b@2") < shown.out.index("ema_cross")
    assert "fast=3" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    listed = cli("strategies", "list", "--kind", "saved", "--json").json
    assert [row["strategy_id"] for row in listed["strategies"]] == ["mine", "b"]
    assert listed["next_cursor"] is None


def test_a_strategy_is_deleted(cli: Cli, api: FakeApi) -> None:
    api.saved = {"mine": [DOCUMENT], "other": [DOCUMENT]}
    ran = cli("strategies", "delete", "mine")
    assert (ran.code, ran.out) == (0, "")
    assert "mine is deleted" in ran.err
    assert list(api.saved) == ["other"]
    assert cli("strategies", "delete", "other", "--json").json == {"strategy_id": "other", "deleted": True}
    assert cli("strategies", "delete", "other").code == 4


def test_a_run_shows_which_version_it_used(cli: Cli, api: FakeApi) -> None:
    api.saved = {"mine": [DOCUMENT, DOCUMENT]}
    market = ("--symbol", "BTC-USDT", "--timeframe", "1h", "--no-wait", "--json")
    run = cli("run", "mine@1", *market).json
    assert (run["strategy_id"], run["strategy_version"]) == ("mine", 1)
    assert api.bodies[run["run_id"]]["body"]["strategy"] == "mine@1"
    assert cli("run", "mine", *market).json["strategy_version"] == 2
    assert "mine@1" in cli("show", run["run_id"]).out
    assert {"mine@1", "mine@2"} <= set(cli("list").out.split())
