"""Serves the stand-in of the API: which function answers which path, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel

from tests.cli import fake_datasets, fake_runs, fake_strategies
from tests.cli.fake_api import FakeApi, ProblemError, Request, Routes

ROUTES: Routes = {**fake_runs.ROUTES, **fake_strategies.ROUTES, **fake_datasets.ROUTES}


@contextmanager
def serving(api: FakeApi) -> Iterator[FakeApi]:
    """Serve the fake on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, address.path, dict(parse_qsl(address.query)), headers, body)
            api.requests.append(request)
            fault = api.faults.pop(0) if api.faults else None
            if fault is not None and fault.status:
                self._send(fault.status, fault.body, fault.headers)
                return
            try:
                status, answer = answered(api, request)
            except ProblemError as problem:
                status, answer = problem.status, problem.body
            if fault is None:
                self._send(status, answer, {})

        def _send(self, status: int, body: object, headers: Mapping[str, str]) -> None:
            if isinstance(body, BaseModel):
                body = body.model_dump(mode="json")
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_parts: object) -> None:
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 (the server's names)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()


def answered(api: FakeApi, request: Request) -> tuple[int, object]:
    """Carry a request out; return status and body (a model, JSON, bytes or None)."""
    if api.token is not None and request.headers.get("authorization") != f"Bearer {api.token}":
        raise ProblemError(401, "the request carries no verified token")
    for (method, pattern), route in ROUTES.items():
        match = re.fullmatch(pattern, request.path)
        if match and method == request.method:
            return route(api, request, *(unquote(part) for part in match.groups()))
    raise ProblemError(404, f"there is no path {request.path!r}")
