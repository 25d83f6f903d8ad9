"""Evaluates expressions over bars with the engine's evaluation alone, in any pieces, compiled or not."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Bars, evaluation
from engine import instructions as I  # noqa: N812
from engine import layout as L  # noqa: N812
from engine.expression import parse_expression
from engine.graph import Graph
from engine.program import Program, compile_columns
from tests.engine.market import MINUTE

Column = NDArray[np.float64]


@lru_cache(maxsize=1)
def uncompiled() -> ModuleType:
    """The source of engine.evaluation as plain Python."""
    path = Path(__file__).parents[2] / "engine" / "evaluation.py"
    specification = importlib.util.spec_from_file_location("engine.evaluation_uncompiled", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@dataclass(frozen=True, eq=False)
class Evaluated:
    columns: Mapping[str, Column]
    bits: NDArray[np.uint64]
    board: NDArray[np.float64]
    """slots × bars"""
    carried: NDArray[np.float64]


def evaluate(
    program: Program,
    bars: Bars,
    *,
    step_ms: int = MINUTE,
    cuts: Sequence[int] = (),
    first: int = 0,
    module: ModuleType = evaluation,
) -> Evaluated:
    """Run the program over all bars, in pieces that end before the bars at `cuts`.

    Each piece is a segment of its own: what lies between them goes through the carried values alone.
    """
    compiled = module.COMPILED

    def read(array: NDArray[Any]) -> Any:
        return array if compiled else array.tolist()

    count = len(bars)
    code = read(np.array(program.code, dtype=np.int64))
    params = read(np.array(program.params, dtype=np.float64))
    registers = np.full(max(1, program.registers) * L.PIECE, np.nan)
    for register, value in program.constants:
        registers[register * L.PIECE : (register + 1) * L.PIECE] = value
    scratch = read(registers)
    carried = read(np.array(program.carry, dtype=np.float64))
    pieces = [(a, b) for a, b in pairwise((0, *sorted({c for c in cuts if c < count}), count)) if a < b]
    columns: list[NDArray[np.float64]] = []
    bits: list[Any] = []
    boards: list[NDArray[np.float64]] = []
    for begin, end in pieces:
        size = end - begin
        inside = max(0, first - begin)
        column = read(np.full(len(program.columns) * max(0, size - inside), np.nan))
        stride = -(-size // L.LANE) * L.LANE
        found = read(np.zeros(max(1, program.all_rules * stride // L.LANE), dtype=np.uint64))
        board = read(np.zeros(max(1, program.board * stride)))
        names = ("timestamp", "open", "high", "low", "close", "volume")
        given = tuple(read(getattr(bars, name)[begin:end].copy()) for name in names)
        rows = len(program.code) // I.CODE_WIDTH
        part = module.Evaluator(
            (code, params, rows), given, column, min(inside, size), carried, step_ms, scratch
        )
        part.write_to(found, board)
        for done in range(0, size, L.BLOCK):
            part.evaluate(done, min(L.BLOCK, size - done), done // L.LANE, done, stride)
        columns.append(
            np.array(column, dtype=np.float64).reshape(len(program.columns), max(0, size - inside))
        )
        bits.append(_words(np.array(found, dtype=np.uint64), program.all_rules, size))
        boards.append(
            np.array(board, dtype=np.float64)[: program.board * stride].reshape(program.board, stride)[
                :, :size
            ]
        )
    whole = np.concatenate(columns, axis=1)
    return Evaluated(
        dict(zip(program.columns, whole, strict=True)),
        np.concatenate(bits),
        np.concatenate(boards, axis=1),
        np.array(carried, dtype=np.float64),
    )


def _words(lanes: NDArray[np.uint64], rules: int, rows: int) -> NDArray[np.uint64]:
    """The truths of all rules at each row, one bit a rule."""
    words = np.zeros(rows, dtype=np.uint64)
    if rules:
        octets = lanes.reshape(rules, -1).astype("<u8").view(np.uint8)
        for rule, truths in enumerate(np.unpackbits(octets, axis=1, bitorder="little")):
            words |= truths[:rows].astype(np.uint64) << np.uint64(rule)
    return words


def program_of(
    expressions: Mapping[str, str], parameters: Mapping[str, float | int | bool] | None = None
) -> Program:
    """A program of columns; each expression may use those before it by name."""
    graph = Graph()
    nodes: dict[str, int] = {}
    for name, text in expressions.items():
        nodes[name] = parse_expression(text, graph, parameters or {}, nodes)
    return compile_columns(graph, nodes)


def column(expression: str, bars: Bars, **how: Any) -> Column:
    """One expression's value at each bar."""
    return evaluate(program_of({"wanted": expression}), bars, **how).columns["wanted"]
