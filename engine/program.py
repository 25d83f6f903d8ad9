"""What a strategy's document becomes for the kernel: instructions, rules, board slots, indicator columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine.altered import altered
from engine.assembly import Assembly
from engine.expression import parse_expression
from engine.functions import PLAYBACK
from engine.graph import Graph
from engine.position_rules import StateRows, split
from engine.strategy import Level, Strategy


@dataclass(frozen=True)
class Rule:
    """One entry, exit or hold rule; its place among the program's rules is its bit."""

    trigger: int
    """Its place in the strategy's triggers."""
    kind: str
    """entry, exit or hold"""

    @property
    def is_exit(self) -> bool:
        return self.kind == "exit"


@dataclass(frozen=True, eq=False)
class Program:
    """Instructions (rows of instructions.CODE_WIDTH), two parameters each, and what is carried."""

    code: tuple[int, ...]
    params: tuple[float, ...]
    registers: int
    constants: tuple[tuple[int, float], ...]
    """Registers that hold one value for ever."""
    carry: tuple[float, ...]
    """The carried values of one market before its first bar."""
    rules: tuple[Rule, ...]
    """Entries, exits, holds; each in document order."""
    entries: int
    exits: int
    board: int
    """Slots: values at each bar that the fold reads."""
    state_code: tuple[int, ...]
    """Rows of instructions.STATE_WIDTH: what depends on the position."""
    state_params: tuple[float, ...]
    """One for each of these rows."""
    state_ranges: tuple[int, ...]
    """For each rule its first row and their number; 0, 0 where its bit says all. The result is in scalar
    register 0, and only meaningful where the rule's bit is set."""
    trigger_slots: tuple[tuple[int, int, int, int], ...]
    """For each trigger the board slots of order price, stop, target and trailing; −1 where there is none."""
    atr_slot: int
    """ATR(14), −1 where nothing needs it."""
    volatility_slot: int
    """The volatility a bar that sizes positions, −1 where nothing needs it."""
    columns: tuple[str, ...]
    """Indicator columns in the order in which the evaluation writes them."""
    all_rules: int = 0
    """Rules that are evaluated: those of all combinations that are evaluated together."""


@lru_cache(maxsize=256)
def compile_program(strategy: Strategy, with_columns: bool, needs_atr: bool = False) -> Program:
    """Compile what the rules need and, `with_columns`, the playback's and the document's indicators.

    `needs_atr` is true where a limit needs a distance for entries that have no stop.
    """
    graph = strategy.graph.extended()
    rows = StateRows(graph)
    own = _Own(strategy, needs_atr, rows)
    columns: dict[str, int] = {}
    if with_columns:
        columns = {name: parse_expression(text, graph, {}, {}) for name, text in PLAYBACK.items()}
        # What depends on the position is not a line of the market: it is in the run's own tables.
        columns |= {name: node for name, node in strategy.indicator_nodes.items() if not graph.is_state(node)}
    return own.program(_program(graph, own.gates, columns, rows))


def compile_together(
    given: Sequence[tuple[Strategy, bool, Sequence[int] | None]],
) -> tuple[list[Program], list[int]]:
    """Compile what shares one graph: the same instructions for all, with each one's own rules.

    Of each there is its strategy, whether it needs ATR(14) (see `compile_program`), and the nodes of its
    rules where these alone differ from the strategy's and look at no position. What several of them need is
    computed once. Return the program of each, the same for those of one strategy, and which of all rules is
    its first.
    """
    rows = StateRows(given[0][0].graph.extended())
    owned: dict[int, _Own] = {}
    firsts: list[int] = []
    gates: list[int] = []
    for strategy, needs_atr, rules in given:
        own = owned.get(id(strategy))
        if own is None:
            own = owned[id(strategy)] = _Own(strategy, needs_atr, rows)
        firsts.append(len(gates))
        gates += own.gates if rules is None else rules
    shared = _program(rows.graph, gates, {}, rows)
    programs = {strategy: own.program(shared) for strategy, own in owned.items()}
    return [programs[id(strategy)] for strategy, _, _ in given], firsts


class _Own:
    """What of a program belongs to one strategy alone."""

    def __init__(self, strategy: Strategy, needs_atr: bool, rows: StateRows) -> None:
        graph = rows.graph
        self.gates: list[int] = []
        ranges: list[int] = []
        self._rules, nodes = rules_of(strategy)
        for node in nodes:
            gate, rest = split(graph, node)
            self.gates.append(gate)
            ranges += rows.write(rest) if rest else (0, 0)
        self._ranges = tuple(ranges)
        self._slots = tuple(
            (
                -1 if trigger.order.node is None else rows.slot(trigger.order.node),
                _level_slot(rows, trigger.stop),
                _level_slot(rows, trigger.target),
                _level_slot(rows, trigger.trailing),
            )
            for trigger in strategy.triggers
        )
        needs_atr = needs_atr or strategy.sizing.mode == "risk"
        self._atr = rows.slot(parse_expression("atr(14)", graph, {}, {})) if needs_atr else -1
        self._volatility = -1 if strategy.sizing.node is None else rows.slot(strategy.sizing.node)

    def program(self, shared: Program) -> Program:
        return altered(
            shared,
            rules=self._rules,
            entries=sum(rule.kind == "entry" for rule in self._rules),
            exits=sum(rule.kind == "exit" for rule in self._rules),
            state_ranges=self._ranges,
            trigger_slots=self._slots,
            atr_slot=self._atr,
            volatility_slot=self._volatility,
        )


def compile_columns(graph: Graph, columns: Mapping[str, int]) -> Program:
    """Compile nodes that do not depend on the position to columns alone, without rules."""
    return _program(graph, [], columns, StateRows(graph))


def _program(graph: Graph, gates: Sequence[int], columns: Mapping[str, int], rows: StateRows) -> Program:
    rules = [(I.OP_RULE, node, number) for number, node in enumerate(gates)]
    boards = [(I.OP_BOARD, node, slot) for node, slot in rows.slots.items()]
    drawn = [(I.OP_COLUMN, node, number) for number, node in enumerate(columns.values())]
    assembly = Assembly(graph, rules + boards + drawn)
    return Program(
        code=tuple(assembly.code),
        params=tuple(assembly.params),
        registers=assembly.registers,
        constants=tuple(assembly.constants),
        carry=tuple(assembly.carry),
        rules=(),
        entries=0,
        exits=0,
        board=len(rows.slots),
        state_code=tuple(rows.code),
        state_params=tuple(rows.params),
        state_ranges=(),
        trigger_slots=(),
        atr_slot=-1,
        volatility_slot=-1,
        columns=tuple(columns),
        all_rules=len(gates),
    )


def rules_of(strategy: Strategy) -> tuple[tuple[Rule, ...], list[int]]:
    """Rules in the order of their bits, and the node of each."""
    rules: list[Rule] = []
    nodes: list[int] = []
    for kind in ("entry", "exit", "hold"):
        for number, trigger in enumerate(strategy.triggers):
            node = {"entry": trigger.entry_node, "exit": trigger.exit_node, "hold": trigger.hold_node}[kind]
            if node is not None:
                rules.append(Rule(number, kind))
                nodes.append(node)
    return tuple(rules), nodes


def _level_slot(rows: StateRows, level: Level | None) -> int:
    return -1 if level is None or level.node is None else rows.slot(level.node)
