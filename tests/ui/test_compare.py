"""Runs side by side: selected in the history, drawn on one scale, with the best marked."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.conftest import PHONE, Market, Open


def test_two_runs_are_selected_and_compared(screen: Open, market: Market) -> None:
    ids = [market.run, market.other_run]
    first, second = (market.get(f"/backtests/{run}") for run in ids)
    opened = screen("/runs?tag=trend")
    page = opened.page
    for run in (first, second):
        page.get_by_role("checkbox", name=f"Select {run['name']} to compare").check()
    page.reload()
    expect(page.get_by_role("region", name="Selection")).to_contain_text("2 selected")
    page.get_by_role("link", name="Compare").click()

    chart = page.get_by_role("group", name="Equity of 2 runs")
    expect(chart).to_be_visible()
    opened.expect_drawn(chart, "series-1", 300)
    opened.expect_drawn(chart, "series-2", 150)  # dashed
    assert opened.drawn(chart, "series-3") == 0

    answer = market.get("/backtests/compare", ids=",".join(ids))
    table = page.get_by_role("table", name="Metrics side by side")
    for label, name, best in (
        ("Sharpe ratio", "sharpe_ratio", max),
        ("Max. drawdown", "max_drawdown_pct", min),
    ):
        values = answer["metrics"][name]
        row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=label, exact=True))
        for place, value in enumerate(values):
            cell = row.get_by_role("cell").nth(place)
            expect(cell).to_contain_text(f"{abs(value):.2f}")
            expect(cell.get_by_text("best")).to_have_count(1 if value == best(values) else 0)
    different = page.get_by_role("table", name="Differences: Run")
    expect(different.get_by_role("row").filter(has_text="parameters.fast")).to_contain_text("24")
    expect(different.get_by_role("row").filter(has_text="taker_fee_bps")).to_contain_text("2")
    assert opened.axe() == []
    opened.shot("compare")


def test_the_curves_are_read_at_the_cursor_and_by_keyboard(screen: Open, market: Market) -> None:
    opened = screen(f"/compare?ids={market.run},{market.other_run}")
    page = opened.page
    legend = page.get_by_role("list", name="Runs that are compared")
    expect(legend).to_contain_text("EMA cross")
    chart = page.get_by_role("group", name="Equity of 2 runs")
    expect(page.get_by_text("at the end of each")).to_be_visible()
    at_end = legend.inner_text()
    chart.hover()
    expect(page.get_by_text("at the end of each")).to_be_hidden()
    assert legend.inner_text() != at_end
    page.mouse.move(5, 5)
    expect(page.get_by_text("at the end of each")).to_be_visible()
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("2021-01-01 00:00")).to_be_visible()
    page.get_by_label("From one start").check()
    assert "align=start" in page.url


def test_what_cannot_be_compared_is_said(screen: Open, market: Market) -> None:
    gone = "bt-" + "a" * 26
    opened = screen(f"/compare?ids={market.run},{gone},{market.failed_run},{market.other_run}")
    page = opened.page
    expect(page.get_by_text(f"There is no run {gone}")).to_be_visible()
    expect(page.get_by_text("failed: it has no results")).to_be_visible()
    # The others are compared, and keep their letters.
    expect(page.get_by_role("columnheader", name="D Slow cross").first).to_be_visible()
    page.get_by_role("button", name="Leave it out").first.click()
    expect(page.get_by_text("There is no run")).to_be_hidden()
    assert gone not in page.url
    opened.expect_fault("404")

    opened.goto(f"/compare?ids={market.run}")
    expect(page.get_by_text("One run is nothing to compare with")).to_be_visible()
    opened.goto("/compare")
    expect(page.get_by_text("Nothing to compare yet")).to_be_visible()


def test_a_comparison_is_read_on_a_phone(screen: Open, market: Market) -> None:
    opened = screen(f"/compare?ids={market.run},{market.other_run}", size=PHONE)
    expect(opened.page.get_by_role("table", name="Metrics side by side")).to_be_visible()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    opened.shot("compare-phone")
