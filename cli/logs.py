"""`stepfold logs`: what the steps of a run's workflow said while they worked."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.connection import ApiUrl, AsJson, connected
from cli.examples import examples
from cli.find_run import RunArgument, find_run
from cli.output import note, print_json, print_lines
from shared.responses import RunLogs


def register(parent: typer.Typer) -> None:
    parent.command("logs", epilog=examples("stepfold logs last", "stepfold logs bt-k3q5 --json"))(logs)


def logs(
    run: RunArgument,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Lines at most.")] = 200,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the log of a run's workflow: each step's lines, with tracebacks where something went wrong.

    Lines arrive some seconds after they were written.
    """
    with connected(api_url) as api:
        run_id = find_run(api, run)
        answer = api.get(RunLogs, f"/backtests/{run_id}/logs", {"limit": limit})
    if as_json:
        print_json(answer.raw)
        return
    for line in answer.value.logs:
        at = line.timestamp.replace("T", " ").rstrip("Z")
        print_lines([f"{at:<23}  {line.step:<8}  {line.level:<7}  {line.message}"])
        if line.exception:
            print_lines(f"    {part}" for part in line.exception.splitlines())
    if not answer.value.logs:
        note("No line yet: they arrive some seconds after they were written.")
