"""A graph's nodes as rows of instructions, with registers reused as soon as they are free."""

from collections.abc import Mapping

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine.graph import MISSING, Graph, Node

_FIXED = ("constant", "true")
"""Nodes whose register is filled once, when the run begins."""

_RINGS = ("sma", "sum", "wma", "stddev", "variance")


def schedule(graph: Graph, wanted: set[int]) -> list[tuple[int, ...]]:
    """Order the needed nodes; recursive averages that do not wait for each other go in pairs.

    Inputs always come before their users in the graph, so the order of the graph is a schedule. An average
    takes the next one of its timeframe with it whose value is already there.
    """
    order: list[tuple[int, ...]] = []
    done: set[int] = set()
    nodes = graph.needed(wanted)
    averages = [node for node in nodes if graph.nodes[node].op == "ema"]
    for node in nodes:
        if node in done:
            continue
        step: tuple[int, ...] = (node,)
        if graph.nodes[node].op == "ema":
            averages.remove(node)
            ready = (
                other
                for other in averages
                if graph.clock(other) == graph.clock(node) and done.issuperset(graph.nodes[other].inputs)
            )
            other = next(ready, None)
            if other is not None:
                averages.remove(other)
                step = (node, other)
        order.append(step)
        done.update(step)
    return order


def carried(node: Node) -> list[float]:
    """What the node carries before its first bar."""
    if node.op == "shift":
        return [node.value] * node.period
    if node.op in ("cross_above", "cross_below"):
        return [MISSING, MISSING]
    if node.op == "ema":
        return [0.0] * I.EMA_SIZE
    if node.op in _RINGS:
        return [0.0] * (I.ROLL_HEAD + node.period)
    if node.op in ("highest", "lowest"):
        return [0.0] * (I.DEQUE_TOP + 2 * node.period)
    if node.op in ("deviation", "percentile"):
        return [0.0] * (I.RING_HEAD + node.period)
    if node.op == "quantile":
        return [0.0] * (I.RING_HEAD + 2 * node.period)
    if node.op in ("correlation", "covariance"):
        return [0.0] * (I.PAIR_HEAD + 2 * node.period)
    if node.op == "clock":
        return [float(I.CLOCK_NEW), 0.0]
    if node.op == "spread":
        return [node.value]
    if node.op in ("gather", "total"):
        return [0.0]
    if node.op in ("since", "when"):
        return [MISSING]
    if node.op == "session":
        return [MISSING, 0.0, MISSING, MISSING]
    if node.op == "supertrend":
        return [0.0] * I.TREND_SIZE
    if node.op == "psar":
        return [0.0] * I.SAR_SIZE
    return []


