"""The candles of one market, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, eq=False)
class Bars:
    """Columns of equal length, sorted by `timestamp` (the bar's open, UTC epoch ms), one row a bar.

    Prices are in quote currency, `volume` in the base asset. Missing bars are missing rows. Arrays may
    be read-only (Arrow's are); anything that numpy can view as int64 and float64 is taken. Raise BarsError.
    """

    timestamp: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        import numpy as np

        from engine.errors import BarsError

        for name in COLUMNS:
            kind = np.int64 if name == "timestamp" else np.float64
            given = np.asarray(getattr(self, name))
            if name == "timestamp" and given.dtype.kind == "f" and not np.isfinite(given).all():
                raise BarsError("column 'timestamp' has a time that is missing; drop that row")
            try:
                column = np.ascontiguousarray(given, dtype=kind)
            except (TypeError, ValueError) as error:
                form = "epoch ms or dates" if name == "timestamp" else "numbers"
                raise BarsError(f"column '{name}' must hold {form}: {error}") from None
            if column.ndim != 1 or len(column) != len(self.timestamp):
                raise BarsError(f"column '{name}' must have one value for each of {len(self.timestamp)} bars")
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.timestamp)

    @property
    def columns(self) -> tuple[Any, ...]:
        """timestamp, open, high, low, close, volume"""
        return self.timestamp, self.open, self.high, self.low, self.close, self.volume

    @classmethod
    def from_frame(cls, frame: Any) -> Bars:  # a pandas DataFrame, which is not imported for its type
        """Take a DataFrame: OHLCV columns, and a `timestamp` column (epoch ms or dates) or a date index.

        Raise BarsError.
        """
        import numpy as np

        from engine.errors import BarsError

        if not hasattr(frame, "columns"):
            raise BarsError(f"bars are Bars or a DataFrame, not {type(frame).__name__}")
        missing = [name for name in COLUMNS[1:] if name not in frame.columns]
        if missing:
            found = ", ".join(map(str, frame.columns))
            raise BarsError(
                f"the frame has no column {', '.join(missing)} (in small letters); it has {found}"
            )
        times = frame["timestamp"] if "timestamp" in frame.columns else frame.index
        zone = getattr(times, "dt", times)
        stamps = (times if getattr(zone, "tz", None) is None else zone.tz_convert(None)).to_numpy()
        if stamps.dtype.kind == "M":
            if np.isnat(stamps).any():
                raise BarsError("column 'timestamp' has a time that is missing; drop that row")
            stamps = stamps.astype("datetime64[ms]").astype(np.int64)
        elif times is frame.index:
            # Row numbers would pass for times of 1970, a millisecond apart.
            raise BarsError(
                "the frame has no column timestamp (epoch ms or dates), and its index has no dates"
            )
        return cls(stamps, *(frame[name].to_numpy() for name in COLUMNS[1:]))

    @classmethod
    def empty(cls) -> Bars:
        import numpy as np

        none = np.empty(0)
        return cls(np.empty(0, dtype=np.int64), none, none, none, none, none)

    def between(self, start_ms: int, end_ms: int) -> Bars:
        """The bars that open in [start_ms, end_ms), as views."""
        first, last = (int(n) for n in self.timestamp.searchsorted([start_ms, end_ms]))
        return self.rows(first, last)

    def rows(self, first: int, last: int) -> Bars:
        """The bars [first, last), as views."""
        part = slice(first, last)
        return Bars(
            self.timestamp[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
        )
