"""The candles of one market, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bars:
    """Columns of equal length, sorted by `timestamp` (the bar's open, UTC epoch ms), one row a bar.

    Prices are in quote currency, `volume` in the base asset. Missing bars are missing rows. Arrays may
    be read-only (Arrow's are); anything that numpy can view as int64 and float64 is taken.
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

        for name in ("timestamp", "open", "high", "low", "close", "volume"):
            kind = np.int64 if name == "timestamp" else np.float64
            column = np.ascontiguousarray(getattr(self, name), dtype=kind)
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
        """Take a DataFrame: OHLCV columns, and a `timestamp` column (epoch ms or dates) or a date index."""
        import numpy as np

        times = frame["timestamp"] if "timestamp" in frame.columns else frame.index
        zone = getattr(times, "dt", times)
        stamps = (times if getattr(zone, "tz", None) is None else zone.tz_convert(None)).to_numpy()
        if stamps.dtype.kind == "M":
            stamps = stamps.astype("datetime64[ms]").astype(np.int64)
        columns = (frame[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
        return cls(stamps, *columns)

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
