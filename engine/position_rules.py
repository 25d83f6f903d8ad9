"""The parts of rules that depend on the position, as rows that the fold runs at a close.

A rule `close > e and pnl_pct < -2` is true where its gate is (`close > e`, evaluated like any other rule)
and the rest holds, which is a few scalar rows: constants, values of the position, slots of the board
(values at this bar of what does not depend on the position), and operations on them.
"""

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine.graph import Graph


class RuleTooLargeError(Exception):
    """A rule's part that depends on the position needs more values at once than there is room for."""


def split(graph: Graph, rule: int) -> tuple[int, list[int]]:
    """Divide a rule into its gate and the conditions that depend on the position (none for most rules)."""
    if not graph.is_state(rule):
        return rule, []
    gate: int | None = None
    rest: list[int] = []
    waiting = [rule]
    while waiting:
        node = waiting.pop()
        if not graph.is_state(node):
            gate = node if gate is None else graph.binary("and", gate, node)
        elif graph.nodes[node].op == "and":
            waiting += reversed(graph.nodes[node].inputs)
        else:
            rest.append(node)
    return (graph.boolean(True) if gate is None else gate), rest


def check_rule(graph: Graph, rule: int) -> None:
    """Raise RuleTooLargeError when the rule's part that depends on the position needs too many registers."""
    if graph.is_state(rule):
        _, rest = split(graph.extended(), rule)
        StateRows(graph).write(rest)


class StateRows:
    """Rows of instructions.STATE_WIDTH, and the board slots that they read."""

    def __init__(self, graph: Graph) -> None:
        self.code: list[int] = []
        self.params: list[float] = []
        self.slots: dict[int, int] = {}
        """The slot of each node on the board."""
        self.graph = graph

    def slot(self, node: int) -> int:
        """Return the node's slot on the board, a new one if it has none."""
        return self.slots.setdefault(node, len(self.slots))

    def write(self, conditions: list[int]) -> tuple[int, int]:
        """Write the conjunction of the conditions, its result in register 0; return first row and count."""
        first = len(self.params)
        whole = conditions[0]
        for condition in conditions[1:]:
            whole = self.graph.binary("and", whole, condition)
        _Rule(self, self.graph, whole).write()
        return first, len(self.params) - first

    def emit(self, op: int, to: int, a: int = 0, b: int = 0, param: float = 0.0) -> None:
        self.code += (op, to, a, b)
        self.params.append(param)


class _Rule:
    """One rule's rows. Operations used twice keep their register; what is only loaded is loaded again."""

    def __init__(self, rows: StateRows, graph: Graph, rule: int) -> None:
        self._rows = rows
        self._graph = graph
        self._rule = rule
        self._place: dict[int, int] = {}
        self._free = list(range(I.STATE_REGISTERS - 1, -1, -1))
        self._users: dict[int, int] = {}
        for node in self._computed():
            for source in graph.nodes[node].inputs:
                self._users[source] = self._users.get(source, 0) + 1

    def write(self) -> None:
        """Compute in the order of an expression, so that few registers are in use at once."""
        waiting = [(self._rule, False)]
        if not self._is_computed(self._rule):
            self._take(self._rule)  # a value of the position by itself: the first register is 0
        while waiting:
            node, ready = waiting.pop()
            if node in self._place or not self._is_computed(node):
                continue
            at = self._graph.nodes[node]
            if not ready:
                waiting.append((node, True))
                waiting += [(source, False) for source in reversed(at.inputs)]
                continue
            operands = [self._take(source) for source in at.inputs]
            for source, place in zip(at.inputs, operands, strict=True):
                self._give_back(source, place)
            # Nothing else is in use when the last operation writes the result.
            target = 0 if node == self._rule else self._register()
            self._place[node] = target
            self._rows.emit(
                I.STATE_OPERATIONS[at.op], target, operands[0], operands[1] if len(operands) > 1 else 0
            )

    def _computed(self) -> list[int]:
        """The operations on what depends on the position, inputs first."""
        found: set[int] = set()
        waiting = [self._rule]
        while waiting:
            node = waiting.pop()
            if node not in found and self._is_computed(node):
                found.add(node)
                waiting += self._graph.nodes[node].inputs
        return sorted(found)

    def _is_computed(self, node: int) -> bool:
        return self._graph.is_state(node) and self._graph.nodes[node].op != "state"

    def _take(self, node: int) -> int:
        """The register that holds the node's value, loaded now if it is no operation."""
        if node in self._place:
            return self._place[node]
        found = self._graph.nodes[node]
        register = self._register()
        if found.op in ("constant", "true"):
            self._rows.emit(I.S_CONST, register, param=found.value)
        elif found.op == "state":
            self._rows.emit(I.S_STATE, register, found.period)
        else:
            self._rows.emit(I.S_BOARD, register, self._rows.slot(node))
        return register

    def _give_back(self, node: int, register: int) -> None:
        self._users[node] -= 1
        if node not in self._place:
            self._free.append(register)
        elif self._users[node] == 0:
            self._free.append(self._place[node])

    def _register(self) -> int:
        if not self._free:
            raise RuleTooLargeError(
                f"a rule's part that depends on the position needs more than {I.STATE_REGISTERS} values "
                f"at once"
            )
        return self._free.pop()
