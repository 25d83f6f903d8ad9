"""The same work in vectorbt and backtesting.py, in an environment of their own."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine import Bars

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / "build" / "peers"
PEERS = ("vectorbt[rust]==1.2.0", "backtesting==0.6.6")


def installed(package: str) -> bool:
    return find_spec(package) is not None


def interpreter() -> Path:
    """Return the interpreter of `build/peers`, in which the peers are installed at the first call."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "installed"
    wanted = "\n".join(PEERS)
    if not done.exists() or done.read_text() != wanted:
        uv = [sys.executable, "-m", "uv"]
        subprocess.run(
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)], check=True
        )
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *PEERS], check=True)
        done.write_text(wanted)
    return python


def measure_in_own_environment(arguments: list[str]) -> int:
    """Run this bench in the peers' environment and return its exit code."""
    return subprocess.run([str(interpreter()), "-m", "bench", *arguments], cwd=ROOT, check=False).returncode


def vectorbt_cross(bars: Bars, pairs: list[tuple[int, int]]) -> Callable[[], object]:
    """Crosses of exponential averages, filled at the next open; orders, trades, equity and statistics.

    All pairs go through it side by side, which is what it is fastest at.
    """
    import pandas as pd

    vbt: Any = import_module("vectorbt")

    index = pd.to_datetime(bars.timestamp, unit="ms")
    close = pd.Series(bars.close, index=index)
    # Decided at a close, filled at the next open: the signals are given one bar later, with that bar's open.
    opens = pd.Series(bars.open, index=index)

    def work() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fast = vbt.MA.run(close, [a for a, _ in pairs], ewm=True, short_name="fast")
            slow = vbt.MA.run(close, [b for _, b in pairs], ewm=True, short_name="slow")
            entries = fast.ma_crossed_above(slow).vbt.fshift(1)
            exits = fast.ma_crossed_below(slow).vbt.fshift(1)
            portfolio = vbt.Portfolio.from_signals(
                close, entries, exits, price=opens, size=0.95, size_type="percent", fees=0.0001,
                init_cash=10_000.0, freq="1min",
            )  # fmt: skip
            return (
                portfolio.orders.records,
                portfolio.trades.records,
                portfolio.value(),
                portfolio.total_return(),
                portfolio.sharpe_ratio(),
                portfolio.sortino_ratio(),
                portfolio.max_drawdown(),
                portfolio.trades.win_rate(),
                portfolio.trades.profit_factor(),
            )

    return work


def backtesting_cross(bars: Bars) -> Callable[[], object]:
    """The same cross with backtesting.py."""
    import pandas as pd

    backtesting: Any = import_module("backtesting")
    crossover: Any = import_module("backtesting.lib").crossover
    strategy: Any = backtesting.Strategy

    frame = pd.DataFrame(
        {
            "Open": bars.open,
            "High": bars.high,
            "Low": bars.low,
            "Close": bars.close,
            "Volume": bars.volume,
        },
        index=pd.to_datetime(bars.timestamp, unit="ms"),
    )

    def average(values: Any, period: int) -> Any:
        return pd.Series(values).ewm(span=period, adjust=False).mean()

    class Cross(strategy):  # type: ignore[misc] # the peer is loaded by name: it is not always there
        def init(self) -> None:
            self.fast = self.I(average, self.data.Close, 12)
            self.slow = self.I(average, self.data.Close, 26)

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.buy(size=0.95)
            elif crossover(self.slow, self.fast):
                self.position.close()

    def work() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return backtesting.Backtest(frame, Cross, cash=1e9, commission=0.0001, finalize_trades=True).run()

    return work
