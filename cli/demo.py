"""`stepfold demo`: the whole journey on a running stack, in one command."""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from pathlib import Path

import typer

from cli.candle_files import SUFFIXES, CandleFile, dataset_of, import_candles
from cli.client import Api
from cli.connection import ApiUrl, AsJson, connected, local_website_url
from cli.data import SIMULATED_NOTE, import_simulated
from cli.errors import BadInputError
from cli.examples import examples
from cli.output import note
from cli.run import finish, start_run
from shared.names import SIMULATED_EXCHANGE, DatasetName
from shared.responses_market import DatasetList
from shared.times import parse_time

STRATEGY = "ema_cross"
SEED = 19
SIMULATED = tuple(DatasetName(SIMULATED_EXCHANGE, symbol, "1h") for symbol in ("BTC-USDT", "ETH-USDT"))
SIMULATED_SPAN = ("2021-01-01", "2023-12-31")


def register(parent: typer.Typer) -> None:
    parent.command("demo", epilog=examples("stepfold up", "stepfold demo"))(demo)


def demo(api_url: ApiUrl = None, as_json: AsJson = False) -> None:
    """Load candles of two symbols and run one backtest on both with shared cash.

    Real candles come from files in the folder STEPFOLD_MARKET_DATA, if it is set
    and holds two symbols of one exchange and timeframe; else a market is
    simulated. What is held already is not loaded again.
    """
    folder = os.environ.get("STEPFOLD_MARKET_DATA")
    files = candle_files(Path(folder)) if folder else ()
    with connected(api_url) as api:
        datasets = tuple(file.dataset for file in files) or SIMULATED
        if not files:
            note(SIMULATED_NOTE)
            note(
                "For real candles, put files like binance_BTCUSDT_1h_2021.parquet into a folder "
                "and name it in STEPFOLD_MARKET_DATA."
            )
        _load(api, files)
        first = datasets[0]
        symbols = [dataset.symbol for dataset in datasets]
        market = f"{' and '.join(symbols)}, {first.timeframe}, {first.exchange}"
        note(f"Running {STRATEGY} on {market}, one account.")
        body = {
            "strategy": STRATEGY,
            "symbols": symbols,
            "timeframe": first.timeframe,
            "exchange": first.exchange,
            "name": "Demo on simulated candles" if not files else "Demo",
            "tags": ["demo"],
        }
        run_id = start_run(api, STRATEGY, body, uuid.uuid4().hex).value.run_id
        finish(api, run_id, as_json)
    given = "".join(f" --symbol {symbol}" for symbol in symbols)
    options = f"{given} --timeframe {first.timeframe} --exchange {first.exchange}"
    note("Your own: stepfold strategies show ema_cross > mine.yaml, change it, then:")
    note(f"  stepfold run mine.yaml{options} --param fast=24 --param slow=48")
    if api_url is None and (page := local_website_url()):
        note(f"In the browser: {page}#/runs/{run_id}")
    note(f"Side by side with this one: stepfold compare {run_id[:11]} last")


def candle_files(folder: Path) -> tuple[CandleFile, ...]:
    """Return the files of two symbols of one exchange and timeframe, hourly ones first; else none.

    Raises BadInputError where the folder is not one.
    """
    if not folder.is_dir():
        raise BadInputError(
            f"STEPFOLD_MARKET_DATA is {folder}, which is not a folder", hint="correct it, or unset it"
        )
    markets: dict[tuple[str, str], dict[str, CandleFile]] = defaultdict(dict)
    for path in sorted(folder.iterdir()):
        dataset = dataset_of(path) if path.suffix.lower() in SUFFIXES else None
        if dataset is not None and dataset.exchange != SIMULATED_EXCHANGE:
            markets[(dataset.exchange, dataset.timeframe)].setdefault(
                dataset.symbol, CandleFile(path, dataset)
            )
    usable = {market: files for market, files in markets.items() if len(files) >= 2}
    if not usable:
        note(
            f"{folder} holds no two symbols of one exchange and timeframe "
            "in files like binance_BTCUSDT_1h_2021.parquet."
        )
        return ()
    market = min(usable, key=lambda key: (key[1] != "1h", key))
    return tuple(usable[market].values())[:2]


def _load(api: Api, files: tuple[CandleFile, ...]) -> None:
    """Import what is not held yet."""
    held = {entry.dataset_id for entry in api.get(DatasetList, "/datasets").value.datasets}
    for file in files:
        if str(file.dataset) not in held:
            import_candles(api, file)
    if not files:
        start, end = parse_time(SIMULATED_SPAN[0]), parse_time(SIMULATED_SPAN[1], end_of_day=True)
        for dataset in SIMULATED:
            if str(dataset) not in held:
                import_simulated(api, dataset, start, end, SEED)
