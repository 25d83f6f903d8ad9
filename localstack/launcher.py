"""The emulator's process: MiniStack, with AWS's behaviour put back where the two differ and it matters.

Run by `localstack/emulator.py` as a process group of its own; configured by MiniStack's environment
variables. Every patch names a function of the pinned version (see pyproject.toml) and fails loudly when it
is gone.
"""

from __future__ import annotations

import functools
import os
import queue
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

# Seconds between snapshots of the state on disk: what a killed emulator (or machine) can lose.
SNAPSHOT_EVERY = 10.0
# Seconds that a stop may take; a handler that hangs must not keep the process alive.
STOP_WITHIN = 15.0
# Argument: live no longer than the process that holds the other end of standard input.
TIED = "--tied"

_RAISED = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?")

_BY_PATH = re.compile(r"/_aws/cloudfront/([a-z0-9]+)/")

# MiniStack's functions are untyped.
Response = dict[str, Any]


def main() -> None:
    """Patch, watch, serve until told to stop; then leave no process of the group behind."""
    hand_over_lines_with_the_answer()
    name_the_exception()
    keep_stopped_executions_stopped()
    read_cors_of_templates()
    reach_distributions_by_path()
    read_streams_from_their_new_beginning()
    snapshot_regularly()
    if TIED in sys.argv:
        stop_with_parent()
    sys.argv = sys.argv[:1]

    from ministack.app import main as serve

    try:
        serve()
    finally:
        # Workers are in our group: one that still runs a handler would outlive us otherwise.
        os.killpg(os.getpgrp(), signal.SIGKILL)


def hand_over_lines_with_the_answer() -> None:
    """Give each call its own log lines, all of them and at once.

    A worker writes a call's lines before its answer, so they lie in the pipe when the answer comes. MiniStack
    waits for a thread to bring the first, up to 50 ms for a function that wrote none; on a busy machine lines
    come later than that, and stand in the log of the worker's next call or in none.
    """
    from ministack.core import lambda_runtime

    worker_type = lambda_runtime.Worker
    spawn: Callable[[Any], None] = worker_type._spawn
    wait_for_lines: Callable[..., str] = worker_type._drain_stderr_bounded

    @functools.wraps(spawn)
    def with_written_lines(worker: Any) -> None:
        worker._written = WrittenLines()
        spawn(worker)

    def keep_pipe_empty(worker: Any) -> None:
        worker._written.read_on(worker._proc.stderr, worker._stderr_queue.put)

    @functools.wraps(wait_for_lines)
    def drain(worker: Any, *args: float, **named: float) -> str:
        # Workers of custom runtimes have a way of their own.
        if hasattr(worker, "_written"):
            worker._written.take()
            return str(worker._drain_stderr())
        return wait_for_lines(worker, *args, **named)

    worker_type._spawn = with_written_lines
    worker_type._read_stderr = keep_pipe_empty
    worker_type._drain_stderr_bounded = drain


class WrittenLines:
    """What a process has written to a pipe, taken by whoever wants it first."""

    def __init__(self) -> None:
        self._open, self._lock = threading.Event(), threading.Lock()
        self._rest = b""

    def read_on(self, pipe: IO[Any], put: Callable[[str], None]) -> None:
        """Put each line as it is written, until the pipe is closed."""
        os.set_blocking(pipe.fileno(), False)
        # Kept, so that its number is not another file's while it is read.
        self._pipe, self._put = pipe, put
        written = select.poll()
        written.register(pipe, select.POLLIN)
        self._open.set()
        while self.take():
            written.poll()

    def take(self) -> bool:
        """Put the lines that are written already; return whether there can be more."""
        if not self._open.wait(STOP_WITHIN):
            return False
        with self._lock:
            try:
                while chunk := os.read(self._pipe.fileno(), 1 << 16):
                    *lines, self._rest = (self._rest + chunk).split(b"\n")
                    for line in lines:
                        self._put(line.decode(errors="replace"))
            except BlockingIOError:
                return True
            if self._rest:
                self._put(self._rest.decode(errors="replace"))
                self._rest = b""
            return False


