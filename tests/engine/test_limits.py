"""Limits and behaviour: read from a document or a request, each in its range."""

from dataclasses import fields
from typing import Any, Literal

import pytest

from engine import StrategyError, parse_strategy, warm_up_bars
from engine.errors import Issue
from engine.limits import CHOICES, FLAGS, RANGES, Behaviour, Risk, read_limits
from tests.engine.market import MINUTE, document

Kind = Literal["risk", "behaviour"]


def test_every_limit_has_a_range_a_choice_or_is_a_flag() -> None:
    names = {field.name for made in (Risk, Behaviour) for field in fields(made)}
    assert names == {*RANGES, *CHOICES, *FLAGS}


def test_a_document_states_its_limits() -> None:
    strategy = parse_strategy(
        document(
            "close > 1",
            None,
            parameters={"loss": 3.0, "daily": True},
            risk={"max_daily_loss_pct": "$loss", "max_trades_per_day": 4.0, "max_symbol_exposure_pct": 25},
            behaviour={
                "flatten_daily": "$daily",
                "conflicting_signals": "reverse",
                "confidence_override": "B",
                "min_flat_hours": 2,
            },
        )
    )
    assert strategy.risk == Risk(max_daily_loss_pct=3.0, max_trades_per_day=4, max_symbol_exposure_pct=25.0)
    assert strategy.behaviour == Behaviour(
        flatten_daily=True, conflicting_signals="reverse", confidence_override="B", min_flat_hours=2.0
    )


def test_without_limits_nothing_is_limited() -> None:
    strategy = parse_strategy(document("close > 1", None))
    assert (strategy.risk, strategy.behaviour) == (Risk(), Behaviour())


def test_a_request_changes_what_it_names_and_null_switches_off() -> None:
    issues: list[Issue] = []
    own = Risk(max_daily_loss_pct=3.0, max_trades_per_day=5)
    found = read_limits("risk", {"max_daily_loss_pct": None}, "risk", {}, issues, own)
    assert found == Risk(max_trades_per_day=5)
    given = {"confidence_override": "none", "exit_binding": None, "flatten_daily": None}
    was = Behaviour(confidence_override="A", exit_binding="exact", flatten_daily=True)
    assert read_limits("behaviour", given, "behaviour", {}, issues, was) == Behaviour()
    assert issues == []


@pytest.mark.parametrize(
    ("kind", "raw", "path", "message"),
    [
        ("risk", [], "risk", "must be a mapping of limits: {max_position_risk_pct: 2}, not a list"),
        (
            "risk",
            {"max_daily_loss_pct": 0.5},
            "risk.max_daily_loss_pct",
            "must be at least 1 and at most 50, not 0.5",
        ),
        (
            "risk",
            {"max_trades_per_day": 2.5},
            "risk.max_trades_per_day",
            "must be a whole number at least 1 and at most 200, not 2.5",
        ),
        (
            "risk",
            {"min_hold_hours": 2},
            "risk.min_hold_hours",
            "'min_hold_hours' belongs under behaviour",
        ),
        (
            "behaviour",
            {"exit_binding": "exakt"},
            "behaviour.exit_binding",
            "unknown exit_binding 'exakt'; did you mean 'exact'?",
        ),
        (
            "behaviour",
            {"flatten_daily": "yes"},
            "behaviour.flatten_daily",
            "must be true or false, not 'yes'",
        ),
        (
            "behaviour",
            {"min_flat_hours": "$flat"},
            "behaviour.min_flat_hours",
            "unknown parameter '$flat'; declare it under 'parameters'",
        ),
        (
            "behaviour",
            {"walk_away_profit_pct": float("inf")},
            "behaviour.walk_away_profit_pct",
            "must be at least 1 and at most 100, not inf",
        ),
    ],
)
def test_a_fault_in_the_limits_names_its_path(kind: Kind, raw: Any, path: str, message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse_strategy(document("close > 1", None, **{kind: raw}))
    assert [(issue.path, issue.message) for issue in caught.value.issues] == [(path, message)]


def test_limits_by_the_stop_wait_for_the_average_true_range() -> None:
    plain = parse_strategy(document("close > 1", None))
    limited = parse_strategy(document("close > 1", None, risk={"max_position_risk_pct": 2}))
    by_risk = parse_strategy({**document("close > 1", None), "sizing": {"mode": "risk", "risk_pct": 1}})
    settled = 16 * 14 + 1
    assert [warm_up_bars(plain, MINUTE), warm_up_bars(limited, MINUTE), warm_up_bars(by_risk, MINUTE)] == [
        0,
        settled,
        settled,
    ]
    assert warm_up_bars(plain, MINUTE, needs_atr=True) == settled
