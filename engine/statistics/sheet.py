"""Metrics as they are found: a value, or None with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.statistics.numbers import grown_pct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEYOND = "beyond the largest number"


class Sheet:
    """Collects metrics by name. What is None, NaN or infinite becomes None, and `undefined` says why."""

    def __init__(
        self, metrics: Mapping[str, Any] | None = None, undefined: Mapping[str, str] | None = None
    ) -> None:
        """Begin with these, as another sheet had them."""
        self.metrics: dict[str, Any] = dict(metrics or {})
        self.undefined: dict[str, str] = dict(undefined or {})

    def put(self, name: str, value: float | str | None, reason: str = "") -> None:
        """Write a metric; `reason` is why it is None where it is."""
        if isinstance(value, float) and not math.isfinite(value):
            value, reason = None, BEYOND
        self.metrics[name] = value
        if value is None:
            self.undefined[name] = reason

    def percent(self, name: str, value: float | None, reason: str = "") -> None:
        """Write a fraction as a percentage."""
        self.put(name, None if value is None else 100.0 * value, reason)

    def grown(self, name: str, factor: float | None, exponent: float, reason: str = "") -> None:
        """Write the percentage 100 × (factor^exponent − 1), to 12 digits of the power."""
        self.put(name, None if factor is None else grown_pct(factor, exponent), reason)


class Missing:
    """The runs in which something is undefined, and why."""

    def __init__(self, where: NDArray[np.bool_], reason: str) -> None:
        self.rows: list[int] = where.nonzero()[0].tolist()
        self.reason = reason


class Sheets:
    """The sheets of several runs, column by column: what each column costs is shared between them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._columns: dict[str, list[Any]] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self.undefined: list[dict[str, str]] = [{} for _ in range(count)]

    def same(self, name: str, value: Any) -> None:
        """Write what is the same in all."""
        self._columns[name] = [value] * self.count

    def each(self, name: str, values: list[Any]) -> None:
        """Write one value for each run, as it is."""
        self._columns[name] = values

    def put(self, name: str, values: NDArray[Any], *missing: Missing) -> None:
        """Write one number for each run; of several reasons why it is None the first counts."""
        column = self._columns[name] = values.tolist()
        if values.dtype.kind == "f":
            self._numbers[name] = values
        for found in missing:
            for row in found.rows:
                column[row] = None
                self.undefined[row].setdefault(name, found.reason)

    def percent(self, name: str, values: NDArray[Any], *missing: Missing) -> None:
        """Write fractions as percentages."""
        self.put(name, 100.0 * values, *missing)

    def column(self, name: str) -> list[Any]:
        return self._columns[name]

    def rows(self) -> list[dict[str, Any]]:
        """Return the metrics of each run."""
        import numpy as np

        if not np.isfinite(np.array(list(self._numbers.values()))).all():
            self._leave_out_infinities()
        names = tuple(self._columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*self._columns.values(), strict=True)]

    def _leave_out_infinities(self) -> None:
        for name in self._numbers:
            column = self._columns[name]
            for row, value in enumerate(column):
                if value is not None and not math.isfinite(value):
                    column[row] = None
                    self.undefined[row][name] = BEYOND
