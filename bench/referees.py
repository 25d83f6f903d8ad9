"""What vectorbt and backtesting.py make of orders that the engine decided; run by their own interpreter.

    build/peers/bin/python -m bench.referees case.npz answers.npz

`case.npz` holds open, high, low, close (rows × symbols), the orders and `what` is asked for; the answers are
arrays of the same names as in tests/real/test_referees.py. It imports no part of the engine.
"""

import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def main() -> int:
    case = dict(np.load(sys.argv[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = WORK[str(case["what"])](case)
    np.savez(Path(sys.argv[2]), allow_pickle=False, **answers)
    return 0


def _vectorbt(case: Arrays) -> Arrays:
    """Signed amounts at prices, symbols sharing one cash account, in the order of `sequence` in each row."""
    import pandas as pd

    vbt: Any = import_module("vectorbt")
    close = pd.DataFrame(case["close"])
    portfolio = vbt.Portfolio.from_orders(
        close,
        size=case["size"],
        size_type="amount",
        price=case["price"],
        fees=float(case["fee"]),
        init_cash=float(case["cash"]),
        group_by=True,
        cash_sharing=True,
        call_seq=case["sequence"],
        freq="1h",
    )
    orders = portfolio.orders.records
    trades = portfolio.exit_trades.records
    closed = trades[trades["status"] == 1]
    return {
        "order_row": orders["idx"].to_numpy(),
        "order_symbol": orders["col"].to_numpy(),
        "order_size": orders["size"].to_numpy(),
        "order_fee": orders["fees"].to_numpy(),
        "pnl": closed["pnl"].to_numpy(),
        "exit_row": closed["exit_idx"].to_numpy(),
        "symbol": closed["col"].to_numpy(),
        "equity": portfolio.value().to_numpy(),
        "drawdown": np.array(portfolio.max_drawdown()),
    }


def _backtesting(case: Arrays) -> Arrays:
    """Whole units of one symbol bought after a close, with a stop and a target, or sold after one."""
    import pandas as pd

    backtesting: Any = import_module("backtesting")
    strategy: Any = backtesting.Strategy
    columns = ("open", "high", "low", "close")
    frame = pd.DataFrame({name.capitalize(): case[name][:, 0] for name in columns})
    frame.index = pd.date_range("2021-01-01", periods=len(frame), freq="h")
    buy, leave, stop, target = (case[name] for name in ("buy", "leave", "stop", "target"))

    class Orders(strategy):  # type: ignore[misc] # the peer is loaded by name: it is not always there
        def init(self) -> None:
            pass

        def next(self) -> None:
            row = len(self.data) - 1
            if self.position and leave[row]:
                self.position.close()
            elif not self.position and buy[row] > 0:
                levels = {
                    name: float(level[row])
                    for name, level in (("sl", stop), ("tp", target))
                    if level[row] == level[row]
                }
                self.buy(size=int(buy[row]), **levels)

    found = backtesting.Backtest(
        frame, Orders, cash=float(case["cash"]), commission=float(case["fee"]), finalize_trades=False
    ).run()
    trades = found["_trades"]
    return {
        "entry_row": trades["EntryBar"].to_numpy(),
        "exit_row": trades["ExitBar"].to_numpy(),
        "size": trades["Size"].to_numpy(),
        "entry_price": trades["EntryPrice"].to_numpy(),
        "exit_price": trades["ExitPrice"].to_numpy(),
        "pnl": trades["PnL"].to_numpy(),
        "equity": found["_equity_curve"]["Equity"].to_numpy(),
    }


def _indicators(case: Arrays) -> Arrays:
    """Averages, deviations, RSI and ATR as vectorbt computes them (Wilder's n is its span of 2n − 1)."""
    import pandas as pd

    vbt: Any = import_module("vectorbt")
    high, low, close = (pd.Series(case[name][:, 0]) for name in ("high", "low", "close"))
    return {
        "ema": vbt.MA.run(close, 26, ewm=True).ma.to_numpy(),
        "sma": vbt.MA.run(close, 50).ma.to_numpy(),
        "stddev": vbt.MSTD.run(close, 20, ddof=0).mstd.to_numpy(),
        "rsi": vbt.RSI.run(close, 27, ewm=True).rsi.to_numpy(),
        "atr": vbt.ATR.run(high, low, close, 27, ewm=True).atr.to_numpy(),
    }


WORK = {"vectorbt": _vectorbt, "backtesting": _backtesting, "indicators": _indicators}

if __name__ == "__main__":
    raise SystemExit(main())
