"""A run's page: what it came to, as the API says it; its tables; its downloads; why there are no results."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.client import every, start
from tests.exchange.stand_in import StandIn
from tests.ui.conftest import FETCHABLE, PHONE, Market, Open, Screen, unreachable
from tests.ui.test_runs import signed


def test_what_a_run_came_to(screen: Open, market: Market) -> None:
    results = market.get(f"/backtests/{market.run}/results")
    opened = screen(f"/runs/{market.run}")
    page = opened.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("EMA cross")
    # The page asks for several things at once, and each has a function to start at first.
    expect(figure(page, "Return")).to_contain_text(signed(results["equity_return_pct"]), timeout=60_000)
    expect(figure(page, "Max. drawdown")).to_contain_text(f"{results['max_drawdown_pct']:.2f} %")
    expect(figure(page, "Average R")).to_contain_text(results["undefined"]["avg_r_multiple"])
    january = results["monthly"][0]["return_pct"]
    months = page.get_by_role("table", name="Returns by month")
    expect(months.get_by_title("Jan 2021")).to_have_text(f"{january:,.1f}".replace("-", "\u2212"))
    expect(page.get_by_role("img", name="Distribution of trades")).to_be_visible()

    chart = page.get_by_role("group", name="Equity, buy and hold, and drawdown")
    for line in ("series-1", "benchmark", "down"):
        opened.expect_drawn(chart, line, 200)
    assert opened.axe() == []
    opened.shot("run-overview")


def test_the_curve_is_finer_where_one_looks_closely(screen: Open, market: Market) -> None:
    curve = market.get(f"/backtests/{market.run}/equity", limit=20_000, format="columns")["equity"]
    opened = screen(f"/runs/{market.run}")
    page = opened.page
    chart = page.get_by_role("group", name="Equity, buy and hold, and drawdown")
    opened.expect_drawn(chart, "series-1", 200)  # before that a key has nothing to act on
    chart.focus()
    with page.expect_response(lambda answer: "/equity" in answer.url and "start=" in answer.url):
        # Quicker than the chart draws: each of them counts.
        chart.evaluate(
            """box => {
                for (let pressed = 0; pressed < 4; pressed++)
                    box.dispatchEvent(new KeyboardEvent("keydown", { key: "+", bubbles: true }));
            }"""
        )
    expect(page.get_by_role("button", name="Whole run")).to_be_visible()
    bar = page.locator("dl", has=page.get_by_role("term").filter(has_text=re.compile("^Bar$")))
    page.keyboard.press("ArrowLeft")

    def stepped() -> list[tuple[str, float]]:
        seen = []
        for _ in range(3):
            page.keyboard.press("ArrowLeft")
            text = re.sub(r"\s+", " ", bar.inner_text())
            found = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d) Equity ([\d,.]+)", text)
            assert found, text
            seen.append((found[1].replace(" ", "T") + ":00Z", float(found[2].replace(",", ""))))
        return seen

    # Each step of the zoom asks for its own part; with the last every bar is there, and neighbours on the
    # chart are neighbours in the run.
    for _ in range(100):
        seen = stepped()
        places = [curve["timestamp"].index(time) for time, _ in seen]
        if places == [places[0], places[0] - 1, places[0] - 2]:
            break
        page.wait_for_timeout(100)
    assert places == [places[0], places[0] - 1, places[0] - 2]
    for place, (_, equity) in zip(places, seen, strict=True):
        assert equity == pytest.approx(curve["equity"][place], abs=0.006)


def test_trades_are_ordered_and_lead_to_their_bars(screen: Open, market: Market) -> None:
    trades = every(market.http, f"/backtests/{market.run}/paired_trades", "paired_trades", limit=1000)
    opened = screen(f"/runs/{market.run}/trades")
    page = opened.page
    expect(page.get_by_role("status").filter(has_text=f"{len(trades)} round trips")).to_be_visible()
    table = page.get_by_role("table", name="Round trips")
    expect(table).to_have_attribute("aria-rowcount", str(len(trades) + 1))
    assert table.get_by_role("row").count() < 80  # drawn only where it is seen
    assert opened.axe() == []
    opened.shot("run-trades")

    table.get_by_role("button", name="P&L").click()
    best = max(trades, key=lambda trade: float(trade["pnl"]))
    first = table.get_by_role("row").nth(1)
    expect(first).to_contain_text(f"+{best['pnl']:,.2f}")
    first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#/runs/{market.run}/playback"))
    at = re.escape(best["entry_timestamp"]).replace(":", "(:|%3A)")
    assert re.search(at, page.url)
    assert f"symbol={best['symbol']}" in page.url


def test_a_set_unfolds_its_legs(screen: Open, market: Market) -> None:
    sets = market.get(f"/backtests/{market.run}/trade_sets", limit=3)["trade_sets"]
    opened = screen(f"/runs/{market.run}/sets")
    page = opened.page
    fold = page.get_by_role("button", name="Legs of set 1", exact=True)
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    legs = page.get_by_role("table", name="Legs of set 1", exact=True).get_by_role("row")
    expect(legs).to_have_count(len(sets[1]["legs"]) + 1)
    for row, leg in enumerate(sets[1]["legs"], 1):
        expect(legs.nth(row)).to_contain_text(leg["side"])
        expect(legs.nth(row)).to_contain_text(leg["timestamp"].replace("T", " ")[:16])
    assert opened.axe() == []
    opened.shot("run-sets")
    fold.click()
    expect(legs).to_have_count(0)


def test_where_it_was_won_what_was_blocked_and_what_was_run(screen: Open, market: Market) -> None:
    results = market.get(f"/backtests/{market.run}/results")
    by_symbol = market.get(f"/backtests/{market.run}/report", tables="by_symbol")["by_symbol"]
    opened = screen(f"/runs/{market.run}/breakdown")
    page = opened.page
    table = page.get_by_role("table", name="By symbol")
    for row in by_symbol:
        line = table.get_by_role("row").filter(has_text=row["symbol"])
        expect(line).to_contain_text(f"{row['pnl']:+,.2f}".replace("-", "\u2212"))
    assert opened.axe() == []
    opened.shot("run-breakdown")

    page.get_by_role("link", name="Risk and data").click()
    for rule in results["triggers"]:
        line = page.get_by_role("table", name="Rules").get_by_role("row")
        line = line.filter(has_text=rule["trigger_id"]).filter(has_text=rule["rule"])
        expect(line).to_contain_text(f"{rule['evaluated']:,}")
    for candles in results["candles"]:
        line = page.get_by_role("table", name="Candles that were read").get_by_role("row")
        expect(line.filter(has_text=candles["symbol"])).to_contain_text(f"{candles['bars']:,}")
    assert opened.axe() == []
    opened.shot("run-risk")

    page.get_by_role("link", name="Configuration").click()
    expect(page.get_by_text(results["fingerprint"])).to_be_visible()
    expect(page.get_by_role("region", name="Costs")).to_contain_text(
        f"{results['request']['taker_fee_bps']:g} bps"
    )
    assert opened.axe() == []
    opened.shot("run-configuration")


def test_a_run_is_taken_away(screen: Open, market: Market, tmp_path: Path) -> None:
    results = market.get(f"/backtests/{market.run}/results")
    opened = screen(f"/runs/{market.run}/fills")
    page = opened.page
    page.get_by_role("button", name="Download").click()
    dialog = page.get_by_role("dialog", name="Download")
    expect(dialog.get_by_role("link", name="equity-0000.parquet")).to_be_visible()
    opened.shot("run-download")
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Fills as CSV").click()
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    with path.open(newline="") as file:
        fills = list(csv.DictReader(file))
    assert len(fills) == results["total_fills"]
    assert sum(float(fill["pnl"]) for fill in fills) == pytest.approx(results["realised_pnl"])

    with page.expect_download() as saved:
        dialog.get_by_role("button", name="HTML report").click()
    report = tmp_path / "report.html"
    saved.value.save_as(report)
    assert "<script" not in report.read_text()
    page.goto(report.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("EMA cross")
    expect(page.get_by_role("img", name="Equity, buy and hold, and drawdown")).to_be_visible()
    expect(page.get_by_text(results["fingerprint"])).to_be_visible()
    assert opened.axe() == []


def test_a_run_is_watched_from_its_page_and_cancelled(
    screen: Open, market: Market, exchange: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "delay", 2.0)
    span = {"symbols": [FETCHABLE], "start_date": "2021-02-10", "end_date": "2021-02-20"}
    run_id = start(market.http, market.request(name="To be cancelled", **span))["run_id"]
    opened = screen(f"/runs/{run_id}")
    page = opened.page
    expect(page.get_by_role("progressbar", name="Progress of To be cancelled")).to_be_visible()
    opened.shot("run-under-way")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("This run was cancelled")).to_be_visible()
    assert market.get(f"/backtests/{run_id}")["status"] == "cancelled"
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page).to_have_url(re.compile("#/runs$"))


def test_a_run_without_results_says_why(screen: Open, market: Market) -> None:
    error = market.get(f"/backtests/{market.failed_run}")["error"]
    opened = screen(f"/runs/{market.failed_run}/trades")
    page = opened.page
    expect(page.get_by_role("alert")).to_contain_text(error["detail"])
    expect(page.get_by_role("link", name="Clone into a new run")).to_be_visible()
    assert opened.axe() == []
    opened.shot("run-failed")

    opened.goto("/runs/bt-gone")
    expect(page.get_by_role("alert")).to_contain_text("There is no run bt-gone")
    opened.expect_fault("404")
    with unreachable(opened):
        opened.goto(f"/runs/{market.other_run}")
        expect(page.get_by_text("The run could not be loaded")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Slow cross")
    opened.expect_fault("ERR_CONNECTION_REFUSED")


def test_a_run_is_read_on_a_phone(screen: Open, market: Market) -> None:
    opened = screen(f"/runs/{market.run}", size=PHONE, theme="light")
    expect(opened.page.get_by_role("table", name="Drawdowns")).to_be_visible()
    assert wide(opened) <= PHONE[0]
    assert opened.axe() == []
    opened.shot("run-phone")


def figure(page: Page, label: str) -> Locator:
    """Return one of the headline figures."""
    exact = page.get_by_role("term").filter(has_text=re.compile(f"^{re.escape(label)}$"))
    return page.locator("dl > div").filter(has=exact).first


def wide(screen: Screen) -> int:
    return int(screen.page.evaluate("document.documentElement.scrollWidth"))
