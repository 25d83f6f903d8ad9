"""Datasets: what is held and how far it can be trusted, fetches, imports, deletion."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.e2e.local_stack import LocalStack
from tests.exchange.faults import Fault
from tests.exchange.stand_in import StandIn
from tests.ui.conftest import PHONE, Market, Open

HELD = "binance.BTC-USDT.1h"
HEADER = "timestamp,open,high,low,close,volume"
HOUR = 3_600_000
BEGIN = 1_609_459_200_000  # 2021-01-01


def candles_file(path: Path, *, bars: int = 200, missing: range = range(0), wrong: int | None = None) -> Path:
    """Write hours around a price of 100; the high of the bar `wrong` lies below its low."""
    rows = [
        f"{BEGIN + hour * HOUR},100,{1 if hour == wrong else 102 + hour % 3},99,101,{5 + hour % 7}"
        for hour in range(bars)
        if hour not in missing
    ]
    path.write_text("\n".join([HEADER, *rows]))
    return path


def words(count: int) -> str:
    return f"{count:,}"


def test_datasets_are_listed_with_what_is_missing_and_filtered(screen: Open, market: Market) -> None:
    opened = screen("/data")
    page = opened.page
    table = page.get_by_role("table", name="Datasets")
    row = table.get_by_role("row").filter(has_text="ETH-USDT").filter(has_text="binance").first
    detail = market.get("/datasets/binance.ETH-USDT.1h")
    expect(row).to_contain_text(words(detail["rows"]))
    expect(row).to_contain_text(f"{words(detail['missing_bars'])} missing")
    expect(row.get_by_role("img")).to_have_attribute("aria-label", re.compile("^held 2021-01-01 – "))
    expect(row).to_contain_text(detail["version"][:8])
    opened.shot("data")
    assert opened.axe() == []
    page.get_by_role("searchbox", name="Search datasets").fill("eth")
    expect(table.get_by_role("row").filter(has_text="BTC-USDT")).to_have_count(0)
    assert "q=eth" in page.url
    phone = screen("/data", size=PHONE, theme="light")
    expect(phone.page.get_by_role("table", name="Datasets")).to_contain_text("binance · 1h")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    phone.shot("data-phone")


def test_a_dataset_shows_its_audit_its_bars_and_what_uses_it(screen: Open, market: Market) -> None:
    run_id = market.run
    opened = screen(f"/data/{HELD}")
    page = opened.page
    detail = market.get(f"/datasets/{HELD}")
    expect(page.get_by_role("heading", name="BTC-USDT 1h")).to_be_visible()
    # The chart is there in pixels, and says the newest bar.
    newest = market.get("/market/candles", symbol="BTC-USDT", timeframe="1h", exchange="binance", limit=1)
    expect(page.get_by_text(f"{newest['candles'][0]['close']:,.2f}").first).to_be_visible()
    chart = page.get_by_role("img", name=re.compile("^Candles of BTC-USDT"))
    opened.shot("dataset")
    assert opened.axe() == []
    opened.expect_drawn(chart, "up", 100)
    opened.expect_drawn(chart, "down", 100)
    # A gap is chosen by the keyboard, and the bars around it come.
    gap = detail["gap_list"][0]
    gaps = page.get_by_role("table", name="Gaps")
    expect(gaps).to_have_attribute("aria-rowcount", str(len(detail["gap_list"]) + 1))
    before = chart.get_attribute("aria-label") or ""
    gaps.get_by_role("row").nth(1).press("Enter")
    expect(page).to_have_url(re.compile(f"at={gap['start'][:10]}"))
    expect(page.get_by_role("textbox", name="Go to")).to_have_value(gap["start"][:16].replace("T", " "))
    expect(chart).not_to_have_attribute("aria-label", before)
    loaded = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", chart.get_attribute("aria-label") or "")
    assert loaded[0] < gap["start"].replace("T", " ") < loaded[1]
    used = page.get_by_role("region", name="Used by")
    expect(used.get_by_role("link").first).to_have_attribute("href", re.compile("#/runs/bt-"))
    # It cannot go while a run needs it; the refusal names the run.
    page.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name=f"Delete {HELD}?")
    question.get_by_role("button", name="Delete").click()
    expect(question.get_by_role("link", name=run_id)).to_be_visible()
    opened.expect_fault("409")
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    # What it is good for: the form, filled with its market.
    page.get_by_role("button", name="Run on it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New run")
    expect(page.get_by_role("checkbox", name="BTC-USDT")).to_be_checked()
    expect(page.get_by_label("Exchange")).to_have_value("binance")
    expect(page.get_by_label("Timeframe", exact=True)).to_have_value("1h")
    expect(page).to_have_url(re.compile("#/new$"))


def test_candles_are_fetched_with_progress_and_go_on_after_a_failure(
    screen: Open, market: Market, exchange: StandIn
) -> None:
    opened = screen("/data?add=fetch&of=binanse.LTCUSDT.1h&since=2021-01-01")
    page = opened.page
    form = page.get_by_role("dialog", name="Fetch from an exchange")
    form.get_by_label("Until").fill("2021-06-29")
    form.get_by_role("button", name="Fetch").click()
    field = form.get_by_label("Exchange")
    expect(field).to_have_accessible_description(re.compile("did you mean binance"))
    opened.shot("fetch-refused")
    assert opened.axe() == []
    opened.expect_fault("422")
    field.fill("binance")
    # The daily candles, then 1,000 hours, then an exchange that has blocked us for two hours.
    exchange.faults[:] = [Fault("reorder")] * 3
    exchange.always = Fault("rate_limit", seconds=7_200)
    form.get_by_role("button", name="Fetch").click()
    job = page.get_by_role("article", name="Fetch binance.LTC-USDT.1h")
    expect(job).to_contain_text("asks for fewer requests")
    expect(job).to_contain_text("goes on from there")
    opened.shot("fetch-failed")
    exchange.faults.clear()
    exchange.always = None
    exchange.delay = 0.15
    job.get_by_role("button", name="Go on").click()
    expect(job.get_by_role("progressbar", name="binance.LTC-USDT.1h is being fetched")).to_be_visible()
    # What was begun is still there after a reload.
    page.reload()
    expect(job).to_contain_text("completed")
    exchange.delay = 0.0
    rows = len(exchange.book.held["LTC-USDT", "1h"]["timestamp"])
    detail = market.get("/datasets/binance.LTC-USDT.1h")
    assert 0 < rows - detail["rows"] <= 48
    expect(job).to_contain_text(f"Held now: {words(detail['rows'])} bars")
    opened.shot("fetch-completed")
    job.get_by_role("link", name="binance.LTC-USDT.1h").click()
    expect(page.get_by_role("region", name="Market")).to_contain_text("10.0 bps")


def test_a_file_is_refused_by_its_lines_or_imported_resampled_and_deleted(
    screen: Open, market: Market, stack: LocalStack, tmp_path: Path
) -> None:
    opened = screen("/data")
    page = opened.page
    file = tmp_path / "ADAUSDT_1h.csv"

    def import_file(path: Path, exchange: str) -> None:
        page.get_by_role("button", name="Import a file").click()
        form = page.get_by_role("dialog", name="Import a file")
        form.get_by_label("File").set_input_files(path)
        expect(form.get_by_label("Symbol")).to_have_value("ADA-USDT")
        expect(form.get_by_label("Timeframe")).to_have_value("1h")
        form.get_by_label("Exchange").fill(exchange)
        form.get_by_role("button", name="Import").click()
        expect(form).to_be_hidden()

    import_file(candles_file(file, wrong=4), "kraken")
    job = page.get_by_role("article", name="Import kraken.ADA-USDT.1h").first
    expect(job).to_contain_text("Nothing of the file was stored")
    expect(job).to_contain_text("in row 5")
    opened.shot("import-refused")
    import_file(candles_file(file, missing=range(9, 12)), "kraken")
    done = page.get_by_role("article", name="Import kraken.ADA-USDT.1h").filter(has_text="completed")
    expect(done).to_contain_text("197 bars came")
    expect(done).to_contain_text("3 missing bars")
    assert market.get("/datasets/kraken.ADA-USDT.1h")["rows"] == 197
    done.get_by_role("link", name="kraken.ADA-USDT.1h").click()
    page.get_by_role("button", name="Resample").click()
    form = page.get_by_role("dialog", name="Resample")
    form.get_by_label("Timeframe").select_option("4h")
    form.get_by_role("button", name="Resample").click()
    made = page.get_by_role("article", name="Resample kraken.ADA-USDT.4h")
    expect(made).to_contain_text("incomplete")
    asked: list[Route] = []  # as if it had taken a long way
    page.route("**/datasets/kraken.ADA-USDT.4h/runs", lambda route: asked.append(route))
    made.get_by_role("link", name="kraken.ADA-USDT.4h").click()
    expect(page.get_by_role("link", name="kraken.ADA-USDT.1h", exact=True)).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("#/data$"))
    # What was being asked of it when it went is no error of the page, and nothing is asked of it again.
    assert len(asked) == 1
    asked[0].continue_()
    page.wait_for_timeout(300)
    assert stack.http().get("/datasets/kraken.ADA-USDT.4h").status_code == 404
