"""Help: on every command, with examples that are real command lines, within 80 columns."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.errors import CommandError, ExitCode
from cli.main import app
from tests.cli.conftest import Cli
from tests.cli.fake_server import ROUTES

OPENAPI = Path(__file__).parents[2] / "functions" / "api" / "openapi.json"
# The local stack's own commands are documented and tested with the stack.
STACK = ("up", "down", "status")


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with its words; Any because Typer keeps click's classes to itself."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def examples_of(command: Any) -> list[str]:
    return [
        line.strip() for line in (command.epilog or "").splitlines() if line.strip().startswith("stepfold ")
    ]


def parsed(line: str) -> tuple[str, ...]:
    """Parse a command line as the shell and Typer do, without running it; return the command's words."""
    words = shlex.split(line)[1:]
    path = next(path for path in COMMANDS if tuple(words[: len(path)]) == path)
    COMMANDS[path].make_context(" ".join(path), words[len(path) :])
    return path


@pytest.mark.parametrize("path", [path for path in COMMANDS if path[0] not in STACK], ids=" ".join)
def test_every_command_has_help_with_examples_of_itself_and_json(cli: Cli, path: tuple[str, ...]) -> None:
    ran = cli(*path, "--help")

    assert ran.code == 0
    assert "Examples:" in ran.out
    assert "--json" in ran.out
    assert "--api-url" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    examples = [parsed(line) for line in examples_of(COMMANDS[path])]
    assert path in examples


def test_the_first_page_has_examples_and_every_exit_code(cli: Cli) -> None:
    ran = cli("--help")

    assert ran.code == 0
    for line in examples_of(typer.main.get_command(app)):
        parsed(line)
    for code in ExitCode:
        assert re.search(rf"^\s+{int(code)}  \S", ran.out, re.MULTILINE), code


def test_every_kind_of_failure_has_a_code_of_its_own() -> None:
    kinds: list[type[CommandError]] = [CommandError, *CommandError.__subclasses__()]

    assert len({kind.exit_code for kind in kinds}) == len(kinds)


def test_no_command_is_a_usage_error_with_help(cli: Cli) -> None:
    ran = cli()

    assert ran.code == 2
    assert "demo" in ran.out + ran.err


def test_the_fake_serves_paths_that_the_api_has() -> None:
    paths = json.loads(OPENAPI.read_text())["paths"]
    served = {
        (method.lower(), re.sub(r"\{[^}]+\}", "([^/]+)", path))
        for path, methods in paths.items()
        for method in methods
    }

    stores = {("POST", "/store"), ("GET", "/files/(.+)")}
    assert {(method.lower(), path) for method, path in set(ROUTES) - stores} <= served
