"""Every case is played by the engine and by the plain reckoning."""

import pytest

from tests.engine.contract.playing import Play, by_engine, by_reckoning

PLAYERS: dict[str, Play] = {"engine": by_engine, "reckoning": by_reckoning}


@pytest.fixture(params=list(PLAYERS))
def play(request: pytest.FixtureRequest) -> Play:
    return PLAYERS[request.param]
