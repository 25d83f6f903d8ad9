"""A real browser on the page of a deployed stack, with candles and runs that all screens share."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import httpx
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
)

from shared.times import parse_time
from tests.e2e.client import completed, import_candles, ok, start, wait
from tests.e2e.conftest import emulator, exchange, stack
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file
from tests.exchange.stand_in import StandIn
from tests.ui.chromium import SCREENSHOTS, UI, launched

__all__ = ["emulator", "exchange", "stack"]

# Held by the exchange and not by the stack: half a year of hours from December 2020.
FETCHABLE = "SOL-USDT"
# Others that it has, for what is asked of it by hand.
LISTED = ("BTC-USDT", "ETH-USDT", "LTC-USDT")
DESKTOP, PHONE = (1280, 720), (390, 844)
# What the page must do within; generous, because the machines of a CI are slow.
PATIENCE_MS = 60_000

Theme = Literal["dark", "light"]


@dataclass(frozen=True)
class Market:
    """Candles on the stack: simulated, or real ones where STEPFOLD_MARKET_DATA names a folder of them."""

    http: httpx.Client
    exchange: str
    symbols: tuple[str, ...]
    start: str
    end: str

    def request(self, **more: Any) -> dict[str, Any]:
        return {
            "symbols": list(self.symbols),
            "timeframe": "1h",
            "exchange": self.exchange,
            "strategy": CROSS,
            "start_date": self.start,
            "end_date": self.end,
            **more,
        }

    @cached_property
    def run(self) -> str:
        """A completed run with a few hundred trades in two symbols."""
        return completed(self.http, self.request(name="EMA cross", tags=["trend"]), key="ui-run")

    @cached_property
    def other_run(self) -> str:
        """A completed run of the same candles with other parameters and costs."""
        parameters = {"fast": 24, "slow": 60}
        costs = {"taker_fee_bps": 2, "slippage_bps": 1}
        request = self.request(name="Slow cross", tags=["trend", "slow"], parameters=parameters, costs=costs)
        return completed(self.http, request, key="ui-other")

    @cached_property
    def failed_run(self) -> str:
        """A run that failed: its candles are of an exchange that nobody can reach."""
        request = {**self.request(name="No candles"), "exchange": "kraken", "symbols": ["BTC-USD"]}
        run = wait(self.http, start(self.http, request, "ui-failed")["run_id"])
        assert run["status"] == "failed", run
        return str(run["run_id"])

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return ok(self.http.get(path, params=query))


@dataclass
class Screen:
    """A page of the UI in a browser, with what went wrong in it."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    """Errors of the page's own; the test fails if any is left at its end."""

    def goto(self, address: str) -> None:
        """Open an address behind the `#`: `/runs?status=failed`."""
        self.page.goto(f"{self.base}#{address}")

    def shot(self, name: str) -> None:
        """Write what is seen to build/screenshots, once in each theme."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        html = self.page.locator("html")
        before = html.get_attribute("data-theme")
        for theme in ("dark", "light"):
            if html.get_attribute("data-theme") != theme:
                self._switch(theme)
            # Charts take the theme's colours up a frame later.
            self.page.wait_for_timeout(150)
            self.page.screenshot(path=SCREENSHOTS / f"{name}-{theme}.png")
        if before == "dark":
            self._switch("dark")

    def _switch(self, theme: str) -> None:
        # Sent to the button itself: it may lie behind a dialog.
        self.page.get_by_role("button", name=theme.capitalize(), exact=True).dispatch_event("click")

    def axe(self) -> list[str]:
        """Return axe-core's serious and critical findings of what is shown now."""
        self.page.evaluate((UI / "node_modules" / "axe-core" / "axe.min.js").read_text())
        found = self.page.evaluate("() => axe.run({resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {[node['html'][:160] for node in violation['nodes']][:3]}"
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]

    def drawn(self, chart: Locator, token: str, near: int = 24) -> int:
        """Count the pixels of a chart's canvases of a token's colour, give or take `near` a channel."""
        count = chart.evaluate(
            """(box, [token, near]) => {
              const probe = document.createElement("canvas").getContext("2d");
              const styles = getComputedStyle(document.documentElement);
              probe.fillStyle = styles.getPropertyValue(`--${token}`).trim();
              probe.fillRect(0, 0, 1, 1);
              const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
              let count = 0;
              for (const canvas of box.querySelectorAll("canvas")) {
                if (canvas.width === 0 || canvas.height === 0) continue;
                const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
                for (let i = 0; i < data.length; i += 4) {
                  if (data[i + 3] > 128 && Math.abs(data[i] - r) <= near
                    && Math.abs(data[i + 1] - g) <= near && Math.abs(data[i + 2] - b) <= near) count += 1;
                }
              }
              return count;
            }""",
            [token, near],
        )
        return int(count)

    def expect_drawn(self, chart: Locator, token: str, at_least: int) -> None:
        """Wait until a chart shows so many pixels of a token's colour: it draws a frame after its box."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while (pixels := self.drawn(chart, token)) < at_least:
            assert time.monotonic() < deadline, f"{pixels} pixels of {token}, {at_least} wanted"
            self.page.wait_for_timeout(50)

    def expect_fault(self, part: str) -> None:
        """Take faults that a test provoked off the list; fails if there was none with these words."""
        kept = [fault for fault in self.faults if part not in fault]
        assert len(kept) < len(self.faults), f"no fault says {part!r}: {self.faults}"
        self.faults[:] = kept


@pytest.fixture(scope="session")
def market(stack: LocalStack, exchange: StandIn) -> Market:
    http = stack.http()
    real = os.environ.get("STEPFOLD_MARKET_DATA")
    # What the exchange lists is kept for an hour: it has to hold this before anybody asks.
    exchange.book.simulate(FETCHABLE, "1h", parse_time("2020-12-01"), parse_time("2021-07-01"))
    for listed in LISTED:
        for timeframe in ("1h", "1d"):
            exchange.book.simulate(listed, timeframe, parse_time("2021-01-01"), parse_time("2021-07-01"))
    if real:
        # Real hours under the names of markets that the stack does not hold yet.
        hours = pq.read_table(
            _real_hours(real, "ETH-USDT"), filters=[("timestamp", "<", parse_time("2021-07-01"))]
        )
        for symbol in (FETCHABLE, *LISTED):
            exchange.book.put(symbol, "1h", {name: hours[name].to_numpy() for name in hours.column_names})
    symbols, start, end = ("BTC-USDT", "ETH-USDT"), "2021-01-01", "2022-01-01"
    for seed, symbol in enumerate(symbols):
        body = (
            _real_hours(real, symbol).read_bytes()
            if real
            else simulated_file(symbol, "1h", start, end, seed + 1)
        )
        entry = import_candles(http, body, "binance", symbol, "1h")
        assert entry["status"] == "completed", entry
    # A run's end names its last day, the candles' the first moment after them.
    return Market(http, "binance", symbols, start, "2021-12-31")


def _real_hours(folder: str, symbol: str) -> Path:
    return next(Path(folder).glob(f"binance_{symbol.replace('-', '')}_1h_*.parquet"))


# Ends with the last test of this folder: meanwhile it has an event loop running, beside which no other runs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with launched() as browser:
        yield browser


Open = Callable[..., Screen]


@pytest.fixture
def screen(browser: Browser, stack: LocalStack) -> Iterator[Open]:
    """Open an address of the page: `screen("/runs", size=PHONE, theme="light")`."""
    contexts: list[tuple[BrowserContext, Screen]] = []

    def open_at(address: str = "/", *, size: tuple[int, int] = DESKTOP, theme: Theme = "dark") -> Screen:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE_MS)
        opened = Screen(context.new_page(), stack.deployment.website_url)
        opened.page.on("console", lambda message: _heard(opened, message))
        opened.page.on("pageerror", lambda error: opened.faults.append(str(error)))
        contexts.append((context, opened))
        opened.goto(address)
        return opened

    yield open_at
    faults = [fault for _, opened in contexts for fault in opened.faults]
    for context, _ in contexts:
        context.close()
    assert faults == []


def _heard(screen: Screen, message: ConsoleMessage) -> None:
    if message.type == "error":
        screen.faults.append(f"{message.text} ({json.dumps(message.location)})")


@contextmanager
def unreachable(screen: Screen) -> Iterator[None]:
    """Let no request of the page reach the API meanwhile, as if it were stopped."""

    def is_api(url: str) -> bool:
        return "/_aws/execute-api/" in url

    screen.page.route(is_api, lambda route: route.abort("connectionrefused"))
    yield
    screen.page.unroute(is_api)
