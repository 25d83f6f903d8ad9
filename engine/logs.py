"""The kernel's logs, read column by column; a column is put together when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.columns import Coded
from engine.plan_arrays import program_of

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
        self._rows: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._ints)) if self._rows is None else int(self._rows.sum())

    def where(self, rows: NDArray[np.bool_]) -> Log:
        """The same log with only the rows that are true."""
        import copy

        found = copy.copy(self)
        found.__dict__.pop("_codes", None)
        found._rows = rows
        return found

    def number(self, column: int) -> NDArray[np.float64]:
        """A column of floats."""
        return self._column(self._floats, column)

    def whole(self, column: int) -> NDArray[np.int64]:
        """A column of ints."""
        return self._column(self._ints, column)

    def extra_number(self, column: int, missing: float) -> NDArray[np.float64]:
        """A column of what rich runs add to their fills; `missing` in every row of other runs."""
        import numpy as np

        if sum(map(len, self._extras)) == 0:
            return np.full(len(self), missing)
        return self._column(self._extras, column)

    def code(self, part: int) -> NDArray[np.int64]:
        """One part of the packed codes; -1 where there is none."""
        found: NDArray[np.int64] = ((self._codes >> part) & ((1 << L.CODE_BITS[part]) - 1)) - 1
        return found

    def coded(self, part: int, names: tuple[str, ...]) -> Coded:
        """One part of the packed codes as texts."""
        return self.text(self.code(part), names)

    @staticmethod
    def text(codes: Any, names: tuple[str, ...]) -> Coded:
        return Coded(codes.astype("int32"), names)

    def same(self, code: int, names: tuple[str, ...]) -> Coded:
        """The same text in every row."""
        import numpy as np

        return Coded(np.full(len(self), code, dtype=np.int32), names)

    def unknown(self) -> NDArray[np.float64]:
        """Null in every row: one value seen often, a view without memory of its own."""
        import numpy as np

        return np.broadcast_to(np.array(np.nan), (len(self),))

    def trigger(self, part: int) -> Coded:
        """Ids of the triggers that rules belong to; null for no rule."""
        names = tuple(trigger.id for trigger in self._plan.strategy.triggers)
        return Coded(self._trigger_codes(part), names)

    def category(self, part: int) -> Coded:
        """Categories of the triggers that rules belong to."""
        import numpy as np

        triggers = self._plan.strategy.triggers
        kinds = tuple(dict.fromkeys(trigger.category for trigger in triggers))
        of_trigger = np.array([*(kinds.index(trigger.category) for trigger in triggers), -1], dtype=np.int32)
        return Coded(of_trigger[self._trigger_codes(part)], kinds)

    def correlation(self, column: int) -> list[str | None]:
        """`d7` for what belongs to decision 7, from the rule that fired to its fill or block."""
        return [f"d{n}" if n >= 0 else None for n in self.whole(column).tolist()]

    @cached_property
    def _codes(self) -> NDArray[np.int64]:
        return self.whole(FIRST_COLUMN)

    def _trigger_codes(self, part: int) -> NDArray[np.int32]:
        import numpy as np

        rules = program_of(self._plan).rules
        found: NDArray[np.int32] = np.array([*(r.trigger for r in rules), -1], dtype=np.int32)[
            self.code(part)
        ]
        return found

    def _column(self, parts: tuple[NDArray[Any], ...], column: int) -> NDArray[Any]:
        import numpy as np

        # One piece is read where it lies: a view, which most readers go through once.
        found = (
            parts[0][:, column] if len(parts) == 1 else np.concatenate([part[:, column] for part in parts])
        )
        return found if self._rows is None else found[self._rows]


def lazily(make: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """A column that is made when it is first read."""
    return lambda: make(*arguments)
