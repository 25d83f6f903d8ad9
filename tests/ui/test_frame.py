"""What surrounds every page: it loads, says where it is, keeps its theme, and says when the API is gone."""

from __future__ import annotations

import gzip
import json

from playwright.sync_api import expect

from tests.ui.chromium import UI
from tests.ui.conftest import Market, Open, unreachable

FIRST_LOAD_KB = 250


def test_the_page_knows_its_stage_and_keeps_its_theme(screen: Open) -> None:
    opened = screen("/")
    page = opened.page
    expect(page.get_by_role("status").filter(has_text="Stage local")).to_be_visible()
    assert page.url.endswith("#/runs")
    page.get_by_role("button", name="Light", exact=True).click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_an_api_that_is_gone_is_said_and_comes_back(screen: Open, market: Market) -> None:
    del market
    opened = screen("/runs")
    expect(opened.page.get_by_text("Stage local")).to_be_visible()
    with unreachable(opened):
        opened.page.reload()
        expect(opened.page.get_by_role("alert").filter(has_text="does not answer").first).to_be_visible()
        opened.shot("api-stopped")
    expect(opened.page.get_by_text("Stage local")).to_be_visible()
    opened.expect_fault("ERR_CONNECTION_REFUSED")


def test_an_address_that_leads_nowhere_says_so(screen: Open) -> None:
    opened = screen("/nowhere/at/all")
    expect(opened.page.get_by_text("There is no such page")).to_be_visible()


def test_the_first_load_stays_small() -> None:
    """Counts what the entry loads at once, as a server sends it: gzipped."""
    built = UI / "dist"
    manifest = json.loads((built / "manifest.json").read_text())
    wanted, loaded = ["index.html"], set[str]()
    while wanted:
        entry = manifest[wanted.pop()]
        if entry["file"] not in loaded:
            loaded.add(entry["file"])
            wanted += entry.get("imports", [])
    scripts = [built / name for name in loaded if name.endswith(".js")]
    assert scripts
    size = sum(len(gzip.compress(path.read_bytes())) for path in scripts)
    assert size < FIRST_LOAD_KB * 1000
    assert not any(b"lightweight-charts" in path.read_bytes() for path in scripts)
