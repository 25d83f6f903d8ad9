"""An exchange on loopback: speaks the public REST of each that is configured, misbehaves when it is told to.

with stand_in() as exchange:
    exchange.book.simulate("BTC-USD", "1h", start, end)
    exchange.faults.append(Fault("rate_limit", seconds=2))   # of the next request for candles
    … STEPFOLD_EXCHANGE_URLS=exchange.addresses …
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.exchange.binance import BINANCE
from tests.exchange.bitstamp import BITSTAMP
from tests.exchange.candles import Book
from tests.exchange.coinbase import COINBASE
from tests.exchange.faults import Fault, misplaced
from tests.exchange.kraken import KRAKEN
from tests.exchange.shapes import Refused

SPOKEN = {"coinbase": COINBASE, "binance": BINANCE, "kraken": KRAKEN, "bitstamp": BITSTAMP}


@dataclass(slots=True)
class StandIn:
    """What the exchange holds, how it is to misbehave, and what it was asked."""

    book: Book = field(default_factory=Book)
    faults: list[Fault] = field(default_factory=list)
    """One for each of the next requests for candles."""
    always: Fault | None = None
    """What becomes of every request for candles, once `faults` are used up."""
    down: bool = False
    """Whether every connection is dropped, as if there were no exchange."""
    delay: float = 0.0
    """Seconds that every answer takes, as a network's would."""
    asked: list[str] = field(default_factory=list)
    """Paths with their queries, in the order in which they came."""
    url: str = ""

    @property
    def addresses(self) -> str:
        """Return what STEPFOLD_EXCHANGE_URLS is set to."""
        return json.dumps({name: f"{self.url}/{name}" for name in SPOKEN})

    @property
    def candles_asked(self) -> list[str]:
        return [path for path in self.asked if _is_candles(urlsplit(path).path)]

    def fault_of(self, path: str) -> Fault | None:
        if not _is_candles(path):
            return None
        with suppress(IndexError):
            return self.faults.pop(0)
        return self.always


def _is_candles(path: str) -> bool:
    return any(re.search(shape.candles, path) for shape in SPOKEN.values())


@contextmanager
def stand_in(book: Book | None = None) -> Iterator[StandIn]:
    """Serve the exchange on a free port of loopback."""
    exchange = StandIn(book or Book())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body go in two writes; the second must not wait for the first one's receipt.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            exchange.asked.append(self.path)
            if exchange.down:
                self._drop()
                return
            if exchange.delay:
                time.sleep(exchange.delay)
            fault = exchange.fault_of(address.path)
            name, _, path = address.path.lstrip("/").partition("/")
            shape = SPOKEN[name]
            kind = fault.kind if fault else None
            match fault:
                case Fault("rate_limit", seconds):
                    self._send(429, shape.too_many, {"Retry-After": f"{seconds:.0f}"})
                    return
                case Fault("busy"):
                    self._send(503, shape.busy)
                    return
                case Fault("said"):
                    self._send(fault.status, fault.body)
                    return
                case Fault("hang", seconds):
                    time.sleep(seconds)
                case Fault("no_list"):
                    self._send(200, {})
                    return
            try:
                query = parse_qs(address.query)
                answer = shape.answer(
                    exchange.book, f"/{path}", query, lambda rows: misplaced(rows, kind) if kind else rows
                )
            except Refused as refused:
                self._send(refused.status, refused.body)
                return
            self._send(200, answer, broken=kind if kind in ("drop", "malformed") else None)

        def _send(
            self, status: int, body: Any, headers: dict[str, str] | None = None, broken: str | None = None
        ) -> None:
            content = json.dumps(body).encode()
            if broken == "malformed":
                content = content[: len(content) // 2]
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if broken == "drop":
                    self.wfile.write(content[: len(content) // 2])
                    self._drop()
                else:
                    self.wfile.write(content)

        def _drop(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.wfile.flush()
                self.connection.shutdown(2)

        def log_message(self, *_parts: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True  # one that hangs must not keep the tests

        def handle_error(self, *_parts: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        exchange.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield exchange
        finally:
            server.shutdown()
            thread.join()
