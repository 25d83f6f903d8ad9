"""The pages about strategies, executed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import StrategyError, parse_strategy, preset, preset_ids, preset_kind
from engine.limits import CHOICES, FLAGS, LIMITS, MEANINGS, RANGES, names_of
from engine.names import STATES
from tests.engine import indicators_page
from tests.engine.indicators_page import page
from tests.engine.market import document, generated, play

PAGE = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def table_after(heading: str) -> list[tuple[str, str]]:
    """Rows of the first table below a heading row: first column without its back quotes, second column."""
    found: list[tuple[str, str]] = []
    for line in PAGE.split(heading, 1)[1].splitlines()[2:]:
        match = re.match(r"\| `(.*?)` \| (.*) \|$", line)
        if match is None:
            break
        found.append((match.group(1), match.group(2)))
    assert found, heading
    return found


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_document_of_the_page_is_valid_and_trades(text: str) -> None:
    result = play(yaml.safe_load(text), generated(4000, 3), fee_bps=10.0, slippage_bps=2.0, step=1e-6)
    assert result.metrics["total_trades"] > 0


@pytest.mark.parametrize("program", blocks("python"))
def test_a_program_of_the_page_runs(program: str) -> None:
    names: dict[str, Any] = {"bars": generated(500, 2)}
    exec(compile(program, "docs/strategies.md", "exec"), names)
    assert len(names["trades"]) == names["result"].metrics["total_trades"]


def trigger_with(written: str) -> dict[str, Any]:
    return {"id": "t", "entry": "close > 1", **yaml.safe_load(written)}


@pytest.mark.parametrize(("written", "_meaning"), table_after("| written | means |"))
def test_a_level_of_the_page_is_valid(written: str, _meaning: str) -> None:
    assert parse_strategy({"name": "n", "triggers": [trigger_with(written)]}).triggers


@pytest.mark.parametrize(("written", "_meaning"), table_after("| written | the entry's notional |"))
def test_a_size_of_the_page_is_valid(written: str, _meaning: str) -> None:
    raw = {"name": "n", "triggers": [{"id": "t", "entry": "close > 1"}], "sizing": yaml.safe_load(written)}
    assert parse_strategy(raw).sizing.mode == raw["sizing"].get("mode", "fraction")


@pytest.mark.parametrize(("written", "answer"), table_after("| written in a trigger | answer |"))
def test_an_error_in_a_trigger_of_the_page_is_what_the_engine_says(written: str, answer: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse_strategy({"name": "n", "triggers": [trigger_with(written)]})
    assert [issue.message for issue in caught.value.issues] == [answer]


@pytest.mark.parametrize("kind", LIMITS)
def test_the_page_lists_every_limit_with_what_it_takes(kind: str) -> None:
    section = PAGE.split(f"<!-- {kind} -->\n")[1].split(f"<!-- end of {kind} -->")[0]
    assert section.splitlines()[2:] == [
        f"| `{name}` | {takes(name)} | {MEANINGS[name]} |" for name in names_of(LIMITS[kind])
    ]


def takes(limit: str) -> str:
    if limit in FLAGS:
        return "true, false"
    if limit in CHOICES:
        return ", ".join(CHOICES[limit])
    low, high = RANGES[limit]
    return f"{low:g} to {high:g}"


def test_the_page_lists_every_document_to_start_from() -> None:
    section = PAGE.split("<!-- presets -->\n")[1].split("<!-- end of presets -->")[0]
    assert section.splitlines()[2:] == [
        f"| `{name}` | {preset_kind(name)} | {str(preset(name)['description']).split('. ')[0]}. |"
        for name in preset_ids()
    ]


@pytest.mark.parametrize(("expression", "_meaning"), table_after("| written | at the close |"))
def test_an_expression_of_the_page_is_valid_and_sometimes_true(expression: str, _meaning: str) -> None:
    result = play(document(expression, None, 0.01), generated(3000, 4))
    assert result.metrics["total_fills"] > 0


@pytest.mark.parametrize(("expression", "answer"), table_after("| written | answer |"))
def test_an_error_of_the_page_is_what_the_engine_says(expression: str, answer: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse_strategy(document(expression, None))
    assert caught.value.issues[0].message == answer


@pytest.mark.parametrize(("expression", "_meaning"), table_after("| written | true |"))
def test_a_rule_about_the_position_is_valid(expression: str, _meaning: str) -> None:
    assert parse_strategy(document("close > 1", expression)).triggers[0].exit_node is not None


def test_the_page_names_all_that_depends_on_the_position() -> None:
    section = PAGE.split("### The position")[1].split("### Warm-up")[0]
    assert set(STATES) <= set(re.findall(r"`(\w+)`", section))


def test_the_page_of_indicators_is_what_the_catalogue_says() -> None:
    assert page().splitlines() == indicators_page.PAGE.read_text(encoding="utf-8").splitlines(), (
        "run `python -m tests.engine.indicators_page`"
    )
