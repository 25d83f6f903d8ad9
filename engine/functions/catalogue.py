"""What an entry of the catalogue of functions says, and the nodes that many of them are made of."""

from collections.abc import Callable
from dataclasses import dataclass

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine.graph import Graph
from engine.names import FIELDS


@dataclass(frozen=True)
class Argument:
    name: str
    kind: str
    """series (any number expression), condition, period (whole number of bars), factor (a constant number)
    or share (a constant from 0 to 1)"""
    default: int | float | str | None = None


@dataclass(frozen=True)
class Function:
    name: str
    arguments: tuple[Argument, ...]
    build: Callable[..., int]
    """Called with the graph and one value for each argument: a node for a series or condition, int or float
    else."""
    formula: str
    source: str = ""
    """Where the formula comes from, and how others differ."""
    minimum_period: int = 1
    is_condition: bool = False
    pointwise: bool = False
    """It looks at the present bar alone, so it may take what depends on the position."""

    @property
    def signature(self) -> str:
        parts = [a.name if a.default is None else f"{a.name}={a.default}" for a in self.arguments]
        return f"{self.name}({', '.join(parts)})"

    @property
    def can_stand_alone(self) -> bool:
        """Tell whether its name alone, without brackets, means it with its defaults."""
        return all(argument.default is not None for argument in self.arguments)


SOURCE = Argument("source", "series")
CLOSE = Argument("source", "series", "close")
PERIOD = Argument("period", "period")
CONDITION = Argument("condition", "condition")


UNBOUNDED = "looks back without limit; 500 bars are read for it before the start"


def period(default: int, name: str = "period") -> Argument:
    return Argument(name, "period", default)


def price(graph: Graph, name: str) -> int:
    return graph.field(FIELDS[name])


def time(graph: Graph) -> int:
    """The bar's open time in epoch ms."""
    return graph.field(I.COLUMN_TIME)


def typical(graph: Graph) -> int:
    high, low, close = (price(graph, name) for name in ("high", "low", "close"))
    return graph.binary(
        "div", graph.binary("add", graph.binary("add", high, low), close), graph.constant(3.0)
    )


def scaled(graph: Graph, factor: float, node: int) -> int:
    return graph.binary("mul", graph.constant(factor), node)


def middle(graph: Graph, first: int, second: int) -> int:
    return graph.binary("div", graph.binary("add", first, second), graph.constant(2.0))


def every(graph: Graph, *conditions: int) -> int:
    """All of the conditions."""
    result = conditions[0]
    for condition in conditions[1:]:
        result = graph.binary("and", result, condition)
    return result


def when(graph: Graph, condition: int, node: int) -> int:
    """The number where the condition holds, else 0."""
    return graph.binary("mul", condition, node)
