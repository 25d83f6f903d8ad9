"""Strategy documents and plans: parameters, named indicators, fields known and unknown."""

import copy
from itertools import pairwise
from typing import Any

import pytest

from engine import (
    Costs,
    Market,
    Plan,
    PlanError,
    StrategyError,
    parse_strategy,
    preset,
    warm_up_bars,
)
from engine.strategy import Together
from tests.engine.market import MINUTE, document


def issues(raw: dict[str, Any], parameters: dict[str, object] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(StrategyError) as caught:
        parse_strategy(raw, parameters)
    return [(issue.path, issue.message) for issue in caught.value.issues]


def test_parameters_take_their_defaults_and_what_is_given() -> None:
    assert parse_strategy(preset("ema_cross")).parameters == {"fast": 12, "slow": 26}
    assert parse_strategy(preset("ema_cross"), {"fast": 5}).parameters == {"fast": 5, "slow": 26}
    assert parse_strategy(preset("ema_cross"), {"fast": 5.0}).parameters["fast"] == 5


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1, "1 is out of range; it must be at least 2 and at most 200"),
        (2.5, "must be a whole number, not 2.5"),
        ("12", "must be a whole number, not '12'"),
        (True, "must be a whole number, not True"),
        (float("nan"), "must be a whole number, not nan"),
        (None, "must be a whole number, not None"),
        (1 << 4000, "must be a whole number, not a huge integer"),
    ],
)
def test_a_parameter_out_of_its_type_or_range_is_refused(value: object, message: str) -> None:
    assert issues(preset("ema_cross"), {"fast": value}) == [("parameters.fast", message)]


def test_an_unknown_parameter_names_the_nearest() -> None:
    assert issues(preset("ema_cross"), {"fats": 3}) == [
        ("parameters.fats", "unknown parameter; did you mean 'fast'?")
    ]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"20)": None}, "20)", "unknown field '20)'; within { } an expression with a comma stands in quotes"),
        ({"trigers": []}, "trigers", "unknown field 'trigers'; did you mean 'triggers'?"),
        (
            {"risk": {"daily_loss_pct": 3}},
            "risk.daily_loss_pct",
            "unknown field 'daily_loss_pct'; did you mean 'max_daily_loss_pct'?",
        ),
        ({"behavior": {}}, "behavior", "'behavior' is unknown; did you mean 'behaviour'?"),
        ({"leverage": 2}, "leverage", "'leverage' belongs to the run, not to the document"),
        ({"schema": 2}, "schema", "must be 1, the version this engine reads"),
        ({"name": ""}, "name", "must be a text, not ''"),
        ({"name": "x" * 500}, "name", "has 500 characters; 120 are allowed"),
        ({"triggers": []}, "triggers", "must be a list with at least one trigger (id, entry, exit)"),
        ({"triggers": "close > 1"}, "triggers", "must be a list with at least one trigger (id, entry, exit)"),
        (
            {"triggers": [{"id": "a", "entry": "close > 1"}] * 33},
            "triggers",
            "has 33 entries; 32 are allowed",
        ),
        (
            {"sizing": {"mode": "notional"}},
            "sizing.notional",
            "is missing",
        ),
        (
            {"sizing": {"mode": "kelly"}},
            "sizing.mode",
            "unknown mode 'kelly'; known are fraction, risk, notional, volatility_target",
        ),
        (
            {"sizing": {"mode": "fraction", "risk_pct": 1}},
            "sizing.risk_pct",
            "'risk_pct' belongs to mode risk; this one is fraction",
        ),
        (
            {"sizing": {"fraction": 0}},
            "sizing.fraction",
            "must be above 0 and at most 10 (0.95 is 95 % of equity), not 0",
        ),
        (
            {"sizing": {"fraction": float("nan")}},
            "sizing.fraction",
            "must be above 0 and at most 10 (0.95 is 95 % of equity), not nan",
        ),
        (
            {"sizing": {"fraction": 10**400}},
            "sizing.fraction",
            "must be above 0 and at most 10 (0.95 is 95 % of equity), not a huge integer",
        ),
        (
            {"sizing": {"mode": "risk", "risk_pct": "1 %"}},
            "sizing.risk_pct",
            "must be above 0 and at most 20 (1 is 1 % of equity lost at the stop), not '1 %'",
        ),
        (
            {"sizing": {"mode": "volatility_target", "target_pct": 30, "period": 1}},
            "sizing.period",
            "must be a whole number at least 2 and at most 10,000, not 1",
        ),
        (
            {"sizing": {"profile": {"D": 1}}},
            "sizing.profile.D",
            "unknown field 'D'; known are A, B, C",
        ),
        (
            {"sizing": {"fraction": "$size"}, "parameters": {"size": 40}},
            "sizing.fraction",
            "must be above 0 and at most 10 (0.95 is 95 % of equity), not $size = 40",
        ),
        (
            {"sizing": {"fraction": "$size"}},
            "sizing.fraction",
            "unknown parameter '$size'; declare it under 'parameters'",
        ),
        (
            {"parameters": {"a b": 1}},
            "parameters.a b",
            "a name is letters, digits and _, at most 40 characters",
        ),
        ({"parameters": {"n": {"type": "int"}}}, "parameters.n", "needs a default"),
        (
            {"parameters": {"n": {"default": 1, "min": 5, "max": 2}}},
            "parameters.n.min",
            "min 5 is above max 2",
        ),
        (
            {"parameters": {"n": {"default": 9, "max": 2}}},
            "parameters.n.default",
            "9 is out of range; it must be at most 2",
        ),
        (
            {"parameters": {"n": {"default": 1, "maximum": 2}}},
            "parameters.n.maximum",
            "unknown field; did you mean 'max'?",
        ),
        (
            {"indicators": {"close": "open"}},
            "indicators.close",
            "'close' is a word of the language; choose another name",
        ),
        (
            {"indicators": {"rsi_14": "open"}},
            "indicators.rsi_14",
            "'rsi_14' is a word of the language; choose another name",
        ),
        ({"indicators": {"a": "a + 1"}}, "indicators.a", "indicators refer to each other in a circle: a → a"),
        (
            {"indicators": {"x": "emaa(1)", "y": "x + 1"}},
            "indicators.x",
            "unknown indicator 'emaa' at 0; did you mean 'ema'?",
        ),
    ],
)
def test_a_fault_in_a_document_names_its_path(change: dict[str, Any], path: str, message: str) -> None:
    found = issues({**document("close > 1", None), **change})
    assert found[0][0] == path
    assert found[0][1] == message
    assert len(found) == 1


