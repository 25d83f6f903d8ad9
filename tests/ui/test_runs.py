"""The history of runs: what the API says of them, labels in place, live progress, cancel, delete."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.client import start, wait
from tests.exchange.stand_in import StandIn
from tests.ui.conftest import FETCHABLE, PHONE, Market, Open, Screen


def test_the_history_is_filtered_by_the_server_and_ordered_by_the_page(screen: Open, market: Market) -> None:
    runs = [market.get(f"/backtests/{run}") for run in (market.run, market.other_run)]
    opened = screen("/runs?tag=trend")
    rows = opened.page.get_by_role("row")
    for run in runs:
        row = row_of(opened, run["name"])
        expect(row).to_contain_text("completed")
        expect(row).to_contain_text(f"{run['total_trades']:,}")
        expect(row).to_contain_text(f"{abs(run['max_drawdown_pct']):.2f} %")
        expect(row).to_contain_text(signed(run["equity_return_pct"]))
    assert opened.axe() == []

    opened.page.get_by_role("columnheader", name="Sharpe").get_by_role("button").click()
    # All of the tag, whichever tests made some before.
    tagged = market.get("/backtests", tag="trend")["backtests"]
    best, worst = sorted(tagged, key=lambda run: -float(run["sharpe_ratio"]))[:2]
    expect(rows.nth(1)).to_contain_text(best["name"])
    expect(rows.nth(2)).to_contain_text(worst["name"])
    expect(opened.page.get_by_text("ordered by Sharpe")).to_be_visible()

    opened.page.get_by_role("combobox", name="Tag").fill("slow")
    opened.page.keyboard.press("Enter")
    slow = [run for run in tagged if "slow" in run["tags"]]
    expect(rows).to_have_count(1 + len(slow))  # with the head
    assert "tag=slow" in opened.page.url
    opened.page.get_by_role("button", name="Clear filters").click()
    opened.page.get_by_role("searchbox").fill("slow cross")
    expect(opened.page.get_by_text(re.compile(r"^\d+ of "))).to_be_visible()
    texts = rows.all_inner_texts()[1:]
    assert texts
    assert all("slow" in text.lower() and "cross" in text.lower() for text in texts)
    row_of(opened, "Slow cross").get_by_role("cell", name="2021-01-01").click()
    expect(opened.page).to_have_url(re.compile(f"#/runs/{market.other_run}$"))


def test_a_filter_that_the_api_refuses_is_answered_in_its_words(screen: Open, market: Market) -> None:
    del market
    opened = screen("/runs?symbol=nonsense!")
    expect(opened.page.get_by_role("alert")).to_contain_text("is not a symbol; write BTC-USDT")
    opened.expect_fault("422")


def test_name_tags_and_notes_are_edited_where_they_stand(screen: Open, market: Market) -> None:
    run_id = started(market, "First name", tags=["labels"])
    opened = screen("/runs?tag=labels")
    edit(row_of(opened, "First name"), "name", "Second name")
    row = row_of(opened, "Second name")
    expect(row.get_by_role("button", name="Edit name")).to_be_focused()
    edit(row, "notes", "Too deep a drawdown")
    expect(row).to_contain_text("Too deep a drawdown")
    edit(row, "tags", "labels, kept")
    expect(row.get_by_role("link", name="kept")).to_be_visible()
    run = market.get(f"/backtests/{run_id}")
    assert (run["name"], run["notes"], run["tags"]) == (
        "Second name",
        "Too deep a drawdown",
        ["labels", "kept"],
    )

    edit(row, "tags", "x" * 41)  # one more letter than a tag may have
    expect(opened.page.get_by_role("alert")).to_contain_text("keeps its old tags")
    expect(row.get_by_role("link", name="kept")).to_be_visible()
    opened.expect_fault("422")


def test_a_run_is_seen_to_progress_and_to_end(
    screen: Open, market: Market, exchange: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "delay", 0.7)
    run_id = fetching(market, "Watched", "2021-01-10")
    opened = screen("/runs?tag=fetching")
    asked: list[str] = []
    opened.page.on("request", lambda request: asked.append(request.url))
    row = row_of(opened, "Watched")
    expect(row.get_by_role("progressbar", name="Progress of Watched")).to_be_visible()
    expect(row.get_by_role("button", name="Cancel Watched")).to_be_visible()
    opened.shot("runs-live")
    exchange.delay = 0.0
    expect(row).to_contain_text("completed", timeout=60_000)
    run = market.get(f"/backtests/{run_id}")
    expect(row).to_contain_text(signed(run["equity_return_pct"]))

    assert any(url.endswith(f"/{run_id}/progress") for url in asked)
    asked.clear()
    opened.page.wait_for_timeout(2_500)
    assert [url for url in asked if "/backtests" in url] == []  # nothing is under way: nothing is asked


def test_a_run_is_cancelled_and_deleted(
    screen: Open, market: Market, exchange: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "delay", 2.0)
    run_id = fetching(market, "Too slow", "2021-04-10")
    opened = screen("/runs?tag=fetching")
    row = row_of(opened, "Too slow")
    row.get_by_role("button", name="Cancel Too slow").click()
    expect(row).to_contain_text("cancelled")
    assert market.get(f"/backtests/{run_id}")["status"] == "cancelled"

    row.get_by_role("button", name="Delete Too slow").click()
    question = opened.page.get_by_role("dialog", name="Delete Too slow?")
    opened.page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    row.get_by_role("button", name="Delete Too slow").click()
    question.get_by_role("button", name="Delete it").click()
    expect(row).to_have_count(0)
    assert market.http.get(f"/backtests/{run_id}").status_code == 404


def test_why_a_run_failed_stands_in_its_row(screen: Open, market: Market) -> None:
    error = market.get(f"/backtests/{market.failed_run}")["error"]
    opened = screen("/runs?status=failed")
    expect(row_of(opened, "No candles")).to_contain_text(error["detail"])
    opened.shot("runs-failed")


def test_the_history_is_read_on_a_phone(screen: Open, market: Market) -> None:
    run = market.get(f"/backtests/{market.run}")
    assert market.other_run
    opened = screen("/runs", size=PHONE)
    card = opened.page.get_by_role("listitem", name=run["name"])
    expect(card).to_contain_text(signed(run["equity_return_pct"]))
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE[0]
    assert opened.axe() == []
    opened.shot("runs-phone")


def row_of(screen: Screen, name: str) -> Locator:
    box = screen.page.get_by_role("checkbox", name=f"Select {name} to compare", exact=True)
    return screen.page.get_by_role("row").filter(has=box)


def edit(row: Locator, what: str, text: str) -> None:
    row.hover()
    row.get_by_role("button", name=f"Edit {what}").click()
    row.page.keyboard.type(text)
    # It is shown before the API has it.
    with row.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        row.page.keyboard.press("Enter")


def signed(value: float) -> str:
    """Write a return as the page does, with a sign that is a minus and no hyphen."""
    return f"{value:+,.2f} %".replace("-", "\u2212")


def started(market: Market, name: str, **more: Any) -> str:
    """Start a run over few candles and wait for its end."""
    request = market.request(name=name, end_date="2021-01-10", **more)
    return str(wait(market.http, start(market.http, request)["run_id"])["run_id"])


def fetching(market: Market, name: str, first: str) -> str:
    """Start a run that has to fetch its candles first, and so takes as long as the exchange lets it."""
    last = first.replace("-10", "-20")
    request = market.request(
        name=name, tags=["fetching"], symbols=[FETCHABLE], start_date=first, end_date=last
    )
    return str(start(market.http, request)["run_id"])
