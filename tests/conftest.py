from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests.aws import FakeStage, fake_stage
from tests.side_by_side import UnitScheduling, processes, rank

# How long an example takes says more about what else the machine does than about us.
settings.register_profile("stepfold", deadline=None)
settings.load_profile("stepfold")


def pytest_xdist_auto_num_workers() -> int:
    return processes()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> UnitScheduling:
    # It would begin with the unit of the most tests, which are not the longest.
    config.option.loadscopereorder = False
    return UnitScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: rank(item.nodeid))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStage]:
    """An empty stage in moto."""
    with fake_stage(monkeypatch) as opened:
        yield opened
