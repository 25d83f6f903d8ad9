"""`stepfold data`: the candles that are held."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import data_audit
from cli.candle_files import CandleFile, dataset_of, import_candles, resample_candles
from cli.client import Answered, Api
from cli.connection import ApiUrl, AsJson, connected
from cli.errors import BadInputError, UsageError
from cli.examples import examples
from cli.fetching import fetch_candles
from cli.figures import minute
from cli.output import Kind, note, pairs, plain, print_json, print_table, table
from cli.simulated_market import simulate_market
from cli.terms import TIMEFRAME_HELP
from shared.names import FUNDING, SIMULATED_EXCHANGE, DatasetName
from shared.requests import Timeframe
from shared.responses_market import DatasetAnswer, DatasetList, FetchAnswer, ImportAnswer, RegimeList
from shared.times import parse_time
from shared.venues import VENUES

SIMULATED_NOTE = "These candles are SIMULATED: generated from a seed, not the prices of any market."

# What a report of an import counts, and what it means.
_PUT_RIGHT = (
    ("duplicates_removed", "rows that were equal to another"),
    ("out_of_order_rows", "rows that stood after a later one"),
)
_SUSPICIOUS = (
    ("jumps", "bars that jump"),
    ("disagreeing_bars", "bars that finer candles contradict"),
    ("flat_bars", "bars whose high is their low"),
    ("zero_volume_bars", "bars without volume"),
)

app = typer.Typer(
    help="The candles that are held: list and audit, fetch or import them, simulate a market.",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    data_audit.register(app)
    parent.add_typer(app, name="data")


@app.command(
    "import",
    epilog=examples(
        "stepfold data import binance_BTCUSDT_1h_20210101_20231231.parquet",
        "stepfold data import btc.csv --exchange binance --symbol BTC-USDT --timeframe 1h",
        "stepfold data import rates.csv --exchange binance --symbol BTC-USDT-PERP --funding",
    ),
)
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet: timestamp, open, high, low, close, volume (or timestamp, rate)."
        ),
    ],
    exchange: Annotated[
        str | None,
        typer.Option(
            help="Where the candles are from; default: as the file's name says.", show_default=False
        ),
    ] = None,
    symbol: Annotated[
        str | None,
        typer.Option(help="BTC-USDT, BTC/USDT or BTCUSDT; default: as the name says.", show_default=False),
    ] = None,
    timeframe: Annotated[
        Timeframe | None, typer.Option(help="Length of a bar; default: as the name says.", show_default=False)
    ] = None,
    funding: Annotated[
        bool, typer.Option("--funding", help="The file holds funding rates, fractions of the position.")
    ] = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Import candles or funding rates from a file; what is held already is added to.

    The file is checked first. If one row is impossible, nothing of it is
    stored, and the rows that are wrong are named.
    """
    if funding and timeframe is not None:
        raise UsageError("--funding and --timeframe exclude each other: rates have no timeframe")
    dataset = _named(file, exchange, symbol, FUNDING if funding else timeframe)
    with connected(api_url) as api:
        entry = import_candles(api, CandleFile(file, dataset))
    _show_import(entry, as_json)