class Assembly:
    """Rows of instructions for what `outputs` need: (opcode, node, number) of each rule, column and slot."""

    def __init__(self, graph: Graph, outputs: list[tuple[int, int, int]]) -> None:
        self.code: list[int] = []
        self.params: list[float] = []
        self.constants: list[tuple[int, float]] = []
        self.carry: list[float] = []
        self.registers = 0
        self._graph = graph
        self._nodes = graph.nodes
        self._free: list[int] = []
        self._place: dict[int, int] = {}
        self._counts: dict[int, int] = {}
        self._users: dict[int, int] = {}
        self._outputs: dict[int, list[tuple[int, int]]] = {}
        for op, node, number in outputs:
            self._outputs.setdefault(node, []).append((op, number))
        steps = schedule(graph, set(self._outputs))
        for step in steps:
            for node in step:
                for source in self._nodes[node].inputs:
                    self._users[source] = self._users.get(source, 0) + 1
        crossings = {
            (self._nodes[step[0]].op, self._nodes[step[0]].inputs): step[0]
            for step in steps
            if self._is_rule_alone(step[0])
        }
        alone = set(crossings.values())
        for step in steps:
            if step[0] in alone:
                self._write_crossing_rule(step[0], crossings)
                continue
            self._write(step)
            for node in step:
                for op, number in self._outputs.get(node, ()):
                    self._emit(op, 0, (self._place[node],), number, 0, None)
            for node in step:
                self._release(node)

    def _is_rule_alone(self, node: int) -> bool:
        """Whether a node is a crossing that one rule needs and nothing else."""
        outputs = self._outputs.get(node, [])
        return (
            self._nodes[node].op in I.CROSSING_RULES
            and not self._users.get(node)
            and [op for op, _ in outputs] == [I.OP_RULE]
            and self._graph.clock(node) is None
        )

    def _write_crossing_rule(self, node: int, crossings: Mapping[tuple[str, tuple[int, ...]], int]) -> None:
        """Write a rule that is a crossing, with that of the same values the other way if there is one."""
        if node in self._place:
            return  # it was written with the other
        self._place[node] = -1
        crossing = self._nodes[node]
        operands = tuple(self._place[source] for source in crossing.inputs)
        (number,) = (bit for _, bit in self._outputs[node])
        op, second = I.CROSSING_RULES[crossing.op], 0
        back = "cross_below" if crossing.op == "cross_above" else "cross_above"
        other = crossings.get((back, crossing.inputs))
        if other is not None:
            (second,) = (bit for _, bit in self._outputs[other])
            op = I.OP_RULES_CROSS
            self._place[other] = -1
            if crossing.op == "cross_below":
                number, second = second, number
        self._emit(op, 0, operands, number, self._carried(crossing), None, second=(second, 0))
        for source in crossing.inputs * (2 if op == I.OP_RULES_CROSS else 1):
            self._drop(source)

    def _write(self, step: tuple[int, ...]) -> None:
        first = self._nodes[step[0]]
        if first.op in _FIXED:
            self._place[step[0]] = self._new_register()
            self.constants.append((self._place[step[0]], first.value))
            return
        # Targets are taken before operands are given back: no instruction writes where it still reads.
        targets = [self._take_register() for _ in step]
        for node, target in zip(step, targets, strict=True):
            self._place[node] = target
        clock = self._graph.clock(step[0])
        if len(step) == 2:
            second = self._nodes[step[1]]
            self._emit(
                I.OP_EMA_PAIR,
                targets[0],
                (self._place[first.inputs[0]], second.period, self._place[second.inputs[0]]),
                first.period,
                self._carried(first),
                clock,
                (first.value, second.value),
                (targets[1], self._carried(second)),
            )
            return
        operands = tuple(self._place[node] for node in first.inputs)
        second_target = 0
        if first.op == "clock":
            # It writes what each bar means to the higher bars, and how many this piece has completed.
            second_target = self._counts[step[0]] = self._new_register()
        elif first.op == "spread":
            operands = (operands[0], self._counts[first.inputs[1]])
        elif first.op == "gather":
            clock = None  # it reads the run's bars; those who read it are on the higher ones
        self._emit(
            I.OPERATIONS[first.op],
            targets[0],
            operands,
            first.period,
            self._carried(first),
            clock,
            (first.value, first.second),
            (second_target, 0),
        )

    def _emit(
        self,
        op: int,
        to: int,
        operands: tuple[int, ...],
        period: int,
        state: int,
        clock: int | None,
        params: tuple[float, float] = (0.0, 0.0),
        second: tuple[int, int] = (0, 0),
    ) -> None:
        a, b, a2 = (*operands, 0, 0, 0)[:3]
        context = -1 if clock is None else self._counts[clock]
        self.code += (op, to, a, b, period, state, second[0], a2, second[1], context)
        self.params += params

    def _carried(self, node: Node) -> int:
        """Reserve the node's carried values and return where they begin."""
        at = len(self.carry)
        self.carry += carried(node)
        return at

    def _release(self, node: int) -> None:
        for source in self._nodes[node].inputs:
            self._drop(source)
        if self._users.get(node, 0) == 0:
            self._give_back(node)

    def _drop(self, source: int) -> None:
        """One that needed the node has it."""
        self._users[source] -= 1
        if self._users[source] == 0:
            self._give_back(source)

    def _give_back(self, node: int) -> None:
        # A clock is read by every instruction of its timeframe, also by those that it is no input of.
        if self._nodes[node].op not in (*_FIXED, "clock"):
            self._free.append(self._place[node])

    def _take_register(self) -> int:
        return self._free.pop() if self._free else self._new_register()

    def _new_register(self) -> int:
        self.registers += 1
        return self.registers - 1
