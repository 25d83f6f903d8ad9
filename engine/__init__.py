"""Stepfold's engine: a pure fold of a strategy document over bars. No AWS, no I/O, no clock.

    from engine import run
    result = run(document, bars)          # bars: {"BTC-USDT": Bars(...)} or a DataFrame
    result.metrics["sharpe_ratio"], result.frames()["equity"]

Names are loaded at their first use, so that importing the package costs nothing.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from engine.processor import WIDE, is_wide

if TYPE_CHECKING:
    from engine.bars import Bars as Bars
    from engine.columns import Coded as Coded
    from engine.columns import Table as Table
    from engine.columns import join as join
    from engine.document_schema import strategy_schema as strategy_schema
    from engine.errors import BarsError as BarsError
    from engine.errors import EngineError as EngineError
    from engine.errors import Issue as Issue
    from engine.errors import PlanError as PlanError
    from engine.errors import StateError as StateError
    from engine.errors import StrategyError as StrategyError
    from engine.explanation import Explanation as Explanation
    from engine.fold import Output as Output
    from engine.fold import finish as finish
    from engine.fold import simulate as simulate
    from engine.limits import Behaviour as Behaviour
    from engine.limits import Risk as Risk
    from engine.limits import read_limits as read_limits
    from engine.lookahead import CheckReport as CheckReport
    from engine.lookahead import check as check
    from engine.machine import kernel_is_compiled as kernel_is_compiled
    from engine.market_regimes import Regime as Regime
    from engine.market_regimes import regimes as regimes
    from engine.measures import metrics as metrics
    from engine.plan import Costs as Costs
    from engine.plan import Funding as Funding
    from engine.plan import Market as Market
    from engine.plan import Plan as Plan
    from engine.presets import preset as preset
    from engine.presets import preset_ids as preset_ids
    from engine.presets import preset_kind as preset_kind
    from engine.result import Result as Result
    from engine.result import run as run
    from engine.state import State as State
    from engine.state import initial_state as initial_state
    from engine.statistics.report import Report as Report
    from engine.strategy import Strategy as Strategy
    from engine.strategy import Trigger as Trigger
    from engine.strategy import parse_strategy as parse_strategy
    from engine.strategy import warm_up_bars as warm_up_bars
    from engine.sweeps import Outcome as Outcome
    from engine.sweeps import sweep as sweep
    from engine.version import ENGINE_VERSION as ENGINE_VERSION
    from engine.why import Explainer as Explainer
    from engine.why import explain as explain

# Libraries for the processor at hand stand before those for any. (pathlib would cost more than all the rest
# of this import.)
_wide = f"{os.path.dirname(__file__)}/{WIDE}"  # noqa: PTH120
if os.path.isdir(_wide) and is_wide():  # noqa: PTH112
    __path__.insert(0, _wide)

_HOMES = {
    "bars": ("Bars",),
    "columns": ("Coded", "Table", "join"),
    "document_schema": ("strategy_schema",),
    "errors": ("BarsError", "EngineError", "Issue", "PlanError", "StateError", "StrategyError"),
    "explanation": ("Explanation",),
    "fold": ("Output", "finish", "simulate"),
    "limits": ("Behaviour", "Risk", "read_limits"),
    "lookahead": ("CheckReport", "check"),
    "machine": ("kernel_is_compiled",),
    "market_regimes": ("Regime", "regimes"),
    "measures": ("metrics",),
    "plan": ("Costs", "Funding", "Market", "Plan"),
    "presets": ("preset", "preset_ids", "preset_kind"),
    "result": ("Result", "run"),
    "state": ("State", "initial_state"),
    "statistics.report": ("Report",),
    "strategy": ("Strategy", "Trigger", "parse_strategy", "warm_up_bars"),
    "sweeps": ("Outcome", "sweep"),
    "version": ("ENGINE_VERSION",),
    "why": ("Explainer", "explain"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    value = getattr(import_module(f"engine.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
