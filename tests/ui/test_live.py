"""What is pushed, in the page: a run is followed without being asked; where nothing is pushed it is asked."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.client import import_candles, start, wait
from tests.e2e.markets import simulated_file, slow_cross
from tests.ui.conftest import PATIENCE_MS, Market, Open, Screen
from tests.ui.traffic import Traffic

MINUTES: dict[str, Any] = {
    # Still under way when the page of it is open, however long that takes on a busy machine.
    "strategy": slow_cross(8),
    "symbols": ["BTC-USDT"],
    "timeframe": "1m",
    "exchange": "pushed",
    "start_date": None,
    "end_date": None,
}


@pytest.fixture(scope="module")
def minutes(market: Market) -> Market:
    body = simulated_file("BTC-USDT", "1m", "2020-01-01", "2021-04-01")
    assert import_candles(market.http, body, "pushed", "BTC-USDT", "1m")["status"] == "completed"
    return market


def begun(market: Market, name: str) -> str:
    request = {key: value for key, value in market.request(**MINUTES, name=name).items() if value is not None}
    return str(start(market.http, request)["run_id"])


def listening(screen: Open) -> tuple[Screen, Traffic]:
    """Return the list of runs, once what happens is pushed to it, and what it asks and is pushed."""
    opened, traffic = screen("/runs"), Traffic()
    traffic.note(opened.page)
    opened.page.reload()
    traffic.wait_until_subscribed(opened.page, PATIENCE_MS / 1000)
    return opened, traffic


def asked(page: Page) -> list[str]:
    """Return the addresses that the page asks from now on."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    return addresses


def test_a_run_is_followed_without_being_asked(screen: Open, minutes: Market) -> None:
    opened, _ = listening(screen)
    page = opened.page
    addresses = asked(page)
    run_id = begun(minutes, "Pushed")
    # Made elsewhere: the list has it without a reload.
    expect(page.get_by_role("row", name=re.compile("Pushed"))).to_be_visible()
    opened.goto(f"/runs/{run_id}")
    fills = page.get_by_role("heading", name="Newest fills, provisional")
    expect(fills).to_be_visible()
    expect(page.get_by_text(re.compile(r"candles, [\d,]+ fills")).first).to_be_visible()
    assert opened.axe() == []
    opened.shot("run-underway")
    # The results take its place by themselves.
    expect(page.get_by_role("navigation", name="Parts of the run")).to_be_visible()
    expect(fills).to_have_count(0)
    # Once as the list draws it, once as its page opens, once as it begins, once as it ends.
    progress = [address for address in addresses if address.endswith(f"/{run_id}/progress")]
    assert len(progress) <= 6, progress


def test_a_run_joins_a_comparison_without_being_asked(screen: Open, minutes: Market) -> None:
    opened, traffic = listening(screen)
    page = opened.page
    completed, run_id = minutes.run, begun(minutes, "Compared")
    opened.goto(f"/compare?ids={completed},{run_id}")
    bar = page.get_by_role("progressbar", name="Progress of Compared")
    expect(bar).to_be_visible()
    shown = time.time()
    expect(bar).to_have_count(0)
    expect(page.get_by_role("link", name="Compared").first).to_be_visible()
    assert traffic.asked_while_pushed(run_id, shown) == []


def test_where_nothing_is_pushed_it_is_asked(screen: Open, minutes: Market) -> None:
    opened = screen("/runs")
    page = opened.page
    page.route_web_socket(re.compile(".*"), lambda socket: socket.close())
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    addresses = asked(page)
    run_id = begun(minutes, "Asked")
    opened.goto(f"/runs/{run_id}")
    expect(page.get_by_role("progressbar")).to_be_visible()
    wait(minutes.http, run_id)
    expect(page.get_by_role("navigation", name="Parts of the run")).to_be_visible()
    assert len([address for address in addresses if address.endswith(f"/{run_id}/progress")]) >= 2
