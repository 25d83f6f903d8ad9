"""`make long`: ten symbols of four years of minutes in the memory of the function, in steps and in one.

The bytes of both must be equal. While the run in steps goes on, `stepfold watch` and the page of the run in a
browser are told how far it is: neither may miss anything that was stored, nor see it go back.

Each worker of the simulation is held to the function's memory: one that has more is killed, as Lambda would,
and the run fails. (A limit of the system would not do: those that need no rights count address space, and
libraries reserve a gigabyte of it that they never touch.) The tables of docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from localstack.deploy import deploy
from localstack.emulator import Home, free_port, start, stop
from tests.e2e.client import import_candles, ok, wait
from tests.e2e.client import start as start_run
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file
from tests.e2e.test_long_runs import simulated
from tests.faults.driver import environment, set_environment
from tests.faults.table import rows, write_between
from tests.long.watching import Account, watching
from tests.long.workers import MEMORY, Workers
from tests.ui.chromium import SCREENSHOTS

START, END = "2021-01-01", "2024-12-31"
LONGEST = 3600.0


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.long")
    arguments.add_argument("--symbols", type=int, default=10)
    arguments.add_argument("--end", default=END)
    arguments.add_argument("--steps", type=int, default=5, help="steps that the second run shall take, about")
    arguments.add_argument("--values", type=int, default=10, help="different ones of the progress to be seen")
    arguments.add_argument("--seen", type=Path, default=SCREENSHOTS, help="folder of what was seen")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="stepfold-long-") as folder:
        emulator = start(Home.at(Path(folder)), given.port or free_port(), tied=True)
        try:
            deployed = deploy(emulator, "local", progress=_say)
            with closing(LocalStack(emulator, deployed)) as stack:
                return _compare(stack, given)
        finally:
            stop(emulator)


def _compare(stack: LocalStack, given: argparse.Namespace) -> int:
    http = stack.http()
    symbols = [f"{'ABCDEFGHIJKLMNOPQRST'[number]}COIN-USDT" for number in range(given.symbols)]
    for seed, symbol in enumerate(symbols):
        began = time.monotonic()
        entry = import_candles(
            http, simulated_file(symbol, "1m", START, given.end, seed), "sim", symbol, "1m"
        )
        assert entry["status"] == "completed", entry
        _say(f"{symbol}: imported in {time.monotonic() - began:.0f} s")
    request = {"symbols": symbols, "timeframe": "1m", "exchange": "sim", "strategy": CROSS}

    one = _run(stack, request, seconds=LONGEST)
    with watching(stack, given.seen) as watch:
        seconds = max(1.0, one["took"] / (given.steps + 1))
        several = _run(stack, request, seconds=seconds, started=watch.look_at)
        results = ok(http.get(f"/backtests/{several['run_id']}/results"))
        accounts = watch.accounts(results, given.values)
    if one["steps"] != 1 or several["steps"] < min(3, given.steps):
        _say(f"VIOLATION: {one['steps']} and {several['steps']} steps")
        return 1
    differing = _differing(stack, one["run_id"], several["run_id"])
    if differing:
        _say(f"VIOLATION: other bytes in {differing[:5]}")
        return 1
    wrong = [words for account in accounts for words in account.wrong]
    for words in wrong:
        _say(f"VIOLATION: {words}")
    cells = [
        (
            run["steps"],
            f"{run['bars']:,}",
            f"{run['took']:.0f} s",
            f"{run['bars'] / run['took']:,.0f}",
            f"{run['peak'] / 2**20:,.0f} MiB",
        )
        for run in (one, several)
    ]
    lines = [
        *rows(("steps", "bars", "POST → completed", "bars a second", "peak of a worker (RSS)"), cells),
        "",
        f"{given.symbols} symbols, shared cash; equal bytes in {one['objects']} objects of "
        f"{one['size'] / 2**20:,.0f} MiB. The function has {MEMORY / 2**20:,.0f} MiB.",
        "",
        *_told(accounts),
    ]
    print("\n".join(lines))  # noqa: T201 - what it is for
    if given.write and not wrong:
        write_between("long", lines)
    return 1 if wrong else 0


def _told(accounts: Sequence[Account]) -> list[str]:
    heads = (
        "who is told",
        "pictures",
        "different values",
        "longest gap",
        "behind the index: median",
        "longest",
    )
    return rows(
        heads,
        [
            (
                account.who,
                account.pictures,
                account.values,
                f"{account.longest_gap:.1f} s",
                f"{account.lag:.2f} s",
                f"{account.longest_lag:.2f} s",
            )
            for account in accounts
        ],
    )


def _nobody(_run_id: str) -> None:
    """Look at no run."""


def _run(
    stack: LocalStack, request: dict[str, Any], *, seconds: float, started: Callable[[str], None] = _nobody
) -> dict[str, Any]:
    """Run in steps of so many seconds; return what was measured. Raises AssertionError for a failed run.

    `started` is told the run's id.
    """
    http = stack.http()
    with _steps_of(stack, seconds):
        workers = Workers(stack, "simulate")
        workers.start()
        began = time.monotonic()
        run_id = start_run(http, request)["run_id"]
        started(run_id)
        run = wait(http, run_id, LONGEST)
        took = time.monotonic() - began
        workers.end()
    assert run["status"] == "completed", run
    if workers.peak > MEMORY:
        raise AssertionError(f"a worker had {workers.peak:,} bytes, more than {MEMORY:,}")
    progress = ok(http.get(f"/backtests/{run['run_id']}/progress"))
    objects = _objects(stack, run["run_id"])
    measured = {
        "run_id": run["run_id"],
        "steps": simulated(http, run["run_id"]),
        "took": took,
        "peak": workers.peak,
        "bars": progress["processed_candles"],
        "objects": len(objects),
        "size": sum(objects.values()),
    }
    _say(f"{measured}")
    return measured


@contextmanager
def _steps_of(stack: LocalStack, seconds: float) -> Iterator[None]:
    before = environment(stack, "simulate")
    set_environment(stack, "simulate", {**before, "STEPFOLD_STEP_SECONDS": str(seconds)})
    yield
    set_environment(stack, "simulate", before)


def _objects(stack: LocalStack, run_id: str) -> dict[str, int]:
    """Return the sizes of a run's objects by what their names say beside the token."""
    prefix = f"runs/{run_id}/"
    pages = stack.s3().get_paginator("list_objects_v2")
    return {
        row["Key"].removeprefix(prefix): row["Size"]
        for page in pages.paginate(Bucket=stack.deployment.bucket, Prefix=prefix)
        for row in page.get("Contents", ())
        if "/request-" not in row["Key"]
    }


def _differing(stack: LocalStack, one: str, other: str) -> list[str]:
    """Compare all objects of two runs, one at a time; return the names that are not equal."""
    s3, bucket = stack.s3(), stack.deployment.bucket

    def named(run_id: str) -> dict[str, str]:
        return {name.rpartition("-")[0]: f"runs/{run_id}/{name}" for name in _objects(stack, run_id)}

    def body(key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    mine, theirs = named(one), named(other)
    unmatched = sorted(mine.keys() ^ theirs.keys())
    return unmatched + [
        name for name in mine.keys() & theirs.keys() if body(mine[name]) != body(theirs[name])
    ]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201 - what a program says


if __name__ == "__main__":
    sys.exit(main())
