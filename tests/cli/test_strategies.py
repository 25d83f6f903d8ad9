"""`stepfold strategies`."""

from __future__ import annotations

from pathlib import Path

from cli.strategy_files import load_strategy
from tests.cli.conftest import Cli
from tests.cli.fake_api import DOCUMENT, FakeApi


def test_presets_are_listed_with_their_parameters(cli: Cli) -> None:
    ran = cli("strategies", "list")

    assert "ema_cross" in ran.out
    assert "fast=12" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert cli("strategies", "list", "--json").json["strategies"][0]["strategy_id"] == "ema_cross"


def test_a_preset_is_shown_as_a_file_that_can_be_run(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(cli("strategies", "show", "ema_cross").out)

    assert load_strategy(path).document == DOCUMENT
    assert cli("strategies", "show", "ema_cross", "--json").json["document"] == DOCUMENT


def test_an_unknown_preset_is_exit_4(cli: Cli) -> None:
    ran = cli("strategies", "show", "../x")

    assert ran.code == 4
    assert "there is no" in ran.err


def test_validate_says_that_a_strategy_can_be_run(cli: Cli) -> None:
    ran = cli("strategies", "validate", "ema_cross", "--param", "fast=12")

    assert ran.code == 0
    assert "can be run" in ran.err
    assert "217 bars" in ran.out
    assert cli("strategies", "validate", "ema_cross", "--json").json["valid"] is True


def test_validate_says_all_that_is_wrong_with_its_line(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("schema: 1\ntriggers:\n  - entry: a >\n    stop: 3\n")
    api.check = {
        "valid": False,
        "errors": [
            {"path": "strategy.triggers[0].stop", "message": "must say of what: {percent: 3}"},
            {
                "path": "strategy.triggers[0].entry",
                "message": "ends too early",
                "value": "a >",
                "position": 3,
            },
        ],
    }

    ran = cli("strategies", "validate", str(path))
    assert (ran.code, ran.out) == (3, "")
    assert f"{path}:4 strategy.triggers[0].stop: must say of what" in ran.err
    assert f'{path}:3 strategy.triggers[0].entry = "a >": ends too early (at character 3)' in ran.err

    ran = cli("strategies", "validate", str(path), "--json")
    assert ran.code == 3
    assert ran.json["valid"] is False


def test_a_file_that_cannot_be_read_is_exit_3_and_nothing_is_sent(
    cli: Cli, api: FakeApi, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text("a: [1,\nb: }")

    assert "bad.yaml:2: is not YAML" in cli("strategies", "validate", "bad.yaml").err
    missing = cli("strategies", "validate", "missing.yaml")
    assert missing.code == 3
    assert "missing.yaml: cannot be read" in missing.err
    assert api.requests == []