def test_all_faults_come_at_once() -> None:
    raw = {
        "name": "many",
        "triggers": [{"id": "a", "entry": "clse > 1"}, {"id": "a", "entry": "close > 1", "stop": 1}],
        "sizing": {"fraction": 70},
    }
    assert [path for path, _ in issues(raw)] == [
        "triggers[0].entry",
        "triggers[1].stop",
        "triggers[1].id",
        "sizing.fraction",
    ]


def test_a_document_that_could_never_buy_is_refused() -> None:
    assert issues(document(None, "close > 1")) == [
        ("triggers", "no trigger has an entry: no position would ever be opened")
    ]


def test_a_circle_of_indicators_is_shown() -> None:
    raw = document("a > 1", None, indicators={"a": "b + 1", "b": "sma(c, 3)", "c": "a * 2", "d": "close"})
    ((path, message),) = issues(raw)
    assert path.startswith("indicators.")
    assert message == "indicators refer to each other in a circle: a → b → c → a"


def test_a_long_chain_of_indicators_is_no_deep_recursion() -> None:
    names = [f"n{number}" for number in range(100)]
    chain = {name: f"{before} + 1" for before, name in pairwise(names)}
    strategy = parse_strategy(
        document("n99 > 1", None, indicators={**dict(reversed(chain.items())), "n0": "close"})
    )
    assert len(strategy.indicators) == 100


def test_too_much_history_is_refused() -> None:
    wide = {f"w{n}": f"sma(close, {10_000 - n}) + highest(high, {9_000 + n})[{8_000 + n}]" for n in range(80)}
    assert issues(document("w0 > 1", None, indicators=wide)) == [
        ("", "the rolling windows remember more than 2,000,000 bars together; simplify it")
    ]


