"""A sample of the fault suite (`make faults`), which is too long for every change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.local_stack import LocalStack
from tests.faults.cases import at_each_write, checked
from tests.faults.driver import Driver, driving
from tests.faults.others import others
from tests.faults.subjects import BacktestRun, CandleImport

# Step, fault, and what is written at that moment; None for a fault that is of no one write.
SAMPLE = [
    ("simulate", "worker killed during a write", "PUT runs/*/equity/*-*.parquet"),
    ("publish", "answer to a write lost", "UpdateItem"),
    ("publish", "run cancelled", "UpdateItem"),
    ("simulate", "checkpoint damaged between two steps", None),
    ("api", "the same run started by several clients at once", None),
]


@pytest.fixture(scope="module")
def driver(stack: LocalStack) -> Iterator[Driver]:
    with driving(stack) as driver:
        yield driver


def test_a_sample_of_all_faults_loses_nothing(driver: Driver) -> None:
    cases = {
        (case.step, case.fault, case.moment): case
        for case in reversed([*at_each_write(driver, BacktestRun())])
    }
    for case in others():
        cases.setdefault((case.step, case.fault, ""), case)
    for step, fault, what in SAMPLE:
        checked(driver, cases[step, fault, what or ""])


def test_an_import_whose_answer_is_lost_is_made_once(driver: Driver) -> None:
    cases = [case for case in at_each_write(driver, CandleImport()) if case.fault == "answer to a write lost"]
    for case in cases[-2:]:
        checked(driver, case)
