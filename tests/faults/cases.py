"""The faults: what is spoiled, at which moment, and how what was disturbed may end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.identifiers import run_id as run_id_of
from tests.faults.driver import Driver, Violation
from tests.faults.proxy import Action, Forward, nth_write
from tests.faults.subjects import COMPLETED, Subject

# What is written once a second is not written at the same moments each time.
MISSED = "the moment did not come again"
STOPPED = "failed (stopped)"
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Case:
    """One try: `play` brings the fault about and returns the outcome, one of `allowed`."""

    step: str
    fault: str
    moment: str
    play: Callable[[Driver], str]
    allowed: frozenset[str] = frozenset({COMPLETED})


Spoiler = Callable[[Driver, str, str], Action]
"""Makes the action on a request, of the driver, the function and the id of the run that is under way."""


def _kill_before(driver: Driver, function: str, _run_id: str) -> Action:
    def act(forward: Forward) -> None:
        driver.kill(function)
        forward.drop()

    return act


def _kill_during(driver: Driver, function: str, _run_id: str) -> Action:
    def act(forward: Forward) -> None:
        forward.carry_out(half=True)
        driver.kill(function)
        forward.drop()

    return act


def _kill_after(driver: Driver, function: str, _run_id: str) -> Action:
    def act(forward: Forward) -> None:
        forward.carry_out()
        driver.kill(function)
        forward.drop()

    return act


def _lose_answer(_driver: Driver, _function: str, _run_id: str) -> Action:
    def act(forward: Forward) -> None:
        forward.carry_out()
        forward.drop()

    return act


def _stop(driver: Driver, _function: str, run_id: str) -> Action:
    def act(forward: Forward) -> None:
        driver.stop(run_id)
        forward.pass_on()

    return act


def _cancel(driver: Driver, _function: str, run_id: str) -> Action:
    def act(forward: Forward) -> None:
        answer = driver.http.post(f"/backtests/{run_id}/cancel")
        if answer.status_code not in (200, 409):
            raise Violation(f"cancelling answers {answer.status_code}: {answer.text}")
        forward.pass_on()

    return act


def _refuse(status: int) -> Spoiler:
    return lambda _driver, _function, _run_id: lambda forward: forward.refuse(status)


# What is told to have failed, the library tries again; a worker that is gone, the workflow replaces.
AT_EACH_WRITE: dict[str, Spoiler] = {
    "worker killed before a write": _kill_before,
    "worker killed during a write": _kill_during,
    "worker killed after a write": _kill_after,
    "answer to a write lost": _lose_answer,
    "write refused with 500": _refuse(500),
    "write throttled (S3: 503)": _refuse(503),
}
ENDING: dict[str, tuple[Spoiler, str]] = {
    "execution stopped behind the API's back": (_stop, STOPPED),
    "run cancelled": (_cancel, CANCELLED),
}


def at_each_write(driver: Driver, subject: Subject) -> Iterator[Case]:
    """Play the subject undisturbed; yield one case for each of its writes and each fault."""
    for function, writes in undisturbed(driver, subject).items():
        for place, what in enumerate(writes):
            number = writes[: place + 1].count(what)
            for fault, spoiler in AT_EACH_WRITE.items():
                allowed = frozenset({subject.outcome})
                yield Case(function, fault, what, _spoiled(subject, function, what, number, spoiler), allowed)
            if subject.can_be_ended and function != "api":
                for fault, (spoiler, outcome) in ENDING.items():
                    # Once the results are published there is nothing to stop.
                    allowed = frozenset({outcome, COMPLETED})
                    yield Case(
                        function, fault, what, _spoiled(subject, function, what, number, spoiler), allowed
                    )


def undisturbed(driver: Driver, subject: Subject) -> dict[str, list[str]]:
    """Return what the functions that the subject is about write while nothing disturbs them."""
    driver.quiet()
    key = secrets.token_hex(8)
    subject.begin(driver, key)
    subject.wait(driver, key)
    written = {
        function: [request.what for request in driver.writes(function)] for function in subject.functions
    }
    outcome = subject.judge(driver, key)
    if outcome != subject.outcome or not all(written.values()):
        raise Violation(f"undisturbed it ends {outcome}, with {written}")
    return written


def _spoiled(
    subject: Subject, function: str, what: str, number: int, spoiler: Spoiler
) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        key = secrets.token_hex(8)
        action = spoiler(driver, function, run_id_of("local", key))
        met = []

        def noted(forward: Forward) -> None:
            met.append(forward.request)
            action(forward)

        driver.quiet()
        driver.proxies[function].arm(nth_write(what, number, noted))
        subject.begin(driver, key)
        subject.wait(driver, key)
        driver.quiet()
        outcome = subject.judge(driver, key)
        return outcome if met else MISSED

    return play


def checked(driver: Driver, case: Case) -> str:
    """Play a case. Raises Violation for an outcome that may not be."""
    outcome = case.play(driver)
    for _ in range(2):
        if outcome == MISSED:
            outcome = case.play(driver)
    if outcome == MISSED and case.moment == "UpdateItem":
        return outcome
    if outcome not in case.allowed:
        raise Violation(f"it ended {outcome}, not {' or '.join(sorted(case.allowed))}")
    return outcome
