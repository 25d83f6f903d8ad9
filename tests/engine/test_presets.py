"""The documents that ship with Stepfold."""

import re
from typing import Any

import pytest

from engine import Market, parse_strategy, preset, preset_ids, preset_kind, run
from engine.plan import Funding
from engine.strategy import Strategy
from tests.engine.market import generated, rows

HOUR = 3_600_000

PRESETS = {
    "adx_trend", "bollinger_breakout", "channel_breakout", "ema_cross", "keltner_reversion", "macd_trend",
    "rsi_reversal", "supertrend_follow", "vwap_pullback",
}  # fmt: skip
ARCHETYPES = {"aggressive", "balanced", "breakout", "conservative", "mean_reversion", "trend"}


def test_there_are_nine_presets_and_six_archetypes() -> None:
    assert set(preset_ids("preset")) == PRESETS
    assert set(preset_ids("archetype")) == ARCHETYPES
    assert preset_ids() == (*sorted(PRESETS), *sorted(ARCHETYPES))
    assert {preset_kind(name) for name in ARCHETYPES} == {"archetype"}


def test_an_unknown_document_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="unknown preset 'ema'; there are adx_trend, bollinger"):
        preset("ema")


@pytest.mark.parametrize("name", preset_ids())
def test_a_document_says_what_it_does_for_which_market_and_where_it_fails(name: str) -> None:
    sentences = [part for part in re.split(r"(?<=\.) ", str(preset(name)["description"])) if part]
    assert len(sentences) >= 3
    assert all(sentence.endswith(".") for sentence in sentences)
    assert any("For " in sentence for sentence in sentences)


@pytest.mark.parametrize("name", preset_ids())
def test_every_parameter_and_indicator_is_used(name: str) -> None:
    document: dict[str, Any] = preset(name)
    text = repr({key: document[key] for key in document if key != "parameters"})
    assert [p for p in document["parameters"] if f"${p}" not in text] == []
    used = repr([document["triggers"], list(document["indicators"].values())])
    assert [i for i in document["indicators"] if not re.search(rf"\b{i}\b", used)] == []


@pytest.mark.parametrize("name", preset_ids())
def test_a_document_holds_at_the_ends_of_its_parameters(name: str) -> None:
    document: dict[str, Any] = preset(name)
    for parameter, declared in document["parameters"].items():
        for end in ("min", "max"):
            assert parse_strategy(document, {parameter: declared[end]}).triggers


def test_archetypes_protect_what_they_open() -> None:
    for name in ARCHETYPES:
        strategy = parse_strategy(preset(name))
        opened = [trigger for trigger in strategy.triggers if trigger.entry is not None]
        assert all(trigger.stop or trigger.trailing for trigger in opened)
        assert strategy.risk.max_symbol_exposure_pct is not None


def test_archetypes_show_what_the_language_has() -> None:
    strategies: list[Strategy] = [parse_strategy(preset(name)) for name in sorted(ARCHETYPES)]
    triggers = [trigger for strategy in strategies for trigger in strategy.triggers]
    assert {strategy.sizing.mode for strategy in strategies} == {"risk", "volatility_target"}
    assert {trigger.order.type for trigger in triggers} == {"market", "limit", "stop"}
    assert {trigger.direction for trigger in triggers} == {"long", "short", "both"}
    assert {trigger.confidence for trigger in triggers} == {"A", "B", "C", None}
    assert any(trigger.timeframe for trigger in triggers)
    assert any(trigger.hold for trigger in triggers)
    assert any(trigger.scale_in > 1 for trigger in triggers)
    assert [t.direction for t in parse_strategy(preset("aggressive")).triggers].count("short") == 2


@pytest.mark.parametrize("name", preset_ids())
def test_a_document_trades(name: str) -> None:
    bars = generated(6000, 8, step_ms=HOUR)
    result = run(
        preset(name),
        {"BTC-USDT": bars},
        start_ms=1000 * HOUR,
        leverage=3.0 if name == "aggressive" else 1.0,
        funding=Funding.constant(1.0, 8, 0, 6000 * HOUR),
        markets=(Market("BTC-USDT", quantity_step=1e-6),),
    )
    fills = rows(result.tables["fills"])
    assert {row["side"] for row in fills} == {"buy", "sell"}
    # Every entry of the document is worth its place: each opens something in seven months of hours.
    opened = {row["trigger_id"] for row in fills if row["reason"] == "entry_rule"}
    assert opened == {t.id for t in result.plan.strategy.triggers if t.entry is not None}
