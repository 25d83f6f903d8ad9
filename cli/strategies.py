"""`stepfold strategies`: presets to start from, your own, documents to check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import saved_strategies
from cli.client import Answered, Api, segment
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import BadInputError, CommandError, UsageError
from cli.examples import examples
from cli.output import note, pairs, plain, print_json, print_lines, print_table, table
from cli.pages import read_series
from cli.strategy_files import DocumentFile, is_file_name, load_strategy
from shared.errors import Issue
from shared.responses_market import StrategyAnswer, StrategyCheck, StrategyKind, StrategyList

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        help="Value of a parameter, such as fast=12; repeat it.",
        metavar="NAME=VALUE",
        show_default=False,
    ),
]

app = typer.Typer(
    help="Strategies: presets to start from, keeping and checking your own.", no_args_is_help=True
)


def register(parent: typer.Typer) -> None:
    saved_strategies.register(app)
    parent.add_typer(app, name="strategies")


@app.command("list", epilog=examples("stepfold strategies list", "stepfold strategies list --kind saved"))
def list_strategies(
    kind: Annotated[
        StrategyKind | None,
        typer.Option(help="Only presets, only archetypes, or only your own.", show_default=False),
    ] = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List your own strategies, the last changed first, then presets and archetypes."""
    page_rows = saved_strategies.PAGE
    with connected(api_url) as api:
        answer = read_series(
            api, StrategyList, "/strategies", "strategies", {"kind": kind}, None, page_rows=page_rows
        )
    if as_json:
        print_json(answer.raw)
        return
    shown = table([("strategy", "word"), ("parameters", "word"), ("what it does", "text")])
    for entry in answer.value.strategies:
        name = entry.strategy_id if entry.version is None else f"{entry.strategy_id}@{entry.version}"
        what = entry.description or entry.name
        shown.add_row(name, plain(_defaults(entry.parameters)), plain(what))
    print_table(shown)


@app.command(
    "show",
    epilog=examples("stepfold strategies show ema_cross", "stepfold strategies show my_cross@2 --json"),
)
def show(
    strategy: Annotated[
        str, typer.Argument(help="The id of a preset or of your own; my_cross@2 is its version 2.")
    ],
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print a document as YAML: put it into a file, change it, run or save that."""
    import yaml

    strategy_id, _, version = strategy.partition("@")
    with connected(api_url) as api:
        answer = api.get(StrategyAnswer, f"/strategies/{segment(strategy_id)}", {"version": version or None})
    if as_json:
        print_json(answer.raw)
        return
    text = yaml.safe_dump(answer.value.document, sort_keys=False, allow_unicode=True, width=100)
    print_lines(text.rstrip("\n").split("\n"))


@app.command(
    "validate",
    epilog=examples(
        "stepfold strategies validate my_strategy.yaml",
        "stepfold strategies validate my_strategy.yaml --param fast=12 --json",
    ),
)
def validate(
    file: Annotated[str, typer.Argument(help="A document in YAML or JSON, or the id of a strategy.")],
    parameters: Parameters = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check a strategy without running it; everything that is wrong with it is said at once."""
    source = strategy_named(file)
    with connected(api_url) as api:
        answer = checked(api, source, parameters_of(parameters))
    if as_json:
        print_json(answer.raw)
    check = answer.value
    if not check.valid:
        issues = [Issue(entry.path, entry.message, entry.value, entry.position) for entry in check.errors]
        raise located(source, BadInputError(f"{file} cannot be run:", issues))
    if as_json:
        return
    note(f"{file} can be run.")
    rows = [("warm-up", f"{check.warm_up_bars:,} bars")] if check.warm_up_bars is not None else []
    rows.extend((name, str(value)) for name, value in (check.parameters or {}).items())
    print_table(pairs(rows))


def checked(api: Api, source: str | DocumentFile, parameters: dict[str, Any]) -> Answered[StrategyCheck]:
    """Have the API check a strategy. Raises BadInputError for one that it does not even read."""
    body = {"strategy": wire_strategy(source), "parameters": parameters}
    try:
        return api.post(StrategyCheck, "/strategies/validate", body, repeatable=True)
    except CommandError as error:
        raise located(source, error) from None


def strategy_named(text: str) -> str | DocumentFile:
    """Return what STRATEGY means: a document from a file, or the id of a strategy. Raises BadInputError."""
    return load_strategy(Path(text)) if is_file_name(text) else text


def wire_strategy(source: str | DocumentFile) -> object:
    return source if isinstance(source, str) else source.document


def located(source: str | DocumentFile, error: CommandError) -> CommandError:
    """Return an error with file and line where it is about a document from a file."""
    return error if isinstance(source, str) else source.located(error)


def parameters_of(options: list[str] | None) -> dict[str, Any]:
    """Read `fast=12` as a number, `on=true` as a truth value, anything else as text. Raises UsageError."""
    found: dict[str, Any] = {}
    for option in options or []:
        name, equals, text = option.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise UsageError(f"--param {option}: write NAME=VALUE, such as --param fast=12")
        if name.strip() in found:
            raise UsageError(f"--param {name.strip()} is given twice")
        found[name.strip()] = _scalar(text.strip())
    return found


def _scalar(text: str) -> float | int | bool | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if abs(value) < float("inf"):
            return value
    return text


def _defaults(parameters: dict[str, Any]) -> str:
    return "\n".join(
        f"{name}={entry.get('default') if isinstance(entry, dict) else entry}"
        for name, entry in parameters.items()
    )
