"""`make load`: runs in hundreds, readers and listeners in tens on a stack of its own; docs/reliability.md.

The stack is in processes of its own; this one is all of its clients. What is asserted: nothing is lost, no
answer is a 5xx, each listener is told of each end, a full queue says when to come again, and the doctor finds
nothing. Latencies are reported as ratios against the same stack when it is idle: they say more about the
machine than about us and fail nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from localstack.deploy import deploy
from localstack.emulator import Home, free_port, start, stop
from tests.e2e.client import completed, every, import_candles, ok
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file
from tests.faults.driver import environment, set_environment
from tests.faults.table import rows, write_between
from tests.load.clients import Book, Reads, listener, read, reader, reads_of, starter

SYMBOL = "BTC-USDT"
REQUEST: dict[str, Any] = {
    "symbols": [SYMBOL],
    "timeframe": "1h",
    "exchange": "load",
    "strategy": CROSS,
}
IDLE_READS = 15
WAITING = 100
# Seconds in which listeners connect before the first run starts: each has its authorizer and its function.
LISTENERS_FIRST = 10
LONGEST = 1800.0


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.load")
    arguments.add_argument("--runs", type=int, default=300)
    arguments.add_argument("--readers", type=int, default=24)
    arguments.add_argument("--listeners", type=int, default=16)
    arguments.add_argument("--starters", type=int, default=8)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="stepfold-load-") as folder:
        emulator = start(Home.at(Path(folder)), given.port or free_port(), tied=True)
        try:
            deployed = deploy(emulator, "local", progress=_say)
            with closing(LocalStack(emulator, deployed)) as stack:
                wrong = _load(stack, given)
        finally:
            stop(emulator)
    for words in wrong:
        _say(f"VIOLATION: {words}")
    return 1 if wrong else 0


def _load(stack: LocalStack, given: argparse.Namespace) -> list[str]:
    """Put the load on the stack; return what must not have been."""
    for function in ("api", "settle"):
        limits = {"STEPFOLD_MAX_RUNS_QUEUED": str(WAITING)}
        set_environment(stack, function, {**environment(stack, function), **limits})
    http = stack.http()
    body = simulated_file(SYMBOL, "1h", "2021-01-01", "2021-06-01", 1)
    import_candles(http, body, "load", SYMBOL, "1h")
    whole = ok(http.get(f"/backtests/{completed(http, REQUEST)}"))
    reads = reads_of(str(whole["run_id"]), SYMBOL)
    idle, one = _idle(stack, reads)
    _say(f"idle: a run takes {one:.2f} s")

    busy, over, ids = Book(), threading.Event(), set[str]()
    readers = [
        threading.Thread(target=reader, args=(stack.api_url, busy, reads, over, number))
        for number in range(given.readers)
    ]
    told = [set[str]() for _ in range(given.listeners)]
    listeners = [
        threading.Thread(target=listener, args=(stack.deployment.live_url, ended_runs, over))
        for ended_runs in told
    ]
    keys = [f"load-{number}" for number in range(given.runs)]
    starters = [
        threading.Thread(
            target=starter, args=(stack.api_url, busy, REQUEST, keys[number :: given.starters], ids.add)
        )
        for number in range(given.starters)
    ]
    began = time.monotonic()
    for thread in listeners:
        thread.start()
    time.sleep(LISTENERS_FIRST)
    for thread in (*readers, *starters):
        thread.start()
    for thread in starters:
        thread.join()
    _say(f"{len(ids)} runs are accepted after {time.monotonic() - began:.0f} s")
    ended = _wait(stack, ids)
    took = time.monotonic() - began
    over.set()
    for thread in (*readers, *listeners):
        thread.join()
    _say(f"all are over after {took:.0f} s: {dict(busy.statuses)}")

    wrong = _wrong(given.runs, ids, ended, busy, whole)
    missed = [len(ids - ended_runs) for ended_runs in told]
    if any(missed):
        wrong.append(f"listeners were not told of the end of {missed} runs")
    wrong += [f"the doctor finds {found}" for found in every(http, "/doctor", "findings", limit=50)]
    lines = _table(given, idle, busy, one, took)
    print("\n".join(lines))  # noqa: T201 - what it is for
    if given.write and not wrong:
        write_between("load", lines)
    return wrong


def _idle(stack: LocalStack, reads: Reads) -> tuple[Book, float]:
    """Measure each read, and one run, with nobody else there."""
    book, http = Book(), stack.http()
    for number in range(IDLE_READS + 3):
        if number == 3:
            book = Book()  # the first ones were cold
        for kind in reads:
            read(http, book, kind, reads)
    times = []
    for number in range(5):
        began = time.monotonic()
        started = set[str]()
        starter(stack.api_url, book, REQUEST, [f"idle-{number}"], started.add)
        _wait(stack, started)
        times.append(time.monotonic() - began)
    return book, sorted(times)[2]


def _wait(stack: LocalStack, ids: set[str]) -> dict[str, dict[str, Any]]:
    """Return the runs by id once all have ended, or as they are when the time is over."""
    http, deadline = stack.http(), time.monotonic() + LONGEST
    while True:
        found = {run["run_id"]: run for run in every(http, "/backtests", "backtests", limit=100)}
        mine = {run_id: found[run_id] for run_id in ids if run_id in found}
        ended = len(mine) == len(ids) and all(run["ended_at"] for run in mine.values())
        if ended or time.monotonic() > deadline:
            return mine
        time.sleep(0.2 if len(ids) == 1 else 2)


def _wrong(
    wanted: int, ids: set[str], ended: dict[str, dict[str, Any]], busy: Book, whole: dict[str, Any]
) -> list[str]:
    wrong = []
    if len(ids) != wanted:
        wrong.append(f"{wanted} runs were started and {len(ids)} accepted")
    lost = [run_id for run_id in ids if ended.get(run_id, {}).get("status") != "completed"]
    if lost:
        wrong.append(f"{len(lost)} runs are not completed, among them {ended.get(lost[0])}")
    figures = ("fingerprint", "final_equity", "total_trades")
    if any(run[figure] != whole[figure] for run in ended.values() for figure in figures):
        wrong.append("equal runs came to different ends")
    faults = {
        status: count for status, count in busy.statuses.items() if status >= 500 or status in (404, 422)
    }
    if faults:
        wrong.append(f"clients were answered {faults}")
    if busy.without_retry_after:
        wrong.append(f"{busy.without_retry_after} times nobody said when to come again")
    return wrong


def _table(given: argparse.Namespace, idle: Book, busy: Book, one: float, took: float) -> list[str]:
    cells = [
        (
            kind,
            len(busy.times[kind]),
            f"{busy.median(kind) / idle.median(kind):.1f}",
            f"{busy.p95(kind) / idle.median(kind):.1f}",
        )
        for kind in sorted(busy.times)
    ]
    return [
        *rows(("request", "answers", "median ÷ idle", "95th percentile ÷ idle"), cells),
        "",
        f"{given.runs} runs from {given.starters} clients beside {given.readers} readers and "
        f"{given.listeners} listeners, {os.cpu_count()} cores: all completed, "
        f"{given.runs * one / took:.1f} × as fast as one after the other on the idle stack; "
        f"each listener was told of each end. 5xx: none. 429 with `Retry-After`: {busy.statuses[429]:,}, "
        f"all of them accepted later ({WAITING} may wait here).",
    ]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201 - what a program says


if __name__ == "__main__":
    sys.exit(main())