@app.command(
    "fetch",
    epilog=examples(
        "stepfold data fetch coinbase BTC-USD 1h --since 2021-01-01",
        "stepfold data fetch coinbase BTC-USD 1h",
        "stepfold data fetch binance BTC-USDT-PERP --funding --since 2021-01-01",
    ),
)
def fetch(
    exchange: Annotated[str, typer.Argument(help=f"One of {', '.join(VENUES)}.")],
    symbol: Annotated[str, typer.Argument(help="BTC-USD, BTC/USD or BTCUSD; BTC-USDT-PERP for a perpetual.")],
    timeframe: Annotated[
        Timeframe | None, typer.Argument(help="Length of a bar.", show_default=False)
    ] = None,
    funding: Annotated[
        bool, typer.Option("--funding", help="Funding rates of a perpetual, in place of candles.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            help="First day or time (UTC); default: where the held candles end, else all there are.",
            show_default=False,
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help="Last day, or the time (UTC) before which the last bar opens; default: now.",
            show_default=False,
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Fetch what is held too; what differs replaces it.")
    ] = False,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Fetch candles or funding rates from an exchange: those of the span that
    are not held yet.

    The service fetches; this command shows how far it is, and may be ended
    and started again. A bar that is still open is never stored.
    """
    if funding == (timeframe is not None):
        raise UsageError("say either the length of a bar or --funding", hint="such as 1h")
    kind = "funding" if funding else None
    given = {"timeframe": timeframe, "kind": kind, "since": since, "until": until, "again": again or None}
    body: dict[str, object] = {
        "source": "exchange",
        "exchange": exchange,
        "symbol": symbol,
        **{name: value for name, value in given.items() if value is not None},
    }
    with connected(api_url) as api:
        entry = fetch_candles(api, body)
    _show_fetch(entry, as_json)


@app.command(
    "resample",
    epilog=examples(
        "stepfold data resample binance.BTC-USDT.1m 1h", "stepfold data resample binance.BTC-USDT.5m 4h"
    ),
)
def resample(
    dataset: data_audit.DatasetArgument,
    timeframe: Annotated[Timeframe, typer.Argument(metavar="LENGTH", help=TIMEFRAME_HELP)],
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make candles of a longer timeframe of those that are held, exactly.

    A bar that lacks some of its finer bars is marked incomplete, one that
    lacks all of them stays missing. A run does without: at a timeframe that
    is not held it makes its bars as it reads.
    """
    with connected(api_url) as api:
        entry = resample_candles(api, dataset, timeframe)
    _show_import(entry, as_json)


@app.command("regimes", epilog=examples("stepfold data regimes"))
def list_regimes(api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """List the named periods of the market, which `stepfold run --regime` takes."""
    with connected(api_url) as api:
        answer = api.get(RegimeList, "/market/regimes")
    if as_json:
        print_json(answer.raw)
        return
    shown = table([("regime", "word"), ("from", "word"), ("to", "word"), ("what happened", "text")])
    for entry in answer.value.regimes:
        shown.add_row(plain(entry.id), entry.start_date, entry.end_date, plain(entry.why))
    print_table(shown)


@app.command("list", epilog=examples("stepfold data list", "stepfold data list --json"))
def list_datasets(api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """List the candles that are held: what, how many, from when to when, and what is missing."""
    with connected(api_url) as api:
        answer = api.get(DatasetList, "/datasets")
    if as_json:
        print_json(answer.raw)
        return
    held = answer.value.datasets
    if not held:
        note(
            "No candles are held. Fetch them: stepfold data fetch --help"
            "   Import a file: stepfold data import --help"
            "   Or simulate a market: stepfold data simulate --help"
        )
        return
    columns: list[tuple[str, Kind]] = [
        ("dataset", "text"),
        ("rows", "figure"),
        ("from", "word"),
        ("to", "word"),
    ]
    shown = table([*columns, ("missing", "figure"), ("", "word")])
    for entry in held:
        shown.add_row(
            entry.dataset_id,
            f"{entry.rows:,}",
            entry.start[:10],
            entry.end[:10],
            f"{entry.missing_bars:,}",
            ", ".join(filter(None, ("simulated" if entry.simulated else "", _made_of(entry)))),
        )
    print_table(shown)
    if any(entry.simulated for entry in held):
        note("simulated = generated from a seed, not the prices of any market")


@app.command(
    "simulate",
    epilog=examples(
        "stepfold data simulate --symbol BTC-USDT --timeframe 1h --start 2021-01-01 --end 2023-12-31 --seed 7"
    ),
)
def simulate(
    symbol: Annotated[str, typer.Option(help="The name to give the market, such as BTC-USDT.")],
    timeframe: Annotated[Timeframe, typer.Option(help="Length of a bar.")],
    start: Annotated[str, typer.Option(help="First day or time (UTC).")],
    end: Annotated[str, typer.Option(help="Last day, or the time (UTC) before which the last bar opens.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same market.")] = 1,
    api_url: ApiUrl = None,
    as_json: AsJson = False,
) -> None:
    """Generate a market from a seed and import it under the exchange `sim`.

    It is for trying things out: what a strategy earns on it says nothing of a
    real market.
    """
    try:
        dataset = DatasetName.of(SIMULATED_EXCHANGE, symbol, timeframe)
        span = parse_time(start), parse_time(end, end_of_day=True)
    except ValueError as error:
        raise BadInputError(str(error)) from None
    note(SIMULATED_NOTE)
    with connected(api_url) as api:
        entry = import_simulated(api, dataset, *span, seed)
    _show_import(entry, as_json)


def import_simulated(
    api: Api, dataset: DatasetName, start_ms: int, end_ms: int, seed: int
) -> Answered[ImportAnswer]:
    """Generate the candles of a span and import them; return the finished import. Raises BadInputError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        market = simulate_market(dataset.symbol, dataset.timeframe, start_ms, end_ms, seed)
    except ValueError as error:
        raise BadInputError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="stepfold-") as folder:
        path = Path(folder) / f"{SIMULATED_EXCHANGE}_{dataset.symbol}_{dataset.timeframe}_seed{seed}.parquet"
        origin = {"stepfold.simulated": f"seed {seed}"}
        pq.write_table(pa.table(market).replace_schema_metadata(origin), path, compression="zstd")
        return import_candles(api, CandleFile(path, dataset))


def _named(file: Path, exchange: str | None, symbol: str | None, timeframe: str | None) -> DatasetName:
    """Return the dataset that options and the file's name say. Raises UsageError, BadInputError."""
    said = dataset_of(file)
    if said is not None:
        exchange, symbol, timeframe = (
            exchange or said.exchange,
            symbol or said.symbol,
            timeframe or said.timeframe,
        )
    wanted = {"--exchange": exchange, "--symbol": symbol, "--timeframe": timeframe}
    missing = [option for option, value in wanted.items() if not value]
    if missing or not (exchange and symbol and timeframe):
        raise UsageError(
            f"what {file.name} holds is not known: give {', '.join(missing)}",
            hint="or name the file like binance_BTCUSDT_1h_20210101_20231231.parquet",
        )
    try:
        return DatasetName.of(exchange, symbol, timeframe)
    except ValueError as error:
        raise BadInputError(str(error)) from None


def _made_of(entry: DatasetAnswer) -> str:
    """Say what a resampled dataset is made of, which is the same market's."""
    return "" if entry.made_of is None else f"made of {entry.made_of.rpartition('.')[2]}"


def _show_import(entry: Answered[ImportAnswer], as_json: bool) -> None:
    if as_json:
        print_json(entry.raw)
        return
    report = entry.value.report or {}
    what = _rows_of(entry.value.dataset_id)
    rows = [
        ("dataset", entry.value.dataset_id),
        ("rows", f"{report['rows']:,}"),
        ("span", f"{minute(report['first'])} to {minute(report['last'])} UTC"),
        *_held_now(report, what),
    ]
    if entry.value.made_of is not None:
        rows.append(("made of", f"{entry.value.made_of}, {report['incomplete_bars']:,} bars incomplete"))
    rows += [("put right", f"{report[name]:,} {what}") for name, what in _PUT_RIGHT if report.get(name)]
    suspicious = [("suspicious", f"{report[name]:,} {what}") for name, what in _SUSPICIOUS if report[name]]
    rows += suspicious
    if DatasetName.parse(entry.value.dataset_id).exchange == SIMULATED_EXCHANGE:
        rows.append(("origin", "simulated"))
    print_table(pairs(rows))
    if suspicious:
        note(f"Where: stepfold data show {entry.value.dataset_id}")


def _show_fetch(entry: Answered[FetchAnswer], as_json: bool) -> None:
    if as_json:
        print_json(entry.raw)
        return
    report = entry.value.report or {}
    new = f"{report['rows']:,}" if report["first"] else "none: up to date"
    what = _rows_of(entry.value.dataset_id)
    rows = [("dataset", entry.value.dataset_id), (f"new {what}", new)]
    if report["first"]:
        rows.append(("asked for", f"{minute(report['first'])} to {minute(report['last'])} UTC"))
    rows += _held_now(report, what)
    again = (("replaced", "that were other ones"), ("withdrawn", "that the exchange has no more"))
    rows += [(name, f"{report[name]:,} {what} {why}") for name, why in again if report.get(name)]
    if changed := report["changed"]:
        first = changed[0]
        rows.append(
            (
                "changed",
                f"the exchange says something else now of {len(changed)} held bars, the first at "
                f"{minute(first['timestamp'])} (close {first['held']}, now {first['exchange']}); these stay "
                "as they are until they are fetched again: --again --since …",
            )
        )
    print_table(pairs(rows))


def _rows_of(dataset_id: str) -> str:
    return "rates" if DatasetName.parse(dataset_id).kind == "funding" else "bars"


def _held_now(report: Mapping[str, Any], what: str = "bars") -> list[tuple[str, str]]:
    missing = f"{report['gaps']:,} with {report['missing_bars']:,} missing {what}"
    return [
        ("held now", f"{report['dataset_rows']:,} rows"),
        ("", f"{minute(report['dataset_first'])} to {minute(report['dataset_last'])} UTC"),
        ("gaps", missing if report["gaps"] else "none"),
    ]