def name_the_exception() -> None:
    """Report a handler's exception by its class, as AWS does: state machines match on it.

    MiniStack calls all of them Runtime.HandlerError; the class stands in the last line of the traceback.
    """
    from ministack.services import lambda_svc

    inner: Callable[..., Response] = lambda_svc._execute_function_warm

    @functools.wraps(inner)
    def execute(*args: object) -> Response:
        response = inner(*args)
        body = response.get("body")
        if (
            response.get("error")
            and isinstance(body, dict)
            and body.get("errorType") == "Runtime.HandlerError"
        ):
            body["errorType"] = _class_of(str(body.get("errorMessage")), str(response.get("log")))
        return response

    lambda_svc._execute_function_warm = execute


def _class_of(message: str, log: str) -> str:
    if message == "Worker process died":
        return "Runtime.ExitError"
    first_line = message.split("\n")[0]
    for line in reversed(log.splitlines()):
        raised = _RAISED.fullmatch(line)
        if raised and (raised["message"] or "") == first_line:
            return raised["type"].rsplit(".", 1)[-1]
    return "Runtime.HandlerError"


def keep_stopped_executions_stopped() -> None:
    """Leave an aborted execution ABORTED when the task that was running fails afterwards."""
    from ministack.services import stepfunctions

    inner: Callable[[dict[str, Any], str, str], None] = stepfunctions._fail_execution

    @functools.wraps(inner)
    def fail(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            inner(execution, error, cause)

    stepfunctions._fail_execution = fail


def read_cors_of_templates() -> None:
    """Understand an HTTP API's CORS configuration as CloudFormation writes it (`AllowOrigins`).

    MiniStack stores a template's spelling but reads the API's (`allowOrigins`): it refuses every preflight.
    """
    from ministack.services import apigateway

    def respelling(inner: Callable[[dict[str, Any], str], Any]) -> Callable[[dict[str, Any], str], Any]:
        @functools.wraps(inner)
        def outer(configuration: dict[str, Any], origin: str) -> Any:
            return inner({key[:1].lower() + key[1:]: value for key, value in configuration.items()}, origin)

        return outer

    apigateway._cors_response_headers = respelling(apigateway._cors_response_headers)
    apigateway._cors_preflight_response = respelling(apigateway._cors_preflight_response)


def reach_distributions_by_path() -> None:
    """Answer `/_aws/cloudfront/{label}/…` as CloudFront's `{label}.cloudfront.net/…`, like APIs.

    MiniStack tells distributions by the host's name, and `*.localhost` does not resolve in every program.
    """
    from ministack import app

    inner: Callable[..., Any] = app._handle_cloudfront_dataplane_request

    @functools.wraps(inner)
    async def handle(host: str, path: str, raw_path: str, *rest: Any) -> Any:
        if (named := _BY_PATH.match(path)) is None:
            return await inner(host, path, raw_path, *rest)
        below = len(named[0]) - 1
        return await inner(f"{named[1]}.cloudfront.net", path[below:], raw_path[below:], *rest)

    app._handle_cloudfront_dataplane_request = handle


def read_streams_from_their_new_beginning() -> None:
    """Let event source mappings of DynamoDB streams read on after a restart.

    MiniStack saves how many records each has read, but not the stream, which begins anew with none: as many
    of the next records would be passed over.
    """
    from ministack.services import lambda_svc

    inner: Callable[[Any, Any], None] = lambda_svc._restore_esm_positions

    @functools.wraps(inner)
    def restore(positions: Any, saved: Any) -> None:
        inner(positions, saved)
        if positions is lambda_svc._dynamodb_stream_positions:
            positions._data.update(dict.fromkeys(positions._data, 0))

    lambda_svc._restore_esm_positions = restore


def snapshot_regularly() -> None:
    """Save the state every few seconds; MiniStack does it at a clean stop alone."""
    from ministack import app
    from ministack.core.persistence import save_all

    saved = queue.Queue[float]()

    def save() -> None:
        began = time.monotonic()
        save_all(app._build_persistence_save_dict())
        saved.put(time.monotonic() - began)

    def run() -> None:
        pause = SNAPSHOT_EVERY
        while True:
            time.sleep(pause)
            # On the server's own loop, so that no request changes what is being written; requests wait
            # meanwhile, at most for a hundredth of the time.
            if (loop := app._MAIN_LOOP) is not None:
                loop.call_soon_threadsafe(save)
                pause = max(SNAPSHOT_EVERY, 100 * saved.get())

    threading.Thread(target=run, name="snapshots", daemon=True).start()


def stop_with_parent() -> None:
    """Stop when the process that started us is gone, however it ended: our standard input closes then."""

    def watch() -> None:
        while sys.stdin.buffer.read(1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_WITHIN)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    main()
