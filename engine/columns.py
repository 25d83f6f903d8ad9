"""Columns and tables of a result: arrays, texts of few values, and texts made only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Coded:
    """A text column of few different values: `names[code]` for each row, null where the code is -1."""

    codes: NDArray[np.int32]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[str | None]:
        return [self.names[code] if code >= 0 else None for code in self.codes.tolist()]


Column = Any
"""A numpy array (NaN is null in a nullable float column), a Coded, or a list[str]."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """A column that is made when it is first read, of which some rows can be made alone."""

    make: Callable[[NDArray[np.int64] | None], Column]
    """Makes these rows, or all for None."""

    def __call__(self) -> Column:
        return self.make(None)


class Table(Mapping[str, Column]):
    """Columns by name, all of one length. A column given as a function is made at its first use."""

    def __init__(self, rows: int, columns: Mapping[str, Column | Callable[[], Column]]) -> None:
        self.rows = rows
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> Column:
        column = self._columns[name]
        if callable(column):
            column = self._columns[name] = column()
        return column

    def at(self, name: str, rows: NDArray[np.int64]) -> Column:
        """Return some rows of a column of numbers, without making the others where it can be done."""
        column = self._columns[name]
        return column.make(rows) if isinstance(column, Sampled) else self[name][rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Number of columns; `rows` is the number of rows."""
        return len(self._columns)


def join(tables: list[Table]) -> Table:
    """Put tables of the same columns under each other; empty ones cost nothing."""
    first = tables[0]
    tables = [table for table in tables if table.rows] or [first]
    if len(tables) == 1:
        return tables[0]

    def joined(name: str) -> Callable[[], Column]:
        return lambda: _join_columns([table[name] for table in tables])

    return Table(sum(table.rows for table in tables), {name: joined(name) for name in tables[0]})


def _join_columns(parts: list[Column]) -> Column:
    import numpy as np

    if isinstance(parts[0], Coded):
        return Coded(np.concatenate([part.codes for part in parts]), parts[0].names)
    if isinstance(parts[0], list):
        return [text for part in parts for text in part]
    return np.concatenate(parts)
