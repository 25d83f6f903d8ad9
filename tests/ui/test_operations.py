"""What is going on: executions step by step, changes of status, prices, whether the service stands."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.ui.conftest import Market, Open


def test_workflows_events_and_the_state_of_the_service(screen: Open, market: Market) -> None:
    failed, completed = market.failed_run, market.run
    opened = screen("/operations")
    page = opened.page
    status = market.get("/status")
    expect(page.get_by_text("answers", exact=True)).to_be_visible()
    engine = (
        page.get_by_role("term").filter(has_text=re.compile("^Engine$")).locator("xpath=following::dd[1]")
    )
    expect(engine).to_have_text(status["engine_version"])
    table = page.get_by_role("table", name="Workflows")
    newest = market.get("/workflows", limit=1)["workflows"][0]
    expect(table.get_by_role("row").nth(1)).to_contain_text(newest["status"])
    events = page.get_by_role("list", name="Changes of status")
    expect(events.get_by_role("listitem").filter(has_text="No candles").first).to_contain_text("failed")
    expect(events.locator(f"a[href$='#/runs/{completed}']").first).to_be_visible()
    prices = page.get_by_role("region", name="Latest prices")
    prices.get_by_role("combobox", name="Exchange").select_option("binance")
    prices.get_by_role("textbox", name="Symbols").fill("BTC-USDT, LTC-USDT")
    prices.get_by_role("button", name="Ask").click()
    tick = market.get("/market/ticks", symbols="BTC-USDT", exchange="binance")["ticks"][0]
    expect(prices.get_by_role("row").filter(has_text="BTC-USDT")).to_contain_text(f"{tick['price']:,.2f}")
    doctor = page.get_by_role("region", name="Doctor")
    doctor.get_by_role("button", name="Look").click()
    expect(doctor.get_by_text("all agree")).to_be_visible()
    expect(page.get_by_role("link", name="https://www.tradingview.com/")).to_be_visible()
    page.evaluate("window.scrollTo(0, 0)")
    opened.shot("operations")
    assert opened.axe() == []
    # From the list to the execution of the run that failed, and what it says of each step.
    row = table.get_by_role("row").filter(has_text="No candles")
    row.get_by_role("link", name="backtest").click()
    expect(page).to_have_url(re.compile(f"#/operations/{failed}$"))
    detail = market.get(f"/workflows/{failed}")
    expect(page.get_by_role("alert")).to_contain_text(detail["error"]["detail"])
    steps = page.get_by_role("table", name="Steps")
    entered = {step["state"] for step in detail["history"] if step["type"].endswith("StateEntered")}
    expect(steps.get_by_role("row")).to_have_count(len(entered) + 1)
    expect(steps.get_by_role("row").filter(has_text="RunRejectedError")).to_have_count(1)
    opened.shot("workflow")
    assert opened.axe() == []
    opened.goto("/operations/bt-aaaaaaaaaaaaaaaaaaaaaaaaaa")
    expect(page.get_by_text("There is no such workflow")).to_be_visible()
    opened.expect_fault("404")
