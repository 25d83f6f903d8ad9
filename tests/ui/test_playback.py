"""Stepping through a run: bars and events, the account and the reasons, beside what the API answers."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from tests.ui.conftest import PHONE, Market, Open, Screen, unreachable

# In the middle of the year, with trades before and after.
AT = "2021-06-15T12:00:00Z"


def address(market: Market, **search: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in {"at": AT, **search}.items())
    return f"/runs/{market.run}/playback?{query}"


def opened(screen: Open, market: Market, size: tuple[int, int] = (1280, 720), **search: str) -> Screen:
    shown = screen(address(market, **search), size=size)
    expect(cursor(shown.page)).to_have_text(spoken(AT))
    expect(shown.page.get_by_text("at its close")).to_be_visible()
    return shown


def cursor(page: Page) -> Locator:
    return page.get_by_role("region", name="Candles of").locator("time")


def spoken(iso: str) -> str:
    """A moment as the page writes it."""
    return iso[:16].replace("T", " ")


def money(value: float) -> str:
    return f"{value:,.2f}".replace("-", "−")


def figure(page: Page, label: str) -> Locator:
    return page.get_by_role("region", name="Account").locator(f"div:has(> dt:text-is('{label}')) > dd")


def candles(market: Market, **query: Any) -> list[dict[str, Any]]:
    return list(market.get(f"/backtests/{market.run}/playback/candles", **query)["candles"])


def test_bars_are_stepped_through_with_the_account_as_the_api_has_it(screen: Open, market: Market) -> None:
    shown = opened(screen, market)
    page = shown.page
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/playback/" in request.url else None)
    chart = page.get_by_role("img", name="Chart of BTC-USDT")
    shown.expect_drawn(chart, "up", 200)
    # The average on the price and the oscillator below.
    shown.expect_drawn(chart, "series-2", 100)
    shown.expect_drawn(chart, "series-4", 100)

    after = candles(market, symbol="BTC-USDT", start=AT, limit=12)
    page.keyboard.press("ArrowRight")
    expect(cursor(page)).to_have_text(spoken(after[1]["timestamp"]))
    page.keyboard.press("Shift+ArrowRight")
    bar = after[11]
    expect(cursor(page)).to_have_text(spoken(bar["timestamp"]))
    state = market.get(f"/backtests/{market.run}/playback/state/{bar['timestamp']}")
    expect(page.get_by_role("region", name="Account").get_by_text(spoken(bar["timestamp"]))).to_be_visible()
    expect(figure(page, "Equity")).to_have_text(money(state["equity"]))
    expect(figure(page, "Cash")).to_have_text(money(state["cash"]))
    for position in state["positions"]:
        side = "short" if position["qty"] < 0 else "long"
        expect(page.get_by_text(f"{position['symbol']} {side}")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(bar["timestamp"].replace(":", "%3A"))))

    page.keyboard.press("End")
    last = candles(market, symbol="BTC-USDT", newest=True, limit=1)[0]
    expect(cursor(page)).to_have_text(spoken(last["timestamp"]))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    expect(cursor(page)).to_have_text(spoken(candles(market, symbol="BTC-USDT", limit=1)[0]["timestamp"]))
    limits = [int(found[1]) for request in asked if (found := re.search(r"limit=(\d+)", request.url))]
    assert max(limits) <= 5_000, "no request asks for the whole run"


def test_playing_hides_what_follows_and_putting_the_position_elsewhere_ends_it(
    screen: Open, market: Market
) -> None:
    shown = opened(screen, market)
    page = shown.page
    page.get_by_role("button", name="10×", exact=True).click()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(cursor(page)).not_to_have_text(re.compile("2021-06-15"))
    expect(page.get_by_text("Pause to see which conditions held")).to_be_visible()
    shown.shot("playback-playing")
    slider = page.get_by_role("slider", name="Position in the run")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(cursor(page)).to_have_text(re.compile(r"2021-0[345]"))
    expect(page.get_by_text("at its close")).to_be_visible()


def test_events_are_stepped_filtered_unfolded_and_lead_to_their_bar(screen: Open, market: Market) -> None:
    shown = opened(screen, market, mode="candles")
    page = shown.page
    page.get_by_role("group", name="Step by").get_by_role("button", name="Events").click()
    page.get_by_role("group", name="At the cursor").get_by_role("button", name="Events").click()
    page.get_by_label("Types of events: All types").click()
    page.get_by_label("Fill", exact=True).check()
    page.keyboard.press("Escape")
    fills = market.get(f"/backtests/{market.run}/playback/events", type="fill", start=AT, limit=11)["events"]
    fills = [fill for fill in fills if fill["timestamp"] != AT]
    page.get_by_role("button", name="Next event").click()
    expect(cursor(page)).to_have_text(spoken(fills[0]["timestamp"]))
    listed = page.get_by_role("region", name="Events around the cursor").get_by_role("listitem")
    current = page.locator("li[aria-current=true]")
    expect(current).to_contain_text(fills[0]["symbol"])
    expect(listed.filter(has_text="Order")).to_have_count(0)

    current.get_by_role("button", name="Payload of Fill").click()
    expect(current.get_by_text("decided at")).to_be_visible()
    expect(current.get_by_text(spoken(fills[0]["payload"]["decided_at"]))).to_be_visible()
    shown.shot("playback-events")
    assert shown.axe() == []

    other = next(fill for fill in fills if fill["symbol"] == "ETH-USDT")
    listed.filter(has_text="ETH-USDT").filter(has_text=spoken(other["timestamp"])).get_by_role(
        "button", name=re.compile("^2021")
    ).click()
    expect(page.get_by_role("img", name="Chart of ETH-USDT")).to_be_visible()
    expect(cursor(page)).to_have_text(spoken(other["timestamp"]))


def test_a_bar_says_why_it_traded_or_not(screen: Open, market: Market) -> None:
    fired = market.get(
        f"/backtests/{market.run}/playback/events",
        type="trigger_fired",
        symbol="BTC-USDT",
        start=AT,
        limit=1,
    )["events"][0]
    shown = screen(address(market, at=fired["timestamp"]))
    page = shown.page
    conditions = page.get_by_role("region", name="Conditions at the bar")
    expect(conditions.get_by_text(spoken(fired["timestamp"])).first).to_be_visible()
    expect(conditions.get_by_text("ordered", exact=True)).to_have_count(1)
    why = market.get(f"/backtests/{market.run}/why", at=fired["timestamp"], symbol="BTC-USDT")
    rules = [rule for trigger in why["triggers"] for rule in trigger["rules"]]
    assert {rule["truth"] for rule in rules} == {True, False}
    for rule in rules:
        part = conditions.get_by_role("listitem").filter(has_text=rule["expression"]).first
        expect(part).to_contain_text("✓" if rule["truth"] else "✗")
        for operand in rule["condition"]["parts"]:
            expect(part).to_contain_text(money(operand["value"]) if operand["value"] >= 1000 else "")
    shown.shot("playback")
    assert shown.axe() == []


def test_indicators_are_chosen_and_stay_chosen(screen: Open, market: Market) -> None:
    shown = opened(screen, market)
    page = shown.page
    chart = page.get_by_role("img", name="Chart of BTC-USDT")
    assert shown.drawn(chart, "series-6") < 20
    page.get_by_label("Indicators: Indicators").click()
    page.get_by_label("ATR 14 (below)").check()
    page.keyboard.press("Escape")
    shown.expect_drawn(chart, "series-6", 100)
    page.reload()
    expect(page.get_by_text("at its close")).to_be_visible()
    expect(page.get_by_role("region", name="Candles of").get_by_text("ATR 14")).to_be_visible()


def test_what_cannot_be_played_back_says_so(screen: Open, market: Market) -> None:
    failed = screen(f"/runs/{market.failed_run}/playback")
    expect(failed.page.get_by_text("only a completed run can be played back")).to_be_visible()
    shown = opened(screen, market, size=PHONE)
    shown.shot("playback-phone")
    with unreachable(shown):
        shown.page.get_by_role("slider").press("End")
        expect(shown.page.get_by_text("could not be loaded").first).to_be_visible()
    again = shown.page.get_by_role("button", name="Try again")
    # All at once: one that is pressed goes, and so may its neighbours.
    again.evaluate_all("buttons => buttons.forEach((button) => button.click())")
    expect(again).to_have_count(0)
    expect(cursor(shown.page)).to_have_text("2021-12-31 23:00")
    expect(shown.page.get_by_role("region", name="Account").get_by_text("2021-12-31 23:00")).to_be_visible()
    shown.expect_fault("ERR_CONNECTION_REFUSED")
