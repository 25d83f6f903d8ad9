"""The page of a run in a browser of its own: what it shows, and how it came to know it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.e2e.local_stack import LocalStack
from tests.long.sightings import Sighting
from tests.ui.chromium import launched
from tests.ui.traffic import Traffic

PATIENCE = 60.0
_SIZE: ViewportSize = {"width": 1280, "height": 900}
# Percent at which a picture of the page is taken.
PICTURES = (25, 60)
# The page itself notes what it shows, each time that this is something else.
_NOTE = """
window.shownProgress = [];
new MutationObserver(() => {
  const bar = document.querySelector("main [role=progressbar]");
  const fact = (name) =>
    [...document.querySelectorAll("main dl div")]
      .find((row) => row.querySelector("dt")?.textContent === name)
      ?.querySelector("dd")?.textContent;
  const phase = fact("Phase");
  if (!bar || phase === undefined) return;
  const now = { percent: bar.parentElement.textContent, phase, candles: fact("Candles") };
  const last = window.shownProgress.at(-1);
  if (last && ["percent", "phase", "candles"].every((name) => last[name] === now[name])) return;
  window.shownProgress.push({ at: Date.now(), ...now });
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""


class WatchedPage:
    """Opens the list of runs, then the page of one, and stays on it until its results are shown."""

    def __init__(self, stack: LocalStack, folder: Path) -> None:
        self._base, self._folder = stack.deployment.website_url, folder
        self._run_id = ""
        self._chosen, self.given_up = threading.Event(), threading.Event()
        self.traffic = Traffic()
        self.faults: list[str] = []
        self.seen: list[Sighting] = []
        self.results = ""
        """The text of the page once the run is over."""

    def look_at(self, run_id: str) -> None:
        self._run_id = run_id
        self._chosen.set()

    def run(self) -> None:
        """Do it all; the browser belongs to the thread that calls this."""
        with launched() as browser:
            page = browser.new_page(viewport=_SIZE, locale="en-GB", reduced_motion="reduce")
            page.set_default_timeout(PATIENCE * 1000)
            self._open(page)
            self._follow(page)

    def _open(self, page: Page) -> None:
        page.add_init_script(_NOTE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda message: self.faults.append(message.text) if message.type == "error" else None,
        )
        self.traffic.note(page)
        page.goto(f"{self._base}#/runs")
        self.traffic.wait_until_subscribed(page, PATIENCE)

    def _follow(self, page: Page) -> None:
        while not self._chosen.is_set():
            assert not self.given_up.is_set(), "no run was chosen"
            page.wait_for_timeout(20)
        page.goto(f"{self._base}#/runs/{self._run_id}")
        parts, wanted = page.get_by_role("navigation", name="Parts of the run"), list(PICTURES)
        while not parts.is_visible():
            assert not self.given_up.is_set(), f"the page shows no results: {_text(page)}"
            page.wait_for_timeout(100)
            last = page.evaluate("window.shownProgress.at(-1)")
            if wanted and last and _percent(last["percent"]) >= wanted[0]:
                self._picture(page, f"long-{wanted.pop(0)}")
        self.seen = [_sighting(each) for each in page.evaluate("window.shownProgress")]
        page.get_by_text("Final equity").first.wait_for()
        page.get_by_role("group", name="Equity, buy and hold").wait_for()
        self.results = _text(page)
        self._picture(page, "long-results")

    def wrong(self, results: Mapping[str, Any]) -> list[str]:
        """Return what must not have been: other results, what was not pushed or was asked for, an error."""
        pushed = {message["processed_candles"] for _, message in self.traffic.progress_of(self._run_id)}
        wrong = [f"an error: {fault}" for fault in self.faults]
        shown = (f"{results['total_trades']:,}", f"{results['total_fills']:,} fills")
        wrong += [f"the results lack {figure!r}" for figure in shown if figure not in self.results]
        if unknown := [each.candles for each in self.seen if each.candles and each.candles not in pushed]:
            wrong.append(f"it shows {unknown}, which was never pushed")
        if self.traffic.sockets != 1 or self.traffic.closed:
            wrong.append(f"{self.traffic.sockets} sockets, {self.traffic.closed} of them closed early")
        if asked := self.traffic.asked_while_pushed(self._run_id, self.seen[0].at):
            wrong.append(f"while the progress was pushed it asked {asked}")
        return wrong

    def _picture(self, page: Page, name: str) -> None:
        page.screenshot(path=self._folder / f"{name}.png")


def _text(page: Page) -> str:
    return page.locator("main").inner_text()


def _sighting(shown: dict[str, Any]) -> Sighting:
    done = re.sub(r"\D", "", shown["candles"].partition(" of ")[0])
    return Sighting(shown["at"] / 1000, _percent(shown["percent"]), shown["phase"], int(done))


def _percent(text: str) -> float:
    """Read what stands beside the bar; nothing stands there while the run waits for its turn."""
    return float(text.removesuffix("%").strip() or 0)
