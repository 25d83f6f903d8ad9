"""A stack of the tests' own: its port and its folder are nobody else's, and it ends with the test run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from localstack.deploy import deploy
from localstack.emulator import Emulator, Home, free_port, start, stop
from shared.times import parse_time
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
def traded(exchange: StandIn) -> StandIn:
    """The exchange with its markets: its lists are kept for an hour, so they are the same for all tests."""
    start, end = parse_time("2021-01-01"), parse_time("2021-03-01")
    for symbol, timeframe in (("BTC-USDT", "5m"), ("SOL-USDT", "1h"), ("ETH-USDT", "1h"), ("LTC-USD", "1h")):
        exchange.book.simulate(symbol, timeframe, start, end)
        exchange.book.simulate(symbol, "1d", start, end)
    return exchange


@pytest.fixture
def listed(traded: StandIn) -> StandIn:
    """The exchange, well and quick again whatever another test made of it."""
    traded.faults.clear()
    traded.always, traded.down, traded.delay = None, False, 0.0
    return traded


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
