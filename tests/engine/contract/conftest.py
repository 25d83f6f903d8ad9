"""Every case is played by the engine and by the plain reckoning."""

import pytest

from engine import Plan
from tests.engine.contract.playing import Play, by_engine, by_reckoning

PLAYERS: dict[str, Play] = {"engine": by_engine, "reckoning": by_reckoning}


@pytest.fixture(params=list(PLAYERS))
def play(request: pytest.FixtureRequest) -> Play:
    if request.param == "engine" and "leverage" not in Plan.__dataclass_fields__:
        pytest.skip("the engine does not simulate this yet")
    return PLAYERS[request.param]
