"""Print the budgets as ratios: `python -m bench`, with the peers `python -m bench --peers`.

Everything is measured in one process, in turns, the fastest of several calls; a ratio holds on whatever
machine. Importing is measured in fresh interpreters, and of its ratios the middle one counts.
"""

import argparse
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import peers, runs
from bench.market import longer, minutes
from bench.measure import best_of, best_of_each, in_turns, peak_bytes
from engine import ENGINE_VERSION, Bars, Funding, kernel_is_compiled, preset, run

ROWS = 2_102_400
SWEEP_ROWS = 35_040
SMALL_ROWS = 50_000
PART_ROWS = 350_400
LINEAR = 1.1
"""Largest exponent that still counts as linear on a machine that others use too."""

THIRD_PARTY = (
    "import sys; own = {'engine', 'functions', 'shared'} | set(sys.stdlib_module_names); "
    "print('import ' + ', '.join(m for m in sys.modules if m.split('.')[0] not in own "
    "and m.isascii() and all(p.isidentifier() for p in m.split('.'))) if any("
    "m.split('.')[0] not in own for m in sys.modules) else 'pass')"
)
"""Prints the statement that imports all that is loaded and is neither Python's own nor Stepfold's."""


FIRST_CALL = {
    "api": "boto3",
    "ingest": "boto3, pyarrow.parquet",
    "plan": "boto3",
    "simulate": "boto3, numpy, pyarrow.parquet",
    "publish": "boto3",
    "settle": "boto3",
    "socket": "boto3",
    "socket_authorizer": "boto3",
    "push": "boto3",
    "ticker": "boto3",
}
"""What each function loads at its first call and must have, though importing its handler does not load it."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the engine's budgets.")
    parser.add_argument(
        "--peers", action="store_true", help="with vectorbt and backtesting.py, in build/peers"
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="one-minute bars of the long run")
    parser.add_argument("--times", type=int, default=15, help="calls of which the fastest counts")
    parser.add_argument("--imports", action="store_true", help="only what importing takes, handlers too")
    chosen = parser.parse_args(arguments)
    if chosen.imports:
        _imports()
        return 0
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
    _source(chosen.times)
    _documents(chosen.times)
    _sweep(chosen.times)
    _growth(chosen.rows, chosen.times)
    return 0


def _line(
    what: str,
    seconds: float,
    ratio: float | None = None,
    *,
    most: float | None = None,
    least: float | None = None,
    of: str = "",
) -> None:
    """A row of the table: time, ratio, and whether the ratio is inside its budget."""
    shown = f"{ratio:8.2f}x" if ratio is not None else ""
    budget = of
    if ratio is not None and (most is not None or least is not None):
        met = ratio <= most if most is not None else ratio >= (least or 0.0)
        sign, bound = ("<=", most) if most is not None else (">=", least)
        budget = f"{'pass' if met else 'MISS'}  {sign} {bound:g} x {of}"
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
        most=6,
        of="floor",
    )
    expanded = best_of(lambda: runs.equity_table(runs.ema_cross(bars)()), 3) - best["engine"]
    _line("  and the six columns made on demand of its equity table", expanded, expanded / best["floor"])
    payload = best_of(lambda: result.tables["events"]["payload"], 1)
    _line(f"  and the JSON of {result.tables['events'].rows:,} events", payload, payload / best["floor"])
    if "vectorbt" in best:
        _line(
            "vectorbt, the same cross",
            best["vectorbt"],
            best["vectorbt"] / best["engine"],
            least=20,
            of="engine",
        )
    held = peak_bytes(runs.ema_cross(bars))
    ratio = held / (6 * 8 * rows)
    print(
        f"{'memory beyond the six input columns':58} {held / 2**20:7.1f} MiB {ratio:8.2f}x  "
        f"{'pass' if ratio <= 3 else 'MISS'}  <= 3 x inputs"
    )


def _documents(times: int) -> None:
    """What the parts of the language and the fill contract cost, in bars of all symbols."""
    bars = minutes(PART_ROWS)
    five = longer(bars, 5)
    ten = {f"S{number}-USDT": minutes(PART_ROWS // 10, seed=number) for number in range(10)}
    one = {runs.MARKET: bars}
    funding = Funding.constant(1.0, 8, 0, PART_ROWS * 60_000)
    works: dict[str, Callable[[], object]] = {
        "EMA cross, one symbol": runs.document_run(preset("ema_cross"), one),
        "  ten symbols, shared cash": runs.document_run(preset("ema_cross"), ten),
        "  stop, target and trailing stop": runs.document_run(runs.levels(), one),
        "  the same with every limit on": runs.document_run(runs.limits(), one),
        "  leverage and funding": runs.document_run(preset("ema_cross"), one, leverage=3.0, funding=funding),
        "  a rule on the position, rarely asked": runs.document_run(runs.rare_gate(), one),
        "  a rule on the position, asked at every bar": runs.document_run(runs.every_bar(), one),
        "  a higher timeframe": runs.document_run(runs.higher_timeframe(), one),
    }
    best = best_of_each(works, max(2, times // 2))
    first = best["EMA cross, one symbol"]
    for what, seconds in best.items():
        _line(f"{what}, {PART_ROWS:,} bars", seconds, seconds / first, of="of the plain cross")
    inside = {
        "coarse": _five_minutes(five, None),
        "finer": _five_minutes(five, {runs.MARKET: bars}),
    }
    both = best_of_each(inside, max(2, times // 2))
    _line(f"  stop and target on {len(five):,} bars of 5 m", both["coarse"], 1.0)
    _line("  and 1 m candles decide inside them", both["finer"], both["finer"] / both["coarse"])


def _five_minutes(five: Bars, finer: dict[str, Bars] | None) -> Callable[[], object]:
    return lambda: run(
        runs.levels(), {runs.MARKET: five}, costs=runs.COSTS, start_ms=0, finer=finer, record_indicators=False
    )


def _growth(rows: int, times: int) -> None:
    """The exponent of growth between a quarter, or a tenth, and all: 1 is linear."""
    quarter, whole = minutes(rows // 4), minutes(rows)
    best = best_of_each({"1": runs.ema_cross(quarter), "4": runs.ema_cross(whole)}, times)
    _exponent(f"bars, {rows // 4:,} to {rows:,}", best["1"], best["4"], 4)
    each = PART_ROWS // 10
    series = {f"S{number}-USDT": minutes(each, seed=number) for number in range(20)}
    symbols = {
        str(count): runs.document_run(preset("ema_cross"), dict(list(series.items())[:count]))
        for count in (5, 20)
    }
    best = best_of_each(symbols, max(2, times // 2))
    _exponent(f"symbols, 5 to 20 of {each:,} bars", best["5"], best["20"], 4)
    bars = minutes(SWEEP_ROWS)
    best = best_of_each(
        {"25": runs.sweep_together(bars, 25), "100": runs.sweep_together(bars, 100)}, max(2, times // 2)
    )
    _exponent("combinations, 25 to 100", best["25"], best["100"], 4)


def _exponent(what: str, small: float, large: float, factor: int) -> None:
    exponent = math.log(large / small) / math.log(factor)
    met = "pass" if exponent <= LINEAR else "MISS"
    print(f"{'growth with ' + what:58} {'exponent':>11} {exponent:8.2f}   {met}  <= {LINEAR:g}")


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
    works: dict[str, Callable[[], object]] = {
        "sweep": runs.sweep_together(bars),
        "one by one": runs.one_by_one(bars),
    }
    if peers.installed("vectorbt"):
        works["vectorbt"] = peers.vectorbt_cross(bars, pairs)
        works["vectorbt"]()
    best = best_of_each(works, times)
    _line(f"sweep of 100 pairs on {SWEEP_ROWS:,} bars, all metrics", best["sweep"], 1.0)
    _line("  one run after the other", best["one by one"], best["one by one"] / best["sweep"])
    if "vectorbt" in best:
        ratio = best["vectorbt"] / best["sweep"]
        _line("vectorbt, all pairs side by side", best["vectorbt"], ratio, least=50, of="sweep")


def _imports() -> None:
    with TemporaryDirectory() as compiled:
        _import_times(Interpreters(compiled))


class Interpreters:
    """Fresh ones that find all modules compiled, as they are deployed: a program compiles at its first call.

    Where an environment keeps no bytecode, Stepfold alone would be compiled at every call.
    """

    def __init__(self, compiled: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        # The second as infra_cdk.functions has it.
        deployed = {"PYTHONPYCACHEPREFIX": compiled, "PYDANTIC_DISABLE_PLUGINS": "1"}
        self._environment = {**kept, **deployed}

    def start(self, program: str) -> str:
        """Run a program and return what it prints; raises RuntimeError with what it says if it fails."""
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

    def seconds(self, program: str) -> float:
        return best_of(partial(self.start, program), 5)


def _import_times(interpreters: Interpreters) -> None:
    bare = interpreters.seconds("pass")
    for what, program in {
        "import engine": "import engine",
        "  and parse a strategy": "import engine; engine.parse_strategy(engine.preset('ema_cross'))",
        "  and load numpy and the kernel": "import numpy, engine; engine.simulate; import engine.kernel",
        "import numpy alone": "import numpy",
    }.items():
        _line(what, max(0.0, interpreters.seconds(program) - bare))
    for name, first_call in FIRST_CALL.items():
        handler = f"import {first_call}; import functions.{name}.handler"
        needed = interpreters.start(f"{handler}; {THIRD_PARTY}").strip()
        turns = in_turns(
            {
                "bare": partial(interpreters.start, "pass"),
                "handler": partial(interpreters.start, handler),
                "libraries": partial(interpreters.start, needed),
            },
            11,
        )
        # The middle of the turns: a slow minute is longer than a turn, but the fastest starts of two programs
        # may be of two different minutes.
        own = [found - bare for bare, found in zip(turns["bare"], turns["handler"], strict=True)]
        must = [found - bare for bare, found in zip(turns["bare"], turns["libraries"], strict=True)]
        ratio = median(mine / max(theirs, 1e-3) for mine, theirs in zip(own, must, strict=True))
        _line(f"import the handler of {name}", median(own), ratio, most=1.3, of="its libraries")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    raise SystemExit(main())
