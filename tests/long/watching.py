"""Those who look on while a run goes: a terminal and a page are told, the index is asked."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.local_stack import LocalStack
from tests.long.page import PATIENCE, WatchedPage
from tests.long.sightings import Key, Sighting, lags, longest_gap, missed, rises
from tests.long.stored import StoredProgress
from tests.long.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Account:
    """What one of those who were told saw of a run, and what of it must not have been."""

    who: str
    pictures: int
    values: int
    longest_gap: float
    lag: float
    """Behind the index, at most, of its pictures' median."""
    longest_lag: float
    wrong: Sequence[str]


class Watch:
    """One run that is looked at; the page is there before the run is, as that of somebody who starts it."""

    def __init__(self, stack: LocalStack, pool: ThreadPoolExecutor, folder: Path) -> None:
        self._stack, self._pool, self._folder = stack, pool, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.page = WatchedPage(stack, folder)
        self._shown: Future[None] = pool.submit(self.page.run)
        self._terminal: Terminal | None = None
        self._stored: StoredProgress | None = None

    def wait_for_page(self) -> None:
        while not self.page.traffic.subscribed():
            if self._shown.done():
                self._shown.result()
            time.sleep(0.05)

    def look_at(self, run_id: str) -> None:
        self._stored = StoredProgress(self._stack, run_id)
        self._asked = self._pool.submit(self._stored.run)
        self.page.look_at(run_id)
        self._terminal = Terminal(self._stack, run_id)
        self._ended = self._pool.submit(self._terminal.run)

    def accounts(self, results: Mapping[str, Any], values: int) -> list[Account]:
        """Say what was seen of a run that has ended, once all have noticed that it has.

        `results` are those that the page must show; `values`: how many different ones each must have seen.
        """
        assert self._terminal is not None
        assert self._stored is not None
        status = self._ended.result(PATIENCE)
        self._shown.result(2 * PATIENCE)  # what the page waits for in vain it says itself
        self._stored.over.set()
        self._asked.result(PATIENCE)
        (self._folder / "long-watch.jsonl").write_text("".join(self._terminal.said), encoding="utf-8")
        told, shown, stored = self._terminal.seen, self.page.seen, self._stored.seen
        ends = [] if status == "completed" else [f"it ended with {status}"]
        return [
            _account("the command line", told, stored, _percent, values, ends),
            _account("the page", shown, stored, _candles, values, self.page.wrong(results)),
        ]

    def give_up(self) -> None:
        """Let nobody look on; of no effect once all have ended."""
        self.page.given_up.set()
        if self._stored is not None:
            self._stored.over.set()
        if self._terminal is not None:
            self._terminal.kill()


@contextmanager
def watching(stack: LocalStack, folder: Path) -> Iterator[Watch]:
    """Have those there who look on; what they see is kept in a folder, the page as pictures."""
    with ThreadPoolExecutor(3) as pool:
        watch = Watch(stack, pool, folder)
        try:
            watch.wait_for_page()
            yield watch
        finally:
            watch.give_up()


def _account(
    who: str,
    seen: Sequence[Sighting],
    stored: Sequence[Sighting],
    key: Key,
    values: int,
    wrong: Sequence[str],
) -> Account:
    wrong = list(wrong)
    different = {key(each) for each in seen}
    if not rises(seen):
        wrong.append(f"the progress went back: {[key(each) for each in seen]}")
    if len(different) < values:
        wrong.append(f"{len(different)} values were seen, and at least {values} should be")
    if left_out := missed(seen, stored, key):
        wrong.append(f"{left_out} were stored and never seen")
    behind = lags(seen, stored, key)
    return Account(
        who,
        len(seen),
        len(different),
        longest_gap(seen),
        statistics.median(behind),
        max(behind),
        [f"{who}: {each}" for each in wrong],
    )


def _percent(sighting: Sighting) -> object:
    return round(sighting.percent, 6)


def _candles(sighting: Sighting) -> object:
    """What the page shows to the last digit; its percentage is rounded."""
    return sighting.candles
