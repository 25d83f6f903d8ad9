from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import execute
from tests.cli.fake_api import FakeApi
from tests.cli.fake_server import serving


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Parse standard output; that it parses is the purity of `--json`."""
        return json.loads(self.out)


Cli = Callable[..., Ran]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving(FakeApi()) as fake:
        yield fake


@pytest.fixture
def cli(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Cli:
    """Run command lines in this process, in an empty folder, against the fake."""
    for name in ("STEPFOLD_TOKEN", "STEPFOLD_MARKET_DATA", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STEPFOLD_API_URL", api.url)
    monkeypatch.setenv("STEPFOLD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        code = execute(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
