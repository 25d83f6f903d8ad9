"""The form of a new run and the strategies: filled in, refused at its fields, started once, cloned, kept."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.e2e.client import ok, wait
from tests.ui.conftest import PHONE, Market, Open, unreachable

RUN = re.compile(r"#/runs/(bt-\w+)$")


def test_a_run_is_started_from_the_form_once(screen: Open, market: Market) -> None:
    opened = screen("/new?strategy=ema_cross")
    page = opened.page
    preset = market.get("/strategies/ema_cross")
    expect(page.get_by_text(preset["description"])).to_be_visible()
    held = next(s for s in market.get("/market/symbols")["symbols"] if s["symbol"] == "BTC-USDT")["held"][0]
    expect(page.get_by_role("row").filter(has_text="BTC-USDT")).to_contain_text(f"{held['rows']:,}")
    page.get_by_role("checkbox", name="BTC-USDT").check()
    page.get_by_label("Exchange").select_option(market.exchange)
    page.get_by_role("spinbutton", name="slow").fill("30")
    page.get_by_label("Named period").select_option("china_ban_2021")
    expect(page.get_by_role("textbox", name="From")).to_have_value("2021-05-12")
    expect(page.get_by_role("textbox", name="To", exact=False).nth(0)).not_to_have_value("")
    page.get_by_role("heading", name="Costs").click()
    page.get_by_label("Taker fee").fill("5")
    page.get_by_role("heading", name="Risk limits").click()
    page.get_by_role("group", name="Whose risk limits hold").get_by_text("Set here").click()
    daily = page.get_by_label("Max daily loss")
    expect(daily).to_have_value("3")  # the API's default
    daily.fill("")
    page.get_by_label("Name", exact=True).fill("From the form")
    opened.shot("new-run")
    assert opened.axe() == []

    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("From the form")
    expect(page.get_by_role("spinbutton", name="slow")).to_have_value("30")
    sent: list[tuple[str, str]] = []

    def lose_the_first_answer(route: Route) -> None:
        """As a connection that breaks after the request was carried out."""
        request = route.request
        if request.method != "POST":
            route.continue_()
            return
        sent.append((request.headers["idempotency-key"], request.post_data or ""))
        if len(sent) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/backtests", lose_the_first_answer)
    begin = page.get_by_role("button", name="Start the run")
    begin.dblclick()
    expect(page.get_by_role("alert").filter(has_text="The run was not started")).to_be_visible()
    opened.expect_fault("ERR_CONNECTION_RESET")
    begin.click()
    expect(page).to_have_url(RUN)
    assert len(sent) == 2
    assert sent[0] == sent[1]
    run_id = run_of(page)
    named = [r for r in market.get("/backtests", limit=100)["backtests"] if r["name"] == "From the form"]
    assert [run["run_id"] for run in named] == [run_id]
    asked = market.get(f"/backtests/{run_id}/request")
    assert (asked["symbols"], asked["regime"], asked["parameters"]) == (
        ["BTC-USDT"],
        "china_ban_2021",
        {"slow": 30},
    )
    assert (asked["costs"]["taker_fee_bps"], asked["risk"]["max_daily_loss_pct"]) == (5, None)
    assert (asked["risk"]["max_position_risk_pct"], asked["behaviour"]) == (2, None)
    assert wait(market.http, run_id)["status"] == "completed"


def test_what_is_wrong_stands_at_its_field_and_the_first_is_gone_to(screen: Open, market: Market) -> None:
    opened = screen("/new?strategy=ema_cross")
    page = opened.page
    expect(page.get_by_role("spinbutton", name="fast")).to_have_value("12")
    begin = page.get_by_role("button", name="Start the run")
    begin.click()
    symbols = page.get_by_role("textbox", name="Symbols")
    expect(symbols).to_be_focused()
    expect(symbols).to_have_accessible_description("choose at least one")
    symbols.fill("btc/usdt")
    page.keyboard.press("Enter")
    symbols.fill("DOGE-USDT")
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="slow").fill("900")
    begin.click()
    expect(page.get_by_role("spinbutton", name="slow")).to_be_focused()
    expect(page.get_by_role("button", name="parameters.slow")).to_contain_text("900 is out of range")
    page.get_by_role("spinbutton", name="slow").fill("30")
    begin.click()
    expect(symbols).to_be_focused()
    expect(symbols).to_have_accessible_description(re.compile("no candles of DOGE-USDT"))
    page.get_by_role("button", name="Leave DOGE-USDT out").click()
    # Within a fold that is closed.
    page.get_by_role("heading", name="Margin").click()
    page.get_by_label("Leverage").fill("3")
    page.get_by_role("heading", name="Margin").click()
    begin.click()
    expect(page.get_by_label("Funding")).to_be_focused()
    opened.shot("new-run-refused")
    assert opened.axe() == []
    opened.expect_fault("422")
    with unreachable(opened):
        page.get_by_label("Funding").select_option("assumed")
        page.get_by_label("Assumed rate").fill("0")
        begin.click()
        alert = page.get_by_role("alert").filter(has_text="The run was not started")
        expect(alert).to_contain_text("does not answer")
    opened.expect_fault("ERR_CONNECTION_REFUSED")
    assert market.get("/backtests", strategy="ema_cross", tag="none")["backtests"] == []


def test_a_run_is_cloned_into_the_form(screen: Open, market: Market) -> None:
    opened = screen(f"/new?clone={market.other_run}")
    page = opened.page
    expect(page.get_by_role("link", name=market.other_run)).to_be_visible()
    assert page.url.endswith("#/new")
    expect(page.get_by_role("textbox", name="Strategy document")).to_contain_text("EMA cross, half")
    expect(page.get_by_role("spinbutton", name="slow")).to_have_value("60")
    expect(page.get_by_label("Chosen symbols").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("spinbutton", name="slow").fill("61")
    page.get_by_label("Name", exact=True).fill("Cloned")
    page.get_by_role("button", name="Start the run").click()
    expect(page).to_have_url(RUN)
    asked, cloned = (market.get(f"/backtests/{run}/request") for run in (market.other_run, run_of(page)))
    changed = {"name": "Cloned", "parameters": {"fast": 24, "slow": 61}}
    assert cloned == {**asked, **changed}


def test_a_document_is_written_with_help_kept_and_changed(screen: Open, market: Market) -> None:
    opened = screen("/new")
    page = opened.page
    page.get_by_text("Document", exact=True).click()
    editor = page.get_by_role("textbox", name="Strategy document")
    editor.click()
    page.keyboard.type("name: Ui cross\ntriggers:\n- id: a\nen")
    choose(page, "entry")
    page.keyboard.type("close > em")
    choose(page, re.compile(r"^ema ?\(source, period\)"))
    page.keyboard.type("close, 20) and foo > 1")
    page.keyboard.press("Escape")
    flaw = page.get_by_role("button", name="unknown name 'foo'")
    expect(flaw).to_contain_text("line 4")
    expect(page.locator(".cm-lintRange-error")).to_have_text("foo")
    opened.shot("document-errors")
    assert opened.axe() == []
    flaw.click()
    expect(editor).to_be_focused()
    for _ in "foo":
        page.keyboard.press("Delete")
    page.keyboard.type("rsi_14 ")
    expect(page.get_by_text("It can be run")).to_be_visible()
    page.get_by_role("button", name="Save as your own").click()
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Version")).to_have_value("1")
    saved = market.get("/strategies/ui_cross")["document"]
    assert saved["triggers"][0]["entry"] == "close > ema(close, 20) and rsi_14  > 1"

    opened.goto("/strategies?kind=saved")
    page.get_by_role("searchbox").fill("ui_cr")
    page.get_by_role("link", name="Ui cross").click()
    expect(page.get_by_role("textbox", name="Document of the strategy")).to_contain_text("rsi_14")
    page.get_by_role("link", name="Edit").click()
    writing = page.get_by_role("textbox", name="Document of ui_cross")
    expect(writing).to_contain_text("rsi_14")
    ok(market.http.put("/strategies/ui_cross", json={"strategy": {**saved, "description": "theirs"}}))
    writing.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("description: mine")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Somebody saved version 2 meanwhile")).to_be_visible()
    opened.shot("strategy-stale")
    page.get_by_role("button", name="Save this as its version 3").click()
    expect(page.get_by_role("main").get_by_text("mine", exact=True)).to_be_visible()
    assert market.get("/strategies/ui_cross")["document"]["description"] == "mine"
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.get_by_text("theirs", exact=True)).to_be_visible()
    opened.shot("strategy")
    assert opened.axe() == []
    page.get_by_role("link", name="Run it").click()
    expect(page.get_by_label("Version")).to_have_value("2")
    page.go_back()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("#/strategies$"))
    expect(page.get_by_role("link", name="Supertrend")).to_be_visible()
    expect(page.get_by_role("link", name="Ui cross")).to_have_count(0)
    opened.expect_fault("409")


def test_the_form_is_read_on_a_phone(screen: Open, market: Market) -> None:
    del market
    opened = screen("/new?strategy=balanced", size=PHONE)
    expect(opened.page.get_by_role("spinbutton", name="trend")).to_be_visible()
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide == PHONE[0]
    opened.shot("new-run-phone")


def choose(page: Page, option: str | re.Pattern[str]) -> None:
    """Take the completion that is offered first, which is this one."""
    offered = page.get_by_role("option")
    expect(offered.first).to_have_text(option)
    expect(offered.first).to_have_attribute("aria-selected", "true")
    # The editor takes no key for an answer to what it has only just shown.
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")


def run_of(page: Page) -> str:
    found = RUN.search(page.url)
    assert found, page.url
    return found[1]
