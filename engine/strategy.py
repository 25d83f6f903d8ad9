"""Strategy documents: a mapping (from JSON or YAML) to a checked, compiled `Strategy`.

Nothing in a document is ignored: an unknown field is an error that names the nearest known one, and a
field that could have no effect where it stands is an error too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Issue, StrategyError
from engine.fields import MAX_NAME, check_fields, read_text
from engine.graph import Graph, GraphTooLargeError
from engine.levels import Level as Level
from engine.levels import Order as Order
from engine.limits import Behaviour, Risk, read_limits
from engine.named_indicators import read_indicators
from engine.parameters import Value, resolve_parameters
from engine.repeats import Repeats
from engine.rules import Reading, average_true_range
from engine.sizing import Sizing as Sizing
from engine.sizing import read_sizing
from engine.suggest import shorten
from engine.triggers import Trigger as Trigger
from engine.triggers import read_triggers

SCHEMA = 1

FIELDS = (
    "schema", "name", "description", "parameters", "indicators", "triggers", "sizing", "risk", "behaviour",
)  # fmt: skip
_ELSEWHERE = {
    "behavior": "is unknown; did you mean 'behaviour'?",
    "timeframe": "belongs to a trigger, or to the run",
    "timeframes": "belong to triggers, each its own: timeframe: 4h",
    "leverage": "belongs to the run, not to the document",
    "costs": "belong to the run, not to the document",
    "symbols": "belong to the run, or to a trigger",
    "orders": 'are stated by each trigger: order: {limit: "close * 0.99", valid_for: 3}',
}


@dataclass(frozen=True, eq=False)
class Strategy:
    """A valid document with its parameters resolved. Compared by identity: parse once, use often."""

    name: str
    description: str
    raw: Mapping[str, object]
    parameters: Mapping[str, Value]
    indicators: Mapping[str, str]
    triggers: tuple[Trigger, ...]
    sizing: Sizing
    risk: Risk
    behaviour: Behaviour
    graph: Graph
    indicator_nodes: Mapping[str, int]
    like: "Strategy | None" = None
    """One of the same document, and in the same graph, that differs from it in nodes and parameters alone."""


@dataclass(frozen=True)
class Together:
    """What combinations of one document's parameters are parsed into, so that they share their nodes."""

    graph: Graph = field(default_factory=Graph)
    known: Repeats = field(default_factory=Repeats)


def parse_strategy(
    raw: Mapping[str, object],
    parameters: Mapping[str, object] | None = None,
    together: Together | None = None,
) -> Strategy:
    """Check a document and compile its expressions.

    `parameters` override the document's defaults. With `together` the strategy's graph is the one that it
    shares with others, whose nodes count in its limits. Raise StrategyError with every fault found, each
    with its path, and its position where it lies inside an expression.
    """
    issues: list[Issue] = []
    if not isinstance(raw, Mapping):
        raise StrategyError((Issue("", f"a strategy is a mapping of fields, not {shorten(raw)}", None),))
    check_fields(raw, "", FIELDS, issues, _ELSEWHERE)
    if raw.get("schema", SCHEMA) != SCHEMA or isinstance(raw.get("schema"), bool):
        issues.append(Issue("schema", f"must be {SCHEMA}, the version this engine reads", raw.get("schema")))
    name = read_text(raw, "name", "", issues, required=True, limit=MAX_NAME)
    description = read_text(raw, "description", "", issues)
    values = resolve_parameters(raw.get("parameters"), parameters or {}, issues)
    graph, known = (Graph(), None) if together is None else (together.graph, together.known)
    try:
        texts, nodes = read_indicators(raw.get("indicators"), Reading(graph, values, issues, known=known))
        # When a named indicator is broken, every rule that uses it would complain too: report the cause
        # alone.
        reading = Reading(graph, values, issues, nodes, frozenset(texts.keys() - nodes.keys()), known)
        triggers = read_triggers(raw.get("triggers"), reading)
        sizing = read_sizing(raw.get("sizing"), reading)
    except GraphTooLargeError as error:
        # Nothing more is read: every expression that follows would be too much as well.
        raise StrategyError((*issues, Issue("", f"{error}; simplify it", None))) from None
    risk = read_limits("risk", raw.get("risk"), "risk", values, issues)
    behaviour = read_limits("behaviour", raw.get("behaviour"), "behaviour", values, issues)
    if issues:
        raise StrategyError(tuple(issues))
    return Strategy(name, description, raw, values, texts, triggers, sizing, risk, behaviour, graph, nodes)


def warm_up_bars(strategy: Strategy, step_ms: int, *, needs_atr: bool = False) -> int:
    """Return how many bars before the start the rules, levels and named indicators need to be settled.

    Windows need their length; recursive averages need 16 / factor bars, after which less than 1e-7 of
    their first value is left (about 8 × the period of an EMA, 16 × that of Wilder's average).
    `step_ms` is the length of the run's bars, of which higher timeframes need as many as they are longer.
    `needs_atr` says that the run's limits use ATR(14) though the document's do not.
    """
    graph = strategy.graph
    used = list(nodes_read(strategy))
    if needs_atr or strategy.sizing.mode == "risk" or strategy.risk.uses_stop_distance:
        graph = graph.extended()
        used.append(average_true_range(graph, 14))
    return max((graph.warm_up_bars(node, step_ms) for node in used), default=0)


def nodes_read(strategy: Strategy) -> tuple[int, ...]:
    """Every node of the graph that a run of this strategy reads."""
    found: list[int | None] = [strategy.sizing.node, *strategy.indicator_nodes.values()]
    for trigger in strategy.triggers:
        found += (trigger.entry_node, trigger.exit_node, trigger.hold_node, trigger.order.node)
        found += (level.node for level in (trigger.stop, trigger.target, trigger.trailing) if level)
    return tuple(node for node in found if node is not None)
