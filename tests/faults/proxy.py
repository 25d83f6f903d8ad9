"""What stands between a function and the emulator: it counts requests, and spoils one of them as it is told.

Each function has a proxy of its own on loopback, named in its AWS_ENDPOINT_URL: nothing in the product knows
of it. A proxy passes on what it is sent byte for byte, so that signatures hold.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Service = Literal["s3", "dynamodb", "states", "other"]
_TABLE_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
_WORKFLOW_WRITES = {"StartExecution", "StopExecution"}
# What is another one in each run: ids, tokens, hashes, times.
_OWN = re.compile(r"(bt|im|fe)-[a-z2-7]{26}|[0-9a-f]{16,}|(?<=-)[a-z2-7]{20,}|\d{6,}|(?<=/)[A-P]{8}(?=-USDT)")
_HOP_BY_HOP = {"connection", "keep-alive", "expect", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a function to AWS."""

    number: int
    """Of all requests of its function since the proxy was last armed, from 1."""
    service: Service
    what: str
    """The operation and the kind of object, without what differs from run to run."""
    writes: bool


class Forward:
    """One request that waits in the proxy; an action decides what becomes of it."""

    def __init__(self, handler: _Handler, port: int, request: Request, body: bytes) -> None:
        self.request = request
        self._handler, self._port, self._body = handler, port, body

    @property
    def path(self) -> str:
        return self._handler.path

    def carry_out(self, *, half: bool = False) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send it to the emulator and return the answer; only the first half of the body with `half`."""
        handler = self._handler
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            if half:
                connection.endheaders(self._body[: len(self._body) // 2] or None)
                return 0, [], b""
            connection.endheaders(self._body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        handler = self._handler
        handler.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                handler.send_header(name, value)
        length = {name.lower(): value for name, value in headers}.get("content-length")
        without = handler.command == "HEAD" or status in (204, 304)
        handler.send_header("Content-Length", length if without and length else str(len(body)))
        handler.end_headers()
        if not without:
            handler.wfile.write(body)

    def pass_on(self) -> None:
        """Do what happens to every request that nothing is done to."""
        self.answer(*self.carry_out())

    def drop(self) -> None:
        """Close the connection without an answer."""
        self._handler.close_connection = True

    def refuse(self, status: int) -> None:
        """Answer as AWS does: 500 for a fault of its own, 503 where it is asked too much."""
        if self.request.service == "s3":
            code = "InternalError" if status == 500 else "SlowDown"
            body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
            self.answer(status, [("Content-Type", "application/xml")], body)
            return
        # DynamoDB and Step Functions call throttling a client's fault.
        codes = {"dynamodb": "ProvisionedThroughputExceededException"}
        code = (
            "InternalServerError" if status == 500 else codes.get(self.request.service, "ThrottlingException")
        )
        body = f'{{"__type":"com.amazonaws#{code}","message":"{code}"}}'.encode()
        self.answer(500 if status == 500 else 400, [("Content-Type", "application/x-amz-json-1.0")], body)


Action = Callable[[Forward], None]
Chooser = Callable[[Request], Action | None]


class Proxy:
    """One function's way to the emulator."""

    def __init__(self, emulator_port: int) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.emulator_port = emulator_port
        self._lock = threading.Lock()
        self._choose: Chooser = _nothing
        self._count = 0
        self.seen: list[Request] = []
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def arm(self, choose: Chooser | None = None) -> None:
        """Count from the beginning, and let `choose` name what is done to a request."""
        with self._lock:
            self._choose, self._count, self.seen = choose or _nothing, 0, []

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def handle(self, handler: _Handler, body: bytes) -> None:
        with self._lock:
            self._count += 1
            request = _request(self._count, handler)
            self.seen.append(request)
            action = self._choose(request)
        forward = Forward(handler, self.emulator_port, request, body)
        (action or Forward.pass_on)(forward)


def _nothing(_request: Request) -> Action | None:
    return None


def nth_write(what: str, number: int, action: Action) -> Chooser:
    """Do something to the n-th write of a kind, from 1, and to no other request."""
    writes = 0

    def choose(request: Request) -> Action | None:
        nonlocal writes
        alike = request.writes and request.what == what
        writes += alike
        return action if alike and writes == number else None

    return choose


def each(action: Action, service: Service, *, every: int = 1, most: int | None = None) -> Chooser:
    """Do something to each `every`-th request to a service, at most so often."""
    met = done = 0

    def choose(request: Request) -> Action | None:
        nonlocal met, done
        if request.service != service:
            return None
        met += 1
        if met % every or (most is not None and done >= most):
            return None
        done += 1
        return action

    return choose


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that connections break is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.proxy.handle(self, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815 - the base class's names


def _request(number: int, handler: _Handler) -> Request:
    target = handler.headers.get("X-Amz-Target", "")
    operation = target.partition(".")[2]
    if target.startswith("DynamoDB"):
        return Request(number, "dynamodb", operation, operation in _TABLE_WRITES)
    if target.startswith("AWSStepFunctions"):
        return Request(number, "states", operation, operation in _WORKFLOW_WRITES)
    if target:
        return Request(number, "other", operation, False)
    path, _, query = handler.path.partition("?")
    key = _OWN.sub("*", path.partition("/")[2].partition("/")[2])
    method = "DELETE" if query.startswith("delete") else handler.command
    return Request(number, "s3", f"{method} {key}".strip(), method in ("PUT", "DELETE", "POST"))
