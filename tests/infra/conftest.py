from __future__ import annotations

import pytest

from tests.infra.synthesis import Template, placeholder_zips, start, template


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """All stages that tests look at, synthesised once, two at a time."""
    folder = tmp_path_factory.mktemp("synth")
    zips = str(placeholder_zips(folder / "zips"))
    found: dict[str, Template] = {}
    prod = start({"stage": "prod", "zips": zips}, folder / "prod")
    local = start({"stage": "local"}, folder / "local")
    found["local"] = template(local, folder / "local")
    found["prod"] = template(prod, folder / "prod")
    return found


@pytest.fixture(scope="session")
def prod(templates: dict[str, Template]) -> Template:
    """What goes to AWS. That it was synthesised says that cdk-nag has no finding left unanswered."""
    return templates["prod"]


@pytest.fixture(scope="session")
def local(templates: dict[str, Template]) -> Template:
    return templates["local"]