@pytest.mark.parametrize(
    "trigger", [{}, {"stop": {"atr": 2}}, {"stop": {"distance": "close / 7"}}, {"timeframe": "4h"}]
)
def test_too_many_operations_are_refused_wherever_the_last_one_stands(trigger: dict[str, Any]) -> None:
    """A stop of {atr: 2} that was one too many was a fault of ours, not of the document."""
    # Each `close * n` of a sum is a constant, a product and a sum.
    full = {
        f"i{n}": " + ".join(f"close * {100 * n + term + 0.5}" for term in range(100 if n < 6 else 66))
        for n in range(7)
    }
    entry = {"id": "t", "entry": "close / 3 > 1 and close / 5 < 9", **trigger}
    raw = {"name": "full", "indicators": full, "triggers": [entry]}
    assert issues(raw) == [("", "the document needs more than 2,000 operations; simplify it")]


@pytest.mark.parametrize("raw", [None, 3, "close > 1", ["a"], {1: 2}, {"name": {}, "triggers": {}}])
def test_what_is_no_document_is_refused(raw: Any) -> None:
    with pytest.raises(StrategyError):
        parse_strategy(raw)


def test_warm_up_covers_windows_shifts_and_recursion() -> None:
    assert warm_up_bars(parse_strategy(document("close > 1", None)), MINUTE) == 0
    assert warm_up_bars(parse_strategy(document("close > sma(close, 50)", None)), MINUTE) == 49
    assert warm_up_bars(parse_strategy(document("close[3] > sma(close, 50)[2]", None)), MINUTE) == 51
    # EMA 12: 16 / (2/13) = 104 bars, after which less than 1e-7 of the seed is left.
    assert warm_up_bars(parse_strategy(document("close > ema(close, 12)", None)), MINUTE) == 104
    assert (1 - 2 / 13) ** 104 < 1e-7


def test_parsing_changes_nothing_in_the_document() -> None:
    raw = preset("ema_cross")
    before = copy.deepcopy(raw)
    parse_strategy(raw, {"fast": 3})
    assert raw == before
    assert preset("ema_cross") == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"markets": ()}, "symbols"),
        ({"markets": (Market("A"), Market("A"))}, "symbols"),
        ({"end_ms": 0}, "end"),
        ({"initial_cash": float("nan")}, "initial_cash"),
        ({"initial_cash": 1e308}, "initial_cash"),
        ({"initial_cash": 0.0}, "initial_cash"),
        ({"allocations": (1.0, 2.0)}, "initial_allocations"),
        ({"allocations": (-1.0,)}, "initial_allocations"),
        ({"costs": Costs(taker_fee_bps=10_000.0)}, "costs.taker_fee_bps"),
        ({"costs": Costs(slippage_bps=-1.0)}, "costs.slippage_bps"),
        ({"markets": (Market("A", quantity_step=-1.0),)}, "symbols.A"),
        ({"timeframe_ms": 0}, "timeframe"),
        (
            {
                "strategy": parse_strategy(
                    {"name": "n", "triggers": [{"id": "t", "entry": "close > 1", "symbols": ["B"]}]}
                )
            },
            "triggers[0].symbols",
        ),
        (
            # 100 shifts of up to 10,000 bars are 995,050 bars a market: 20 fit, 21 do not.
            {
                "strategy": parse_strategy(
                    document(" and ".join(f"close > close[{10_000 - n}]" for n in range(100)), None)
                ),
                "markets": tuple(Market(f"M{n}") for n in range(21)),
            },
            "symbols",
        ),
    ],
)
def test_a_plan_that_makes_no_run_is_refused(change: dict[str, Any], path: str) -> None:
    given: dict[str, Any] = {
        "strategy": parse_strategy(preset("ema_cross")),
        "markets": (Market("A"),),
        "timeframe_ms": 60_000,
        "start_ms": 0,
        "end_ms": 600_000,
    }
    with pytest.raises(PlanError) as caught:
        Plan(**{**given, **change})
    assert caught.value.issues[0].path == path


def test_combinations_that_share_a_graph_are_measured_one_by_one() -> None:
    """Each remembers about 450,000 bars of a market, what 25 markets may; the graph of both twice that."""
    parameters = {f"n{n}": 9_000 + n for n in range(50)}
    rule = " and ".join(f"close > close[${name}]" for name in parameters)
    raw = {"name": "far", "parameters": parameters, "triggers": [{"id": "t", "entry": rule}]}
    together = Together()
    for start in (9_000, 8_000):
        strategy = parse_strategy(raw, {f"n{n}": start + n for n in range(50)}, together)
        Plan(strategy, tuple(Market(f"M{n}") for n in range(25)), MINUTE, 0, MINUTE)
    assert together.graph.history * 25 > 20_000_000
