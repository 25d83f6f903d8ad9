"""The kernel's logs, read column by column; a column is put together when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.columns import Coded
from engine.plan_arrays import program_of
from engine.statistics.passes import looked_up, taken_apart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.machine import Segment
    from engine.plan import Plan

FIRST_COLUMN = 0
"""Where logs with codes have them."""
_TOGETHER: dict[int, Mapping[int, int]] = {L.LOG_FILLS: L.CODE_BITS}
"""Parts of codes that are taken apart in one pass: who reads one of a fill's reads the others too."""


class Log:
    """One log of a segment, or only some of its rows."""

    def __init__(self, plan: Plan, segment: Segment, log: int) -> None:
        self._plan, self._log = plan, log
        self._floats = segment.floats[log]
        self._ints = segment.ints[log]
        self._extras = segment.floats[L.LOG_EXTRAS]
        self._codes: dict[int, NDArray[np.int32]] = {}
        # Where only some rows are read, the parts that all have.
        self._of: Callable[[int], NDArray[np.int32]] | None = None

    def __len__(self) -> int:
        return _entries(self._ints)

    def where(self, rows: NDArray[np.bool_]) -> Log:
        """The same log with only the rows that are true."""
        found, chosen = copy(self), places_of(rows)
        found._floats, found._ints = _chosen(self._floats, chosen), _chosen(self._ints, chosen)
        if _entries(self._extras):
            found._extras = _chosen(self._extras, chosen)
        found._codes, found._of = {}, lambda part: self.code(part)[chosen]
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
        if part not in self._codes:
            if self._of is not None:
                self._codes[part] = self._of(part)
            else:
                bits = _TOGETHER.get(self._log) or {part: L.CODE_BITS[part]}
                found = taken_apart(self.whole(FIRST_COLUMN), bits)
                self._codes.update(zip(bits, found, strict=True))
        return self._codes[part]

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

        # As numpy.broadcast_to, which takes ten times as long to look at its arguments.
        found = np.ndarray(len(self), buffer=np.array(value), strides=(0,))
        found.flags.writeable = False
        return found

    def trigger(self, part: int) -> Coded:
        """Ids of the triggers that rules belong to; null for no rule."""
        names = tuple(trigger.id for trigger in self._plan.strategy.triggers)
        rules = program_of(self._plan).rules
        return Coded(self._looked_up(part, [-1, *(r.trigger for r in rules)]), names)

    def category(self, part: int) -> Coded:
        """Categories of the triggers that rules belong to."""
        triggers = self._plan.strategy.triggers
        kinds = tuple(dict.fromkeys(trigger.category for trigger in triggers))
        rules = program_of(self._plan).rules
        return Coded(
            self._looked_up(part, [-1, *(kinds.index(triggers[r.trigger].category) for r in rules)]), kinds
        )

    def correlation(self, column: int) -> list[str | None]:
        """`d7` for what belongs to decision 7, from the rule that fired to its fill or block."""
        return [f"d{n}" if n >= 0 else None for n in self.whole(column).tolist()]

    def _looked_up(self, part: int, values: Sequence[int]) -> NDArray[np.int32]:
        """What stands for each value of one part of the packed codes, the first for none."""
        import numpy as np

        return looked_up(self.code(part), np.array(values, dtype=np.int32))

    def _column(self, parts: tuple[NDArray[Any], ...], column: int) -> NDArray[Any]:
        import numpy as np

        # One piece is read where it lies.
        found: NDArray[Any] = parts[0][column]
        return found if len(parts) == 1 else np.concatenate([part[column] for part in parts])


def _entries(parts: tuple[NDArray[Any], ...]) -> int:
    return sum(part.shape[1] for part in parts)


def places_of(rows: NDArray[np.bool_]) -> slice | NDArray[np.int64]:
    """Where rows are true: a slice where they stand at one distance, like the exits of entries and exits."""
    import numpy as np

    count = int(np.count_nonzero(rows))
    if count > 1:
        first = int(rows.argmax())
        step = 1 + int(rows[first + 1 :].argmax())
        if np.count_nonzero(rows[first::step][:count]) == count:
            return slice(first, first + step * (count - 1) + 1, step)
    return np.flatnonzero(rows)


def _chosen(parts: tuple[NDArray[Any], ...], places: slice | NDArray[np.int64]) -> tuple[NDArray[Any]]:
    """Some rows of a log, a view where they are a slice."""
    import numpy as np

    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    return (whole[:, places] if isinstance(places, slice) else whole.take(places, axis=1),)


def lazily(make: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """A column that is made when it is first read."""
    return lambda: make(*arguments)
