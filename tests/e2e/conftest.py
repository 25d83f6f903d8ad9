"""A stack of the tests' own: its port and its folder are nobody else's, and it ends with the test run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from localstack.deploy import deploy
from localstack.emulator import Emulator, Home, free_port, start, stop
from tests.e2e.local_stack import LocalStack
from tests.exchange.stand_in import StandIn, stand_in


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    # Tied: it ends with this process even if that is killed and no fixture gets to clean up.
    emulator = start(Home.at(tmp_path_factory.mktemp("stack")), free_port(), tied=True)
    yield emulator
    stop(emulator)


@pytest.fixture(scope="session")
def exchange() -> Iterator[StandIn]:
    """The exchange that the stacks find in the place of the real ones."""
    with pytest.MonkeyPatch.context() as monkeypatch, stand_in() as exchange:
        monkeypatch.setenv("STEPFOLD_EXCHANGE_URLS", exchange.addresses)
        yield exchange


@pytest.fixture(scope="session")
def stack(emulator: Emulator, exchange: StandIn) -> Iterator[LocalStack]:
    """Stage `local`: no login, everything belongs to the owner `local`."""
    del exchange  # its address is in the environment that the stage is deployed with
    yield from _deployed(emulator, "local")


@pytest.fixture(scope="session")
def login_stack(emulator: Emulator) -> Iterator[LocalStack]:
    """Stage `test-login`, on the same emulator: Cognito and the JWT authorizer."""
    yield from _deployed(emulator, "test-login")


def _deployed(emulator: Emulator, stage: str) -> Iterator[LocalStack]:
    with closing(LocalStack(emulator, deploy(emulator, stage, progress=_silently))) as stack:
        yield stack


def _silently(_step: str) -> None:
    pass
