"""What the emulator's process changes in MiniStack, where no end-to-end test could see it fail."""

from __future__ import annotations

import io
import select
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from localstack import launcher

POLL = select.poll
HANDLER = """
import sys
def handler(event, context):
    for line in range(event["lines"]):
        print(event["call"], line, file=sys.stderr)
    if event["fails"]:
        raise ValueError(event["call"])
    return event["call"]
"""


def zipped(source: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("handler.py", source)
    return file.getvalue()


class LateThread:
    """What a worker's thread waits with for more lines, on a machine too busy to let it go on."""

    def __init__(self) -> None:
        self._poll = POLL()
        self.register = self._poll.register

    def poll(self) -> list[tuple[int, int]]:
        found = self._poll.poll()
        time.sleep(0.3)
        return found


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from ministack.core import lambda_runtime

    for name in ("_spawn", "_read_stderr", "_drain_stderr_bounded"):
        monkeypatch.setattr(lambda_runtime.Worker, name, getattr(lambda_runtime.Worker, name))
    launcher.hand_over_lines_with_the_answer()
    ended, collect = list[subprocess.Popen[str]](), lambda_runtime._collect

    def collecting(process: subprocess.Popen[str] | None, deadline: float) -> None:
        ended.extend([process] if process else [])
        collect(process, deadline)

    monkeypatch.setattr(lambda_runtime, "_collect", collecting)
    config = {
        "FunctionName": "lines",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:lines",
        "Runtime": "python3.11",
        "Handler": "handler.handler",
        "Timeout": 20,
    }
    worker = lambda_runtime.Worker("lines", config, zipped(HANDLER))
    yield worker
    worker.kill()
    for thread in threading.enumerate():
        if thread.name == "stderr-lines":
            thread.join()
    for process in ended:  # MiniStack leaves their pipes to the garbage collector.
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def test_each_call_has_its_own_lines_however_late_their_thread_is(
    worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select, "poll", LateThread)
    for call, (lines, fails) in enumerate([(1, False), (0, False), (3, False), (2, True), (1, False)]):
        response = worker.invoke({"call": f"call-{call}", "lines": lines, "fails": fails}, f"request-{call}")
        assert response["status"] == ("error" if fails else "ok")
        assert response["log"].splitlines() == [f"call-{call} {line}" for line in range(lines)]


def test_many_lines_are_not_cut(worker: Any) -> None:
    response = worker.invoke({"call": "many", "lines": 20_000, "fails": False}, "request-1")
    assert response["log"].splitlines() == [f"many {line}" for line in range(20_000)]
