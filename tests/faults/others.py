"""Faults that are of no one write: what lasts, what comes twice or late, two clients, a restart."""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localstack.emulator import start, stop
from shared import access
from shared.identifiers import run_id as run_id_of
from tests.faults.cases import STOPPED, Case
from tests.faults.driver import Driver, Violation
from tests.faults.proxy import Forward, Request, Service, each
from tests.faults.subjects import COMPLETED

SAVED_WITHIN = 13.0
MACHINE = ("plan", "simulate", "publish")
# Of two who do the same at once, the one that the workflow waits for may be the one that is refused.
TWICE = frozenset({COMPLETED, "failed (superseded)"})
LASTS = frozenset({"failed (internal)", "failed (worker_lost)"})


def others() -> Iterator[Case]:
    yield from _throttled()
    yield from _told_twice_or_late()
    yield from _two_clients()
    yield from _damaged_checkpoints()
    yield from _restarts()


def _throttled() -> Iterator[Case]:
    """A part of all requests is refused, then all of them for good, then until the run has failed."""
    services: tuple[Service, ...] = ("dynamodb", "s3")
    for service in services:
        for status in (500, 503):
            for every in (2, 3):
                fault = f"every {'second' if every == 2 else 'third'} request to {service} refused"
                yield Case("all", fault, str(status), _some_refused(service, status, every))
    for function, status in (("plan", 503), ("simulate", 500)):
        fault = "every request to s3 refused for good"
        yield Case(function, fault, str(status), _all_refused(function, "s3", status), LASTS)
    yield Case("settle", "the index refused until its tries are over", "503", _settle_comes_late, LASTS)


def _some_refused(service: Service, status: int, every: int) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        driver.quiet()
        for function in MACHINE:
            driver.proxies[function].arm(each(lambda forward: forward.refuse(status), service, every=every))
        return driver.judge(driver.begin())

    return play


def _all_refused(function: str, service: Service, status: int) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        driver.quiet()
        driver.proxies[function].arm(each(lambda forward: forward.refuse(status), service))
        return driver.judge(driver.begin(), 900)

    return play


def _settle_comes_late(driver: Driver) -> str:
    """The run fails and cannot be said to have failed; once the index answers again, the schedule says it."""
    driver.quiet()
    for function in ("publish", "settle"):
        driver.proxies[function].arm(each(lambda forward: forward.refuse(503), "dynamodb"))
    run_id = driver.begin()
    driver.wait_for_execution(run_id, 900)
    status = driver.http.get(f"/backtests/{run_id}").json()["status"]
    if status != "running":
        raise Violation(f"{run_id} is {status} though nothing could be written")
    driver.quiet()
    driver.reconcile()
    return driver.judge(run_id)


def _told_twice_or_late() -> Iterator[Case]:
    for moment in ("FAILED", "TIMED_OUT", "ABORTED"):
        yield Case("settle", "status event of an ended run comes late, twice", moment, _late_event(moment))
    yield Case(
        "settle",
        "status events come twice, the later one first",
        "ABORTED",
        _in_disorder,
        frozenset({STOPPED}),
    )
    for number in ("1", "2", "3"):
        fault = "every step delivered twice, one after the other"
        yield Case("all", fault, number, _twice(together=False), TWICE)
        yield Case("all", "every step delivered twice, at once", number, _twice(together=True), TWICE)
        yield Case("simulate", "an attempt given up is published late", number, _late_attempt, TWICE)
    fault = "results published after the run was cancelled"
    yield Case("publish", fault, "", _published_late, frozenset({"cancelled"}))


def _event(run_id: str, status: str) -> dict[str, Any]:
    subject = json.dumps({"owner": "local", "run_id": run_id})
    return {
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"status": status, "input": subject, "error": "States.Timeout", "cause": ""},
    }


def _late_event(status: str) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        driver.quiet()
        run_id = driver.begin()
        driver.wait(run_id)
        for _ in range(2):
            driver.invoke("settle", _event(run_id, status))
        return driver.judge(run_id)

    return play


def _in_disorder(driver: Driver) -> str:
    """The run is stopped; its events arrive as they like, and a step that was at work asks once more."""
    driver.quiet()
    key = secrets.token_hex(8)
    run_id = run_id_of("local", key)
    _when_simulating(driver, lambda: driver.stop(run_id))
    driver.begin(key)
    ended = driver.wait(run_id)
    for status in ("TIMED_OUT", "ABORTED", "FAILED", "ABORTED"):
        driver.invoke("settle", _event(run_id, status))
    if (again := driver.wait(run_id)) != ended:
        raise Violation(f"a late event changed {ended} to {again}")
    return driver.judge(run_id)


def _twice(*, together: bool) -> Callable[[Driver], str]:
    """Lambda may deliver an event twice: each step is invoked a second time beside the workflow's own."""

    def play(driver: Driver) -> str:
        driver.quiet()
        run_id = driver.begin()
        subject = {"owner": "local", "run_id": run_id}
        with ThreadPoolExecutor(8) as pool:
            doubles = [pool.submit(driver.invoke, "plan", subject) for _ in range(2)]
            if not together:
                for double in doubles:
                    double.result()
            doubles += [pool.submit(driver.invoke, "simulate", subject) for _ in range(2)]
            answers = [double.result() for double in doubles]
            published = [answer for answer in answers if "manifest_key" in answer]
            for answer in published:
                pool.submit(driver.invoke, "publish", answer)
                pool.submit(driver.invoke, "publish", answer)
        return driver.judge(run_id)

    return play


