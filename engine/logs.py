"""The kernel's logs, read column by column; a column is put together when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.columns import Coded
from engine.plan_arrays import program_of
from engine.statistics.passes import decoded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.machine import Segment
    from engine.plan import Plan

FIRST_COLUMN = 0
"""Where logs with codes have them."""


class Log:
    """One log of a segment, or only some of its rows."""

    def __init__(self, plan: Plan, segment: Segment, log: int) -> None:
        self._plan = plan
        self._floats = segment.floats[log]
        self._ints = segment.ints[log]
        self._extras = segment.floats[L.LOG_EXTRAS]
        self._codes: dict[int, NDArray[np.int32]] = {}

    def __len__(self) -> int:
        return _entries(self._ints)

    def where(self, rows: NDArray[np.bool_]) -> Log:
        """The same log with only the rows that are true."""
        import copy

        import numpy as np

        found = copy.copy(self)
        found._codes = {}
        numbers: NDArray[np.int64] = np.flatnonzero(rows)
        found._floats, found._ints = _chosen(self._floats, numbers), _chosen(self._ints, numbers)
        if _entries(self._extras):
            found._extras = _chosen(self._extras, numbers)
        return found

    def number(self, column: int) -> NDArray[np.float64]:
        """A column of floats."""
        return self._column(self._floats, column)

    def whole(self, column: int) -> NDArray[np.int64]:
        """A column of ints."""
        return self._column(self._ints, column)

    def extra_number(self, column: int, missing: float) -> NDArray[np.float64]:
        """A column of what rich runs add to their fills; `missing` in every row of other runs."""
        if _entries(self._extras) == 0:
            return self.always(missing)
        return self._column(self._extras, column)

    def code(self, part: int) -> NDArray[np.int32]:
        """One part of the packed codes; -1 where there is none."""
        found = self._codes.get(part)
        if found is None:
            bits = L.CODE_BITS[part]
            found = self._codes[part] = decoded(self.whole(FIRST_COLUMN), part, bits, _as_they_are(bits))
        return found

    def coded(self, part: int, names: tuple[str, ...]) -> Coded:
        """One part of the packed codes as texts."""
        return self.text(self.code(part), names)

    @staticmethod
    def text(codes: Any, names: tuple[str, ...]) -> Coded:
        return Coded(codes.astype("int32", copy=False), names)

    def same(self, code: int, names: tuple[str, ...]) -> Coded:
        """The same text in every row."""
        import numpy as np

        return Coded(np.full(len(self), code, dtype=np.int32), names)

    def unknown(self) -> NDArray[np.float64]:
        """Null in every row."""
        return self.always(float("nan"))

    def always(self, value: float) -> NDArray[np.float64]:
        """The same number in every row: one value seen often, a view without memory of its own."""
        import numpy as np

        return np.broadcast_to(np.array(value), (len(self),))

    def trigger(self, part: int) -> Coded:
        """Ids of the triggers that rules belong to; null for no rule."""
        names = tuple(trigger.id for trigger in self._plan.strategy.triggers)
        rules = program_of(self._plan).rules
        return Coded(self._decoded(part, [-1, *(r.trigger for r in rules)]), names)

    def category(self, part: int) -> Coded:
        """Categories of the triggers that rules belong to."""
        triggers = self._plan.strategy.triggers
        kinds = tuple(dict.fromkeys(trigger.category for trigger in triggers))
        rules = program_of(self._plan).rules
        return Coded(
            self._decoded(part, [-1, *(kinds.index(triggers[r.trigger].category) for r in rules)]), kinds
        )

    def correlation(self, column: int) -> list[str | None]:
        """`d7` for what belongs to decision 7, from the rule that fired to its fill or block."""
        return [f"d{n}" if n >= 0 else None for n in self.whole(column).tolist()]

    def _decoded(self, part: int, values: Sequence[int]) -> NDArray[np.int32]:
        """What stands for each value of one part of the packed codes, the first for none."""
        import numpy as np

        table = np.full(1 << L.CODE_BITS[part], -1, dtype=np.int32)
        table[: len(values)] = values
        return decoded(self.whole(FIRST_COLUMN), part, L.CODE_BITS[part], table)

    def _column(self, parts: tuple[NDArray[Any], ...], column: int) -> NDArray[Any]:
        import numpy as np

        # One piece is read where it lies.
        found: NDArray[Any] = parts[0][column]
        return found if len(parts) == 1 else np.concatenate([part[column] for part in parts])


@lru_cache(maxsize=len(L.CODE_BITS))
def _as_they_are(bits: int) -> NDArray[np.int32]:
    """Codes of so many bits, of which none is written as 0."""
    import numpy as np

    found: NDArray[np.int32] = np.arange(-1, (1 << bits) - 1, dtype=np.int32)
    return found


def _entries(parts: tuple[NDArray[Any], ...]) -> int:
    return sum(part.shape[1] for part in parts)


def _chosen(parts: tuple[NDArray[Any], ...], rows: NDArray[np.int64]) -> tuple[NDArray[Any]]:
    """Some rows of a log: a view where they stand at one distance, like the exits of entries and exits."""
    import numpy as np

    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    if len(rows) > 1:
        first, step = int(rows[0]), int(rows[1] - rows[0])
        if bool((np.diff(rows) == step).all()):
            return (whole[:, first : int(rows[-1]) + 1 : step],)
    return (whole.take(rows, axis=1),)


def lazily(make: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """A column that is made when it is first read."""
    return lambda: make(*arguments)
