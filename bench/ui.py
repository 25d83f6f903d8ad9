"""How the page feels: `python -m bench.ui`, in a headless Chromium on a stack that is stopped afterwards.

Time until a page can be used, and the times between frames while a run of 132,480 one-minute bars is played
at 10 × and dragged through. With `--page` and `--run` it measures a stack that is up already.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page

from bench import service
from localstack.deploy import deploy
from localstack.emulator import Home, free_port, start, stop
from tests.ui.chromium import launched

BARS = 132_480
SECONDS = 10.0
DRAGS = 24
PATIENCE_MS = 120_000

_FRAMES = """() => {
  const times = window.frames_ = [];
  let last = performance.now();
  const next = (now) => {
    times.push(now - last);
    last = now;
    if (window.frames_ === times) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.ui", description="Measure the web page.")
    parser.add_argument("--page", help="address of the page of a stack that is up")
    parser.add_argument("--run", help="id of a completed run there")
    chosen = parser.parse_args(arguments)
    if chosen.page and chosen.run:
        measure(chosen.page, chosen.run)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        emulator = start(Home.at(Path(folder)), free_port(), tied=True)
        try:
            deployed = deploy(emulator, "local", progress=lambda step: print(f"{step} …"))
            with httpx.Client(base_url=deployed.api_url, timeout=120, trust_env=False) as http:
                run_id = service.completed_run(http, "minutes", BARS)
            measure(deployed.website_url, run_id)
        finally:
            stop(emulator)
    return 0


def measure(address: str, run_id: str) -> None:
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="en-GB")
        page.set_default_timeout(PATIENCE_MS)
        _usable(page, "first load: the history", f"{address}#/runs", "heading", "Runs")
        playback = f"{address}#/runs/{run_id}/playback"
        _usable(page, "the playback, its candles drawn", playback, "button", "Play")
        _frames(page, "at rest", lambda: page.wait_for_timeout(SECONDS * 500))
        _frames(page, "playing at 10 ×", lambda: _play(page))
        _frames(page, "dragging, 88 bars in sight", lambda: _drag(page))
        _zoom_out(page)
        _frames(page, "dragging, a thousand bars in sight", lambda: _drag(page))
        _frames(page, "dragging the position through the run", lambda: _scrub(page))


def _usable(page: Page, what: str, address: str, role: str, name: str) -> None:
    """Print how long it takes from an empty tab until the page can be used."""
    page.goto("about:blank")
    begun = time.perf_counter()
    page.goto(address)
    page.get_by_role(role, name=name, exact=True).first.wait_for()  # type: ignore[arg-type]
    if name == "Play":
        page.get_by_role("status", name="Loading candles").wait_for(state="detached")
    print(f"{what:44} {(time.perf_counter() - begun) * 1e3:8.0f} ms")


def _frames(page: Page, what: str, act: Callable[[], object]) -> None:
    page.evaluate(_FRAMES)
    act()
    times = page.evaluate("() => window.frames_")[1:]
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{what:44} {len(times):6} frames  p50 {statistics.median(times):6.1f}  p95 {p95:6.1f}  "
        f"longest {max(times):6.1f} ms"
    )


def _play(page: Page) -> None:
    page.get_by_role("button", name="10×", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(SECONDS * 1000)
    page.get_by_role("button", name="Pause", exact=True).click()


def _drag(page: Page) -> None:
    """Drag from the right to the left and again, into what is not loaded yet."""
    box = page.get_by_role("img", name="Chart of").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    for _ in range(DRAGS):
        page.mouse.move(box["x"] + 580, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 30, y, steps=24)
        page.mouse.up()


def _zoom_out(page: Page) -> None:
    box = page.get_by_role("img", name="Chart of").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    for _ in range(40):
        page.mouse.wheel(0, 240)
    page.wait_for_timeout(3_000)


def _scrub(page: Page) -> None:
    box = page.get_by_role("slider").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 8, y, steps=200)
    page.mouse.up()
    page.wait_for_timeout(1_000)


if __name__ == "__main__":
    raise SystemExit(main())
