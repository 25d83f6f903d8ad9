"""`stepfold strategies save`, `update`, `versions`, `delete`: strategies that the API keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client import Answered, segment
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import CommandError, ConflictError
from cli.examples import examples
from cli.output import note, plain, print_json, print_lines, print_table, table
from cli.pages import Everything, Limit, read_series, say_more
from cli.strategy_files import load_strategy
from shared.responses_market import StrategyAnswer, StrategyVersions

PAGE = 100  # the API's own limit for a page of a list

File = Annotated[Path, typer.Argument(help="A strategy document in YAML or JSON.")]
Id = Annotated[str, typer.Argument(help="The id of a saved strategy.")]


def register(app: typer.Typer) -> None:
    app.command(
        "save",
        epilog=examples(
            "stepfold strategies save my_strategy.yaml",
            "stepfold strategies save my_strategy.yaml --id my_cross --json",
        ),
    )(save)
    app.command(
        "update",
        epilog=examples(
            "stepfold strategies update my_cross my_strategy.yaml",
            "stepfold strategies update my_cross my_strategy.yaml --if-version 2",
        ),
    )(update)
    app.command(
        "versions",
        epilog=examples(
            "stepfold strategies versions my_cross", "stepfold strategies versions my_cross --all --json"
        ),
    )(versions)
    app.command("delete", epilog=examples("stepfold strategies delete my_cross"))(delete)


def save(
    file: File,
    strategy_id: Annotated[
        str | None,
        typer.Option(
            "--id",
            help="Small letters, digits, _ and -; default: made of the document's name.",
            show_default=False,
        ),
    ] = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Keep a strategy under an id of its own, and print that with its version."""
    source = load_strategy(file)
    body = {"strategy": source.document, **({} if strategy_id is None else {"id": strategy_id})}
    with connected(api_url) as api:
        try:
            answer = api.post(StrategyAnswer, "/strategies", body, repeatable=True)
        except ConflictError as error:
            error.hint = f"here: stepfold strategies update ID {file}, or --id ANOTHER"
            raise
        except CommandError as error:
            raise source.located(error) from None
    _print_kept(answer, as_json)


def update(
    strategy: Id,
    file: File,
    if_version: Annotated[
        int | None,
        typer.Option(help="Only if this is the newest version.", min=1, show_default=False),
    ] = None,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Save the next version of a strategy; a file that says nothing new makes none."""
    source = load_strategy(file)
    body = {"strategy": source.document, **({} if if_version is None else {"if_version": if_version})}
    with connected(api_url) as api:
        try:
            answer = api.put(StrategyAnswer, f"/strategies/{segment(strategy)}", body)
        except ConflictError as error:
            error.hint = f"see the newest: stepfold strategies show {strategy}"
            raise
        except CommandError as error:
            raise source.located(error) from None
    _print_kept(answer, as_json)


def versions(
    strategy: Id,
    limit: Limit = 25,
    everything: Everything = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a saved strategy, newest first; those of a deleted one too."""
    path = f"/strategies/{segment(strategy)}/versions"
    with connected(api_url) as api:
        wanted = None if everything else limit
        answer = read_series(api, StrategyVersions, path, "versions", {}, wanted, page_rows=PAGE)
    if as_json:
        print_json(answer.raw)
        return
    shown = table([("version", "word"), ("saved", "word"), ("parameters", "text"), ("name", "text")])
    for entry in answer.value.versions:
        parameters = " ".join(f"{name}={value}" for name, value in entry.parameters.items())
        saved_at = (entry.updated_at or "")[:16].replace("T", " ")
        shown.add_row(f"{entry.strategy_id}@{entry.version}", saved_at, plain(parameters), plain(entry.name))
    print_table(shown)
    say_more(answer.raw)


def delete(strategy: Id, api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Take a strategy off the list. Its versions stay, for runs name them."""
    with connected(api_url) as api:
        answer = api.delete(f"/strategies/{segment(strategy)}")
    if as_json:
        # The API answers a deletion with no body; this is the least that says what was done.
        print_json({"strategy_id": strategy, "deleted": True} if answer is None else answer)
    else:
        note(f"{strategy} is deleted. Its versions can still be shown and run: {strategy}@1")


def _print_kept(answer: Answered[StrategyAnswer], as_json: bool) -> None:
    if as_json:
        print_json(answer.raw)
        return
    kept = answer.value
    print_lines([f"{kept.strategy_id}@{kept.version}"])
    note(f"Run it: stepfold run {kept.strategy_id} --symbol BTC-USDT --timeframe 1h")
