"""`stepfold doctor`: whether what the index says is what the store holds and what the workflows do."""

from __future__ import annotations

import typer

from cli.client import Api
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import CheckFailedError
from cli.examples import examples
from cli.output import note, plain, print_json, print_table, table
from shared.responses_market import ConsistencyAnswer, Finding, FindingKind

PAGE = 50
WORDS: dict[FindingKind, str] = {
    "results_damaged": "results damaged",
    "left_behind": "left behind",
    "not_at_work": "not at work",
    "candles_damaged": "candles damaged",
}


def register(parent: typer.Typer) -> None:
    parent.command("doctor", epilog=examples("stepfold doctor", "stepfold doctor --json"))(doctor)


def doctor(api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Compare the index with the store and the workflows; exit code 9 if they disagree.

    Looks at every backtest and dataset of yours: are all files of the results
    there, whole, and no others? Is what says that it runs at work? It changes
    nothing: what can be mended mends itself within half an hour.
    """
    with connected(api_url) as api:
        found = _examined(api)
    if as_json:
        print_json(found.model_dump(exclude={"next_cursor"}))
    else:
        note(f"Looked at {found.runs:,} backtests and {found.datasets:,} datasets.")
        if found.findings:
            _print(found.findings)
    if found.findings:
        raise CheckFailedError(f"{len(found.findings)} do not agree")
    note("The index, the store and the workflows agree.")


def _examined(api: Api) -> ConsistencyAnswer:
    pages = [page.value for page in api.pages(ConsistencyAnswer, "/doctor", {"limit": PAGE})]
    return ConsistencyAnswer(
        runs=sum(page.runs for page in pages),
        datasets=sum(page.datasets for page in pages),
        findings=[finding for page in pages for finding in page.findings],
        next_cursor=None,
    )


def _print(findings: list[Finding]) -> None:
    shown = table([("of", "word"), ("finding", "word"), ("", "text")])
    for finding in findings:
        shown.add_row(plain(finding.about), WORDS[finding.kind], plain(finding.detail))
    print_table(shown)
