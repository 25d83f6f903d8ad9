"""`stepfold data show`, `versions`, `delete`: how far candles can be trusted, how they changed, their end."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.client import Api, segment
from cli.connection import ApiUrl, AsJson, connected
from cli.data_flags import flag_table
from cli.errors import UsageError
from cli.examples import examples
from cli.figures import minute, number, percent
from cli.output import Kind, note, pairs, print_json, print_table, table
from cli.pages import Everything, Limit, read_series, say_more
from shared.responses_audit import FlagRow, VersionList
from shared.responses_market import DatasetDetail, MarketAnswer

# Of versions; the most that the API answers at once.
PAGE = 100
DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Such as binance.BTC-USDT.1h; `stepfold data list` has them.")
]


def register(parent: typer.Typer) -> None:
    parent.command(
        "show",
        epilog=examples(
            "stepfold data show binance.BTC-USDT.1h", "stepfold data show sim.BTC-USDT.1h --json"
        ),
    )(show)
    parent.command("versions", epilog=examples("stepfold data versions binance.BTC-USDT.1h"))(versions)
    parent.command(
        "delete",
        epilog=examples(
            "stepfold data delete binance.BTC-USDT.1h", "stepfold data delete sim.BTC-USDT.1h --yes"
        ),
    )(delete)


def show(
    dataset: DatasetArgument,
    limit: Annotated[int, typer.Option(min=1, help="Gaps and flags at most; --json has all.")] = 40,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the audit of a dataset: its span, gaps, what is suspicious in it, and where."""
    with connected(api_url) as api:
        answer = api.get(DatasetDetail, f"/datasets/{segment(dataset)}")
    if as_json:
        print_json(answer.raw)
        return
    found = answer.value
    print_table(pairs([*_report(found), *_market(found.market)]))
    rows = [
        FlagRow(kind="gap", start=gap.start, end=gap.end, count=gap.missing, values={})
        for gap in found.gap_list
    ]
    rows += found.audit.flags if found.audit else []
    if rows:
        print_table(flag_table(sorted(rows, key=lambda row: row.start)[:limit]))
    if len(rows) > limit:
        note(f"{len(rows) - limit:,} more: --limit {len(rows)}, or --json")
    if found.audit is None:
        note("These candles are older than audits; the next import or fetch audits all of them.")


def versions(
    dataset: DatasetArgument,
    limit: Limit = 25,
    everything: Everything = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a dataset, the newest first, and what each changed."""
    path = f"/datasets/{segment(dataset)}/versions"
    with connected(api_url) as api:
        wanted = None if everything else limit
        answer = read_series(api, VersionList, path, "versions", {}, wanted, page_rows=PAGE)
    if as_json:
        print_json(answer.raw)
        return
    columns: list[tuple[str, Kind]] = [("no.", "figure"), ("made (UTC)", "word"), ("rows", "figure")]
    columns += [("from", "word"), ("to", "word")]
    shown = table([*columns, ("added", "figure"), ("changed", "figure"), ("removed", "figure")])
    for entry in answer.value.versions:
        changed = (entry.bars_added, entry.bars_changed, entry.bars_removed)
        shown.add_row(
            str(entry.number),
            minute(entry.created_at),
            f"{entry.rows:,}",
            entry.start[:10],
            entry.end[:10],
            *(f"{count:,}" for count in changed),
        )
    print_table(shown)
    say_more(answer.raw)


def delete(
    dataset: DatasetArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Delete a dataset with all its versions; one that a run uses stays. Asks first."""
    with connected(api_url) as api:
        if not yes:
            _ask(api, dataset)
        answer = api.delete(f"/datasets/{segment(dataset)}")
    if as_json:
        print_json({"dataset_id": dataset, "deleted": True} if answer is None else answer)
    else:
        note(f"dataset {dataset} is deleted.")


def _market(market: MarketAnswer | None) -> list[tuple[str, str]]:
    """Return what the exchange publishes of the market, as a run takes it."""
    if market is None:
        return []
    steps = {
        "quantity": market.quantity_step,
        "price": market.price_step,
        "notional from": market.min_notional,
    }
    fees = {"taker": market.taker_fee_bps, "maker": market.maker_fee_bps}
    said = {
        "listed": market.listed[:10] if market.listed else "",
        "steps": ", ".join(f"{name} {value:.10g}" for name, value in steps.items() if value is not None),
        "fees": ", ".join(f"{name} {value:g} bps" for name, value in fees.items() if value is not None),
    }
    return [(name, text) for name, text in said.items() if text]


def _report(found: DatasetDetail) -> list[tuple[str, str]]:
    rows = [
        ("dataset", found.dataset_id + (" (public)" if found.public else "")),
        ("candles", "SIMULATED, no real market" if found.simulated else ""),
        ("version", f"{found.number}, of {minute(found.updated_at)}"),
        ("span", f"{minute(found.start)} to {minute(found.end)} UTC"),
        ("rows", f"{found.rows:,}"),
        ("coverage", percent(found.coverage_pct)),
        ("gaps", f"{found.gaps:,} with {found.missing_bars:,} missing bars" if found.gaps else "none"),
    ]
    audit = found.audit
    if found.kind == "funding":
        every = found.every_hours or 0.0
        missing = f"{found.gaps:,} with {found.missing_bars:,} missing rates" if found.gaps else "none"
        rows[-1:] = [("gaps", missing), ("one each", f"{number(every)} hours, at the end")]
    elif audit is not None:
        rows += [
            ("jumps", f"{audit.jumps:,} beyond {number(audit.jump_atrs)} average true ranges"),
            ("no volume", f"{audit.zero_volume_bars:,} bars"),
            ("flat", f"{audit.flat_bars:,} bars whose high is their low"),
            ("disagree", f"{audit.disagreeing_bars:,} bars with finer candles"),
            ("made of", _made_of(found)),
        ]
    if audit is not None:
        rows += [
            ("put right", f"{audit.duplicates_removed:,} duplicates removed"),
            ("", f"{audit.out_of_order_rows:,} rows out of order"),
        ]
    return [(name, value) for name, value in rows if value]


def _made_of(found: DatasetDetail) -> str:
    if found.made_of is None or found.audit is None:
        return ""
    return f"{found.made_of}, {found.audit.incomplete_bars:,} bars incomplete"


def _ask(api: Api, dataset: str) -> None:
    """Ask whether to delete a dataset, on standard error. Raises UsageError where nobody can answer."""
    found = api.get(DatasetDetail, f"/datasets/{segment(dataset)}").value
    if not sys.stdin.isatty():
        raise UsageError("deleting asks first, and nobody is there to answer", hint="write --yes")
    what = f"{found.rows:,} rows, {found.start[:10]} to {found.end[:10]}"
    note(f"Delete dataset {found.dataset_id} ({what}) with all its versions? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        note("Kept.")
        raise typer.Exit
