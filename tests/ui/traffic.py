"""How a page comes to know what it shows: what it asks of the API, and what it is pushed."""

from __future__ import annotations

import json
import time
from typing import Any

from playwright.sync_api import Page, Request, WebSocket

API = "/_aws/execute-api/"


class Traffic:
    """Notes both, each with its moment."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str]] = []
        self.pushed: list[tuple[float, dict[str, Any]]] = []
        self.sockets = 0
        self.closed = 0

    def note(self, page: Page) -> None:
        """Begin; of a page's sockets those are noted that it opens from now on."""
        page.on("request", self._request)
        page.on("websocket", self._opened)

    def wait_until_subscribed(self, page: Page, seconds: float) -> None:
        """Raise AssertionError if the page does not listen within this time."""
        deadline = time.monotonic() + seconds
        while not self.subscribed():
            assert time.monotonic() < deadline, f"never subscribed: {self.pushed}"
            page.wait_for_timeout(50)

    def subscribed(self) -> bool:
        return any(message["type"] == "subscribed" for _, message in self.pushed)

    def progress_of(self, run_id: str) -> list[tuple[float, dict[str, Any]]]:
        return [
            (at, message)
            for at, message in self.pushed
            if message["type"] == "progress" and message["run_id"] == run_id
        ]

    def asked_while_pushed(self, run_id: str, since: float) -> list[str]:
        """Return what was asked of runs while one was simulated: from its first progress since a moment on.

        As it opens, and when it is told that the run begins or ends, a page asks; now and then it asks
        whether the API is there. Raises AssertionError where too little was pushed to tell.
        """
        heard = [(at - since, message["current_phase"]) for at, message in self.progress_of(run_id)]
        moments = [since + at for at, phase in heard if at > 0 and phase == "simulating"]
        assert len(moments) >= 2, f"too little was pushed of {run_id}: {heard}"
        return [url for at, url in self.asked if moments[0] < at < moments[-1] and "/backtests" in url]

    def _request(self, request: Request) -> None:
        if API in request.url:
            self.asked.append((time.time(), request.url))

    def _opened(self, socket: WebSocket) -> None:
        self.sockets += 1
        socket.on("framereceived", self._frame)
        socket.on("close", self._close)

    def _frame(self, text: str | bytes) -> None:
        self.pushed.append((time.time(), json.loads(text)))

    def _close(self, _socket: WebSocket) -> None:
        self.closed += 1
