"""What clients do at once: start runs, read windows, listen. Each answer is timed and kept by its kind."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.listener import listening

TIMEOUT = 60.0
# Seconds without a message after which a listener gives up, once all runs have ended.
LISTENS_ON = 20.0


@dataclass(slots=True)
class Book:
    """What all clients saw: times in seconds by kind of request, and how often each status came."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, answer: httpx.Response) -> None:
        with self._lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code in (429, 503):
                self.without_retry_after += "Retry-After" not in answer.headers
            else:
                self.times.setdefault(kind, []).append(seconds)

    def median(self, kind: str) -> float:
        return statistics.median(self.times[kind])

    def p95(self, kind: str) -> float:
        return sorted(self.times[kind])[int(len(self.times[kind]) * 0.95)]


Reads = Mapping[str, tuple[str, Mapping[str, Any]]]
"""By kind: path and parameters."""


def reads_of(run_id: str, symbol: str) -> Reads:
    """Return what somebody asks who looks at a completed run, and at the list of runs beside it."""
    of_run = f"/backtests/{run_id}"
    return {
        "a run": (of_run, {}),
        "list of runs": ("/backtests", {"limit": 25}),
        "results": (f"{of_run}/results", {}),
        "equity, 500 points": (f"{of_run}/equity", {"points": 500}),
        "window of trades": (f"{of_run}/trades", {"limit": 100}),
        "window of playback": (
            f"{of_run}/playback/candles",
            {"symbol": symbol, "start": "2021-02-01", "end": "2021-02-15", "format": "columns"},
        ),
    }


def read(http: httpx.Client, book: Book, kind: str, reads: Reads) -> None:
    path, parameters = reads[kind]
    began = time.monotonic()
    answer = http.get(path, params=dict(parameters))
    book.note(kind, time.monotonic() - began, answer)


def reader(base_url: str, book: Book, reads: Reads, over: threading.Event, seed: int) -> None:
    """Read one thing after the other until all is over, with short pauses, as a person's page does."""
    dice = random.Random(seed)
    with httpx.Client(base_url=base_url, timeout=TIMEOUT, trust_env=False) as http:
        while not over.is_set():
            read(http, book, dice.choice(list(reads)), reads)
            over.wait(dice.uniform(1.0, 3.0))


def starter(
    base_url: str, book: Book, request: Mapping[str, Any], keys: Sequence[str], keep: Callable[[str], None]
) -> None:
    """Start a run for each key; where the queue is full, come again when the API says so."""
    with httpx.Client(base_url=base_url, timeout=TIMEOUT, trust_env=False) as http:
        for key in keys:
            while True:
                began = time.monotonic()
                answer = http.post("/backtests", json=dict(request), headers={"Idempotency-Key": key})
                book.note("start of a run", time.monotonic() - began, answer)
                if answer.status_code not in (429, 503):
                    break
                time.sleep(float(answer.headers["Retry-After"]))
            if answer.status_code in (200, 202):
                keep(str(answer.json()["run_id"]))


def listener(url: str, told: set[str], over: threading.Event) -> None:
    """Listen to all runs of the owner until all is over, and then as long as anything comes."""
    with listening(url) as ear:
        ear.say(action="subscribe", all=True, only=["status"])
        while True:
            try:
                message = ear.next(LISTENS_ON if over.is_set() else 1.0)
            except TimeoutError:
                if over.is_set():
                    return
                continue
            if message["type"] == "status" and message["status"] == "completed":
                told.add(message["run_id"])
