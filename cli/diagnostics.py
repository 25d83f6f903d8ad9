"""`stepfold diagnostics`: what became of each rule, and which limits stood in its way."""

from __future__ import annotations

from collections import Counter

import typer

from cli.connection import ApiUrl, AsJson, connected
from cli.examples import examples
from cli.find_run import RunArgument, find_run
from cli.output import note, plain, print_json, print_table, table
from shared.responses_results import ResultsAnswer, TriggerRow


def register(parent: typer.Typer) -> None:
    parent.command(
        "diagnostics", epilog=examples("stepfold diagnostics last", "stepfold diagnostics bt-k3q5 --json")
    )(diagnostics)


def diagnostics(run: RunArgument, api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Show how often each rule was looked at, was true, became a trade, or was
    blocked and by what. With --json: the part `triggers` of the results."""
    with connected(api_url) as api:
        run_id = find_run(api, run)
        answer = api.get(ResultsAnswer, f"/backtests/{run_id}/results")
    if as_json:
        print_json({"run_id": run_id, "triggers": answer.raw["triggers"]})
        return
    rows = answer.value.triggers
    if not rows:
        note("This run does not tell: it was made before rules were counted. Run it again.")
        return
    shown = table(
        [
            ("trigger", "text"),
            ("rule", "word"),
            ("evaluated", "figure"),
            ("fired", "figure"),
            ("executed", "figure"),
            ("blocked", "figure"),
        ]
    )
    for row in rows:
        counts = (row.evaluated, row.fired, row.executed, sum(row.blocked.values()))
        shown.add_row(plain(row.trigger_id), plain(row.rule), *(f"{count:,}" for count in counts))
    print_table(shown)
    _print_blocks(rows)
    note(f"Each of them: stepfold events {run_id[:11]} --type trade_blocked")


def _print_blocks(rows: list[TriggerRow]) -> None:
    """Print what blocked most first, and whom."""
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update({reason: count for reason, count in row.blocked.items() if count})
    if not reasons:
        note("No decision was blocked.")
        return
    shown = table([("blocked by", "word"), ("decisions", "figure"), ("of", "text")])
    for reason, total in reasons.most_common():
        whom = ", ".join(
            f"{row.trigger_id} {row.rule} {row.blocked[reason]:,}" for row in rows if row.blocked.get(reason)
        )
        shown.add_row(plain(reason.replace("_", " ")), f"{total:,}", plain(whom))
    print_table(shown)
