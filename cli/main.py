"""`stepfold`: the command line, assembled from one module a noun."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli import (
    breakdowns,
    check,
    data,
    demo,
    diagnostics,
    doctor,
    logs,
    results,
    run,
    runs,
    stack,
    strategies,
    trades,
    why,
)
from cli.errors import MEANINGS, CommandError, ExitCode
from cli.examples import examples
from cli.output import log_as_json, note, report_error

app = typer.Typer(
    name="stepfold",
    help="Backtest crypto strategies, and see why every trade did or did not happen.",
    epilog=examples(
        "stepfold up",
        "stepfold demo",
        "stepfold run ema_cross --symbol BTC-USDT --symbol ETH-USDT --timeframe 1h",
        "stepfold show last",
    )
    + "\n\nExit codes:\n"
    + "\n".join(f"  {int(code):>3}  {meaning}" for code, meaning in MEANINGS.items()),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def everywhere(
    json_logs: Annotated[
        bool,
        typer.Option(
            "--json-logs",
            envvar="STEPFOLD_JSON_LOGS",
            help="Progress, notes and errors as one JSON object a line, on standard error.",
        ),
    ] = False,
) -> None:
    log_as_json(json_logs)


stack.register(app)
doctor.register(app)
logs.register(app)
demo.register(app)
data.register(app)
strategies.register(app)
check.register(app)
run.register(app)
runs.register(app)
results.register(app)
breakdowns.register(app)
diagnostics.register(app)
why.register(app)
trades.register(app)


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. What is known to go wrong is said, without a traceback."""
    try:
        app(list(arguments), prog_name="stepfold")
    except CommandError as error:
        report_error(error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        note("stopped")
        return int(ExitCode.INTERRUPTED)
    except SystemExit as left:
        return (
            left.code
            if isinstance(left.code, int)
            else int(ExitCode.OK if left.code is None else ExitCode.FAULT)
        )
    return int(ExitCode.OK)
