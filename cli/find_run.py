"""RUN on a command line: an id, the beginning of one, or `last`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import Api
from cli.errors import BadInputError, NotFoundError
from shared.names import RUN_ID
from shared.responses import RunPage

PAGE = 100
_PREFIX = "bt-"
_SHOWN = 5

RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="The id of a run, the beginning of one, or `last`.", show_default=False
    ),
]


def find_run(api: Api, text: str) -> str:
    """Return the id of the one run that `text` means. Raises NotFoundError, BadInputError.

    A whole id is returned as it is, so that naming one costs no request.
    """
    wanted = text.strip().lower()
    if RUN_ID.fullmatch(wanted):
        return wanted
    if wanted == "last":
        newest = api.get(RunPage, "/backtests", {"limit": 1}).value.backtests
        if not newest:
            raise NotFoundError("there is no backtest yet", hint="start one: stepfold run --help")
        return newest[0].run_id
    prefix = wanted if wanted.startswith(_PREFIX) else _PREFIX + wanted
    found = [
        run
        for page in api.pages(RunPage, "/backtests", {"limit": PAGE})
        for run in page.value.backtests
        if run.run_id.startswith(prefix)
    ]
    if not found:
        raise NotFoundError(f"there is no backtest {text!r}", hint="see them: stepfold list")
    if len(found) > 1:
        shown = ", ".join(run.run_id for run in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise BadInputError(
            f"{text!r} begins the id of {len(found)} backtests: {shown}{more}; write more of it"
        )
    return found[0].run_id
