"""`make faults`: every fault at every write, on a stack of its own; the table of docs/reliability.md."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from localstack.deploy import deploy
from localstack.emulator import Home, free_port, start, stop
from tests.e2e.local_stack import LocalStack
from tests.faults.cases import MISSED, Case, at_each_write, checked
from tests.faults.driver import Driver, Violation, driving
from tests.faults.others import others
from tests.faults.subjects import BacktestRun, CandleImport, FailingRun, RequestOfRun
from tests.faults.table import write_table

# Pauses between the workflow's tries are a tenth of what they are; what is tried and how often is the same.
FASTER = {"SFN_WAIT_SCALE": "0.1"}


@dataclass(slots=True)
class Tally:
    """What came of all tries of one fault in one step."""

    tries: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


def every(driver: Driver) -> Iterator[Case]:
    for subject in (BacktestRun(), FailingRun(), RequestOfRun(), CandleImport()):
        yield from at_each_write(driver, subject)
    yield from others()


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.faults")
    arguments.add_argument("--only", default="", help="cases whose `step: fault` this expression is found in")
    arguments.add_argument("--minutes", type=float, default=240.0, help="begin no further case after so long")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    given = arguments.parse_args()
    over = time.monotonic() + given.minutes * 60
    tallies: dict[tuple[str, str], Tally] = {}
    violations = 0
    with tempfile.TemporaryDirectory(prefix="stepfold-faults-") as folder:
        emulator = start(Home.at(Path(folder)), given.port or free_port(), tied=True, more=FASTER)
        current = emulator
        try:
            deployed = deploy(emulator, "local", progress=_say)
            with closing(LocalStack(emulator, deployed)) as stack, driving(stack, FASTER) as driver:
                for case in every(driver):
                    if not re.search(given.only, f"{case.step}: {case.fault}"):
                        continue
                    if time.monotonic() > over:
                        _say("the time is over: not all cases were tried")
                        break
                    tally = tallies.setdefault((case.step, case.fault), Tally())
                    tally.tries += 1
                    violations += not _played(driver, case, tally)
                    current = driver.stack.emulator
                driver.agree(50)
        finally:
            stop(current)
    tries = sum(tally.tries for tally in tallies.values())
    _say(f"{tries} tries of {len(tallies)} faults; {violations} must not have ended as they did")
    if given.write and not violations:
        write_table({key: (tally.tries, tally.outcomes) for key, tally in tallies.items() if tally.tries})
    return 1 if violations else 0


def _played(driver: Driver, case: Case, tally: Tally) -> bool:
    began = time.monotonic()
    try:
        outcome = checked(driver, case)
    except (Violation, AssertionError) as violation:
        outcome = f"VIOLATION: {violation}"
        driver.quiet()
    if outcome == MISSED:
        tally.tries -= 1
    else:
        tally.outcomes[outcome] += 1
    _say(f"{time.monotonic() - began:5.1f} s  {case.step}: {case.fault}: {case.moment}: {outcome}")
    return not outcome.startswith("VIOLATION")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201 - what a program says


if __name__ == "__main__":
    sys.exit(main())
