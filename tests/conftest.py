from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws import FakeStage, fake_stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStage]:
    """An empty stage in moto."""
    with fake_stage(monkeypatch) as opened:
        yield opened
