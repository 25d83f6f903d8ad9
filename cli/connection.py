"""Where the API is, and with what token: all that the command line knows of a deployment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.client import Api
from cli.errors import UnreachableError, UsageError

STACK_FILE = Path(".stepfold") / "stack.json"

ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url",
        envvar="STEPFOLD_API_URL",
        help="The API's address; default: the local stack's.",
        show_default=False,
        metavar="URL",
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print the API's answer as JSON."),
]


@contextmanager
def connected(api_url: str | None) -> Iterator[Api]:
    """Open a client of the API at `api_url`, else of the local stack. Raises UnreachableError, UsageError."""
    url = api_url or local_api_url()
    if url is None:
        raise UnreachableError(
            "there is no API to talk to",
            hint="start the local stack with `stepfold up`, or name one: --api-url, or STEPFOLD_API_URL",
        )
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is not the address of an API; write http://… or https://…")
    with Api(url, token=os.environ.get("STEPFOLD_TOKEN") or None) as api:
        yield api


def local_api_url() -> str | None:
    """Return the API's address that the nearest local stack wrote down."""
    return _written("api_url")


def local_website_url() -> str | None:
    """Return the web page's address that the nearest local stack wrote down."""
    return _written("website_url")


def _written(name: str) -> str | None:
    """Return a field of the nearest local stack's record.

    STEPFOLD_HOME names its folder; else it is `.stepfold` in this folder or in one above it, else the one
    that `stepfold up` uses by default.
    """
    from cli.stack import DEFAULT_HOME

    here = Path.cwd()
    home = os.environ.get("STEPFOLD_HOME")
    files = (
        [Path(home) / "stack.json"]
        if home
        else [*(folder / STACK_FILE for folder in (here, *here.parents)), DEFAULT_HOME / "stack.json"]
    )
    for file in files:
        try:
            url = json.loads(file.read_text(encoding="utf-8"))[name]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if isinstance(url, str):
            return url
    return None
