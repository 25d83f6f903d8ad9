from __future__ import annotations

import pytest

from tests.infra.synthesis import Synthesised, Template, synthesise


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Synthesised:
    return synthesise(tmp_path_factory.mktemp("synth"))


@pytest.fixture(scope="session")
def prod(synthesised: Synthesised) -> Template:
    """What goes to AWS. That it was synthesised says that cdk-nag has no finding left unanswered."""
    return synthesised.prod


@pytest.fixture(scope="session")
def local(synthesised: Synthesised) -> Template:
    return synthesised.local
