"""A strategy's graph as the kernel's instruction list, with registers reused as soon as they are free."""

from dataclasses import dataclass
from functools import lru_cache

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.expression import parse_expression
from engine.functions import PLAYBACK
from engine.graph import MISSING, Node
from engine.names import EXIT_PRIORITY, OTHER_EXIT_PRIORITY
from engine.strategy import Strategy

_OPS = {
    "neg": L.OP_NEG, "abs": L.OP_ABS, "add": L.OP_ADD, "sub": L.OP_SUB, "mul": L.OP_MUL, "div": L.OP_DIV,
    "min": L.OP_MIN, "max": L.OP_MAX, "lt": L.OP_LT, "le": L.OP_LE, "gt": L.OP_GT, "ge": L.OP_GE,
    "eq": L.OP_EQ, "ne": L.OP_NE, "and": L.OP_AND, "or": L.OP_OR, "not": L.OP_NOT, "shift": L.OP_SHIFT,
    "cross_above": L.OP_CROSS_ABOVE, "cross_below": L.OP_CROSS_BELOW, "sma": L.OP_SMA, "ema": L.OP_EMA,
    "wma": L.OP_WMA, "stddev": L.OP_STDDEV, "highest": L.OP_HIGHEST, "lowest": L.OP_LOWEST,
    "field": L.OP_FIELD,
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One entry or exit rule, in the order in which decisions prefer them: its place is its bit."""

    trigger: int
    is_exit: bool


@dataclass(frozen=True, eq=False)
class Program:
    """Instructions (rows of layout.CODE_WIDTH), two parameters each, and what is carried between blocks."""

    code: tuple[int, ...]
    params: tuple[float, ...]
    registers: int
    constants: tuple[tuple[int, float], ...]
    """Registers that hold one value for ever."""
    carry: tuple[float, ...]
    """The carried values of one market before its first bar."""
    rules: tuple[Rule, ...]
    entries: int
    columns: tuple[str, ...]
    """Indicator columns in the order in which the kernel writes them."""


@lru_cache(maxsize=256)
def compile_program(strategy: Strategy, with_columns: bool) -> Program:
    """Compile what the rules need and, `with_columns`, the playback's and the document's indicators."""
    rules = _rules(strategy)
    graph, columns = strategy.graph, dict[str, int]()
    if with_columns:
        graph = strategy.graph.extended()
        columns = {name: parse_expression(text, graph, {}, {}) for name, text in PLAYBACK.items()}
        columns.update(strategy.indicator_nodes)
    nodes = graph.nodes
    triggers = strategy.triggers
    outputs: list[tuple[int, int, int]] = []
    for bit, rule in enumerate(rules):
        trigger = triggers[rule.trigger]
        node = trigger.exit_node if rule.is_exit else trigger.entry_node
        if node is None:
            raise AssertionError("a rule without an expression")
        outputs.append((L.OP_RULE, node, bit))
    outputs += [(L.OP_COLUMN, node, number) for number, node in enumerate(columns.values())]
    schedule = _schedule(nodes, {node for _, node, _ in outputs})
    writer = _Writer(nodes, schedule, outputs)
    writer.write()
    return Program(
        tuple(writer.code),
        tuple(writer.params),
        writer.registers,
        tuple(writer.constants),
        tuple(writer.carry),
        rules,
        sum(not rule.is_exit for rule in rules),
        tuple(columns),
    )


def _rules(strategy: Strategy) -> tuple[Rule, ...]:
    """Entries in document order, then exits by their category's priority and document order."""
    entries = [Rule(n, False) for n, t in enumerate(strategy.triggers) if t.entry_node is not None]
    exits = [Rule(n, True) for n, t in enumerate(strategy.triggers) if t.exit_node is not None]
    exits.sort(
        key=lambda rule: EXIT_PRIORITY.get(strategy.triggers[rule.trigger].category, OTHER_EXIT_PRIORITY)
    )
    return (*entries, *exits)


def _schedule(nodes: list[Node], wanted: set[int]) -> list[tuple[int, ...]]:
    """Order the needed nodes; recursive averages that do not wait for each other go in pairs.

    Inputs always come before their users in the graph, so the order of the graph is a schedule. An
    average is held back until a second one turns up or something needs it.
    """
    needed = set(wanted)
    for node in range(len(nodes) - 1, -1, -1):
        if node in needed:
            needed.update(nodes[node].inputs)
    schedule: list[tuple[int, ...]] = []
    held: int | None = None
    for node in sorted(needed):
        if held is not None and held in nodes[node].inputs:
            schedule.append((held,))
            held = None
        if nodes[node].op == "ema":
            if held is None:
                held = node
            else:
                schedule.append((held, node))
                held = None
        else:
            schedule.append((node,))
    if held is not None:
        schedule.append((held,))
    return schedule


class _Writer:
    def __init__(
        self, nodes: list[Node], schedule: list[tuple[int, ...]], outputs: list[tuple[int, int, int]]
    ) -> None:
        self.code: list[int] = []
        self.params: list[float] = []
        self.constants: list[tuple[int, float]] = []
        self.carry: list[float] = []
        self.registers = 0
        self._nodes = nodes
        self._schedule = schedule
        self._outputs = outputs
        self._free: list[int] = []
        self._place: dict[int, int] = {}
        self._users: dict[int, int] = {}

    def write(self) -> None:
        by_node: dict[int, list[tuple[int, int]]] = {}
        for op, node, number in self._outputs:
            by_node.setdefault(node, []).append((op, number))
        for step in self._schedule:
            for node in step:
                for source in self._nodes[node].inputs:
                    self._users[source] = self._users.get(source, 0) + 1
        for step in self._schedule:
            self._write(step)
            for node in step:
                for op, number in by_node.get(node, ()):
                    self._emit(op, 0, self._place[node], 0, number, 0)
            for node in step:
                self._release(node, by_node)

    def _write(self, step: tuple[int, ...]) -> None:
        first = self._nodes[step[0]]
        if first.op in ("constant", "true"):
            # Never released: the register is filled once, when the run begins.
            self._place[step[0]] = self._new_register()
            self.constants.append((self._place[step[0]], first.value))
            return
        # Targets are taken before operands are given back: no instruction writes where it still reads.
        targets = [self._take_register() for _ in step]
        for node, target in zip(step, targets, strict=True):
            self._place[node] = target
        if len(step) == 2:
            second = self._nodes[step[1]]
            self._emit(
                L.OP_EMA_PAIR,
                targets[0],
                self._place[first.inputs[0]],
                second.period,
                first.period,
                self._carried(first),
                (first.value, second.value),
                (targets[1], self._place[second.inputs[0]], self._carried(second)),
            )
            return
        operands = [self._place[node] for node in first.inputs]
        self._emit(
            _OPS[first.op],
            targets[0],
            operands[0] if operands else 0,
            operands[1] if len(operands) > 1 else 0,
            first.period,
            self._carried(first),
            (first.value, 0.0),
        )

    def _emit(
        self,
        op: int,
        to: int,
        a: int,
        b: int,
        period: int,
        state: int,
        params: tuple[float, float] = (0.0, 0.0),
        second: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        self.code += (op, to, a, b, period, state, *second)
        self.params += params

    def _carried(self, node: Node) -> int:
        """Reserve the node's carried values and return where they begin."""
        at = len(self.carry)
        if node.op == "shift":
            self.carry += [node.value] * node.period
        elif node.op in ("cross_above", "cross_below"):
            self.carry += [MISSING, MISSING]
        elif node.op == "ema":
            self.carry += [0.0] * L.EMA_SIZE
        elif node.op in ("sma", "wma", "stddev"):
            self.carry += [0.0] * (L.ROLL_HEAD + node.period)
        elif node.op in ("highest", "lowest"):
            self.carry += [0.0] * (L.DEQUE_TOP + 2 * node.period)
        return at

    def _release(self, node: int, outputs: dict[int, list[tuple[int, int]]]) -> None:
        for source in self._nodes[node].inputs:
            self._users[source] -= 1
            if self._users[source] == 0 and self._nodes[source].op not in ("constant", "true"):
                self._free.append(self._place[source])
        if (
            self._users.get(node, 0) == 0
            and node in outputs
            and self._nodes[node].op not in ("constant", "true")
        ):
            self._free.append(self._place[node])

    def _take_register(self) -> int:
        return self._free.pop() if self._free else self._new_register()

    def _new_register(self) -> int:
        self.registers += 1
        return self.registers - 1
