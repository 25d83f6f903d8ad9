"""Print the budgets as ratios: `python -m bench`, with the peers `python -m bench --peers`.

Everything is measured in one process, in turns, the fastest of several calls; a ratio holds on whatever
machine. Importing is measured in fresh interpreters.
"""

import argparse
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench import peers, runs
from bench.market import minutes
from bench.measure import best_of, best_of_each, peak_bytes
from engine import ENGINE_VERSION, kernel_is_compiled

ROWS = 2_102_400
SWEEP_ROWS = 35_040
SMALL_ROWS = 50_000


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the engine's budgets.")
    parser.add_argument(
        "--peers", action="store_true", help="with vectorbt and backtesting.py, in build/peers"
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="one-minute bars of the long run")
    parser.add_argument("--times", type=int, default=7, help="calls of which the fastest counts")
    chosen = parser.parse_args(arguments)
    if chosen.peers and not peers.installed("vectorbt"):
        return peers.measure_in_own_environment(
            ["--peers", "--rows", str(chosen.rows), "--times", str(chosen.times)]
        )
    print(f"machine   {_processor()}, Python {platform.python_version()}, numpy {version('numpy')}")
    print(
        f"engine    version {ENGINE_VERSION}, kernel {'compiled' if kernel_is_compiled() else 'UNCOMPILED'}\n"
    )
    print(f"{'what':58} {'time':>11} {'ratio':>9}  budget")
    _long_run(chosen.rows, chosen.times)
    _growth(chosen.rows, chosen.times)
    _source(chosen.times)
    _sweep(chosen.times)
    _imports()
    return 0


def _line(what: str, seconds: float, ratio: float | None = None, budget: str = "") -> None:
    shown = f"{ratio:8.2f}x" if ratio is not None else ""
    print(f"{what:58} {seconds * 1e3:8.2f} ms {shown:>9}  {budget}")


def _long_run(rows: int, times: int) -> None:
    bars = minutes(rows)
    works: dict[str, Callable[[], object]] = {"floor": runs.floor(bars), "engine": runs.ema_cross(bars)}
    if peers.installed("vectorbt"):
        works["vectorbt"] = peers.vectorbt_cross(bars, [(12, 26)])
        works["vectorbt"]()  # compile its functions outside of the measurement
    best = best_of_each(works, times)
    result = runs.ema_cross(bars)()
    fills = result.metrics["total_fills"]
    _line(f"floor: read five columns of {rows:,} bars", best["floor"], 1.0)
    _line(
        f"EMA cross, document to metrics, {fills:,} fills",
        best["engine"],
        best["engine"] / best["floor"],
        "<= 6 x floor",
    )
    expanded = best_of(lambda: runs.equity_table(runs.ema_cross(bars)()), 3) - best["engine"]
    _line("  and the six columns made on demand of its equity table", expanded, expanded / best["floor"])
    payload = best_of(lambda: result.tables["events"]["payload"], 1)
    _line(f"  and the JSON of {result.tables['events'].rows:,} events", payload, payload / best["floor"])
    if "vectorbt" in best:
        _line(
            "vectorbt, the same cross", best["vectorbt"], best["vectorbt"] / best["engine"], ">= 20 x engine"
        )
    inputs = 6 * 8 * rows
    held = peak_bytes(runs.ema_cross(bars))
    print(
        f"{'memory beyond the six input columns':58} {held / 2**20:7.1f} MiB {held / inputs:8.2f}x  "
        "<= 3 x inputs"
    )


def _growth(rows: int, times: int) -> None:
    """Nanoseconds a bar at a quarter, a half and all of the rows: equal when growth is linear."""
    found: list[str] = []
    for part in (4, 2, 1):
        bars = minutes(rows // part)
        found.append(f"{best_of(runs.ema_cross(bars), times) / (rows // part) * 1e9:.1f}")
    print(f"{'nanoseconds a bar at 1/4, 1/2 and all of the rows':58} {' / '.join(found):>21}  linear")


def _source(times: int) -> None:
    bars = minutes(SMALL_ROWS)
    works: dict[str, Callable[[], object]] = {
        "compiled": runs.ema_cross(bars),
        "plain": runs.ema_cross(bars, compiled=False),
    }
    if peers.installed("backtesting"):
        works["backtesting"] = peers.backtesting_cross(bars)
    best = best_of_each(works, max(2, times // 2))
    _line(f"compiled, {SMALL_ROWS:,} bars", best["compiled"], 1.0)
    _line("  the same source uncompiled", best["plain"], best["plain"] / best["compiled"])
    if "backtesting" in best:
        _line("backtesting.py, the same cross", best["backtesting"], best["backtesting"] / best["compiled"])


def _sweep(times: int) -> None:
    bars = minutes(SWEEP_ROWS)
    pairs = [(fast, slow) for fast in range(5, 15) for slow in range(20, 70, 5)]
    works: dict[str, Callable[[], object]] = {"engine": runs.sweep(bars)}
    if peers.installed("vectorbt"):
        works["vectorbt"] = peers.vectorbt_cross(bars, pairs)
        works["vectorbt"]()
    best = best_of_each(works, max(2, times // 2))
    _line(f"100 pairs on {SWEEP_ROWS:,} bars, one after the other", best["engine"], 1.0)
    if "vectorbt" in best:
        _line(
            "vectorbt, all pairs side by side", best["vectorbt"], best["vectorbt"] / best["engine"], ">= 50 x"
        )


def _imports() -> None:
    bare = _import_time("pass")
    for what, program in {
        "import engine": "import engine",
        "  and parse a strategy": "import engine; engine.parse_strategy(engine.preset('ema_cross'))",
        "  and load numpy and the kernel": "import numpy, engine; engine.simulate; import engine.kernel",
        "import numpy alone": "import numpy",
    }.items():
        _line(what, max(0.0, _import_time(program) - bare))


def _import_time(program: str) -> float:
    return best_of(lambda: subprocess.run([sys.executable, "-c", program], check=True), 5)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    raise SystemExit(main())