def _late_attempt(driver: Driver) -> str:
    """A worker is given up and comes back when another one has done its work."""
    driver.quiet()
    run_id = driver.begin()
    kept: dict[str, Any] = {}

    def keep() -> None:
        kept.update(driver.invoke("simulate", {"owner": "local", "run_id": run_id}))

    keep()
    driver.wait(run_id)
    while "reached" in kept:
        answer = driver.invoke("simulate", kept)
        if "errorType" in answer:
            break
        kept = answer
    if "manifest_key" in kept:
        driver.invoke("publish", kept)
    return driver.judge(run_id)


def _published_late(driver: Driver) -> str:
    driver.quiet()
    key = secrets.token_hex(8)
    run_id = run_id_of("local", key)
    handed: list[dict[str, Any]] = []

    def cancel(forward: Forward) -> None:
        driver.http.post(f"/backtests/{run_id}/cancel")
        forward.pass_on()

    driver.proxies["publish"].arm(each(cancel, "dynamodb", most=1))
    driver.begin(key)
    driver.wait(run_id)
    driver.wait_for_execution(run_id)
    with driver.inside():
        keys = [key for key in access.store().keys(f"runs/{run_id}/") if "/manifest-" in key]
    for manifest in keys:
        token = manifest.rpartition("-")[2].removesuffix(".json")
        handed.append({"owner": "local", "run_id": run_id, "token": token, "manifest_key": manifest})
    if not handed:
        raise Violation("there was nothing to publish late")
    for answer in handed:
        driver.invoke("publish", answer)
    return driver.judge(run_id)


def _two_clients() -> Iterator[Case]:
    for clients in (2, 2, 2, 8, 8):
        yield Case("api", "the same run started by several clients at once", f"{clients}", _at_once(clients))


def _at_once(clients: int) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        driver.quiet()
        key = secrets.token_hex(8)
        gate = threading.Barrier(clients)

        def one() -> str:
            gate.wait()
            return driver.begin(key)

        with ThreadPoolExecutor(clients) as pool:
            ids = {started.result() for started in [pool.submit(one) for _ in range(clients)]}
        if len(ids) != 1:
            raise Violation(f"one key made {len(ids)} runs")
        (run_id,) = ids
        outcome = driver.judge(run_id)
        if (executions := len(driver.executions(run_id))) != 1:
            raise Violation(f"one key made {executions} executions")
        return outcome

    return play


def _damaged_checkpoints() -> Iterator[Case]:
    kinds: dict[str, Callable[[bytes], bytes | None]] = {
        "is empty": lambda _: b"",
        "is garbage": lambda body: random.Random(7).randbytes(len(body)),
        "is cut off": lambda body: body[: len(body) // 2],
        "has one bit turned": lambda body: bytes([*body[:1000], body[1000] ^ 1, *body[1001:]]),
        "is gone": lambda _: None,
    }
    for kind, damage in kinds.items():
        yield Case("simulate", "checkpoint damaged between two steps", kind, _damaged(damage))


def _damaged(damage: Callable[[bytes], bytes | None]) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        driver.quiet()
        done: list[str] = []
        bucket, s3 = driver.stack.deployment.bucket, driver.stack.s3()

        def spoil(forward: Forward) -> None:
            key = forward.path.partition(f"/{bucket}/")[2]
            damaged = damage(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            if damaged is None:
                s3.delete_object(Bucket=bucket, Key=key)
            else:
                s3.put_object(Bucket=bucket, Key=key, Body=damaged)
            done.append(key)
            forward.pass_on()

        def choose(request: Request) -> Callable[[Forward], None] | None:
            reads = request.what.startswith("GET work/") and "checkpoint" in request.what
            return spoil if reads and not done else None

        driver.proxies["simulate"].arm(choose)
        run_id = driver.begin()
        driver.wait(run_id)
        if not done:
            raise Violation("no checkpoint was read")
        return driver.judge(run_id)

    return play


def _restarts() -> Iterator[Case]:
    for function in MACHINE:
        moment = f"while {function} writes"
        allowed = frozenset({STOPPED})
        yield Case("all", "stack stopped and started again", moment, _restarted(function), allowed)
        killed = _restarted(function, kill=True)
        yield Case("all", "stack killed and started again", moment, killed, allowed)


def _restarted(function: str, *, kill: bool = False) -> Callable[[Driver], str]:
    def play(driver: Driver) -> str:
        driver.quiet()
        met = threading.Event()

        def hold(forward: Forward) -> None:
            # A killed emulator knows what it saved in the last ten seconds; the run is older than that.
            time.sleep(SAVED_WITHIN if kill else 0)
            met.set()
            time.sleep(1)
            forward.drop()

        def choose(request: Request) -> Callable[[Forward], None] | None:
            return hold if request.writes and not met.is_set() else None

        driver.proxies[function].arm(choose)
        run_id = driver.begin()
        if not met.wait(60):
            raise Violation(f"{function} did not write")
        emulator = driver.stack.emulator
        if kill:
            os.killpg(emulator.pid, signal.SIGKILL)
        stop(emulator)
        driver.quiet()
        again = start(emulator.home, emulator.port, tied=True, more=driver.emulator_settings)
        driver.moved(again)
        driver.reconcile()
        return driver.judge(run_id)

    return play


def _when_simulating(driver: Driver, act: Callable[[], None]) -> None:
    """Do something once, as soon as the simulation writes."""
    done = threading.Event()

    def once(forward: Forward) -> None:
        act()
        forward.pass_on()

    def choose(request: Request) -> Callable[[Forward], None] | None:
        if not request.writes or done.is_set():
            return None
        done.set()
        return once

    driver.proxies["simulate"].arm(choose)
