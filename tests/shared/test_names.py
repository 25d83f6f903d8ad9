"""Symbols, times and keys: one canonical form, and an error that says what to write."""

from __future__ import annotations

import pytest

from shared.names import DatasetName, candles_part
from shared.symbols import canonical
from shared.times import iso, parse_time


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("BTC-USDT", "BTC-USDT"),
        ("btc/usdt", "BTC-USDT"),
        ("BTCUSDT", "BTC-USDT"),
        ("BTCUSD", "BTC-USD"),
        ("eth_btc", "ETH-BTC"),
        ("BTC-USDT-PERP", "BTC-USDT-PERP"),
        ("BTC/USDT:USDT", "BTC-USDT-PERP"),
        ("btcusdt-perp", "BTC-USDT-PERP"),
        ("1INCHUSDT", "1INCH-USDT"),
    ],
)
def test_symbols_have_one_name(text: str, name: str) -> None:
    assert canonical(text) == name
    assert canonical(name) == name


@pytest.mark.parametrize(
    "text", ["", "../", "BTC", "BTC-USD-X", "BTC/../USD", "BTC USDT", "A" * 99, "ΒTC-USD", "USDT"]
)
def test_what_is_no_symbol_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ValueError, match="write BTC-USDT"):
        canonical(text)


def test_a_dataset_has_one_name_and_one_folder() -> None:
    dataset = DatasetName.of("Binance", "btcusdt", "1h")
    assert str(dataset) == "binance.BTC-USDT.1h"
    assert DatasetName.parse(str(dataset)) == dataset
    key = candles_part("ann", dataset, parse_time("2021-08-13"), "abc")
    assert key == "candles/ann/binance/BTC-USDT/1h/2021-08/abc.parquet"


@pytest.mark.parametrize(
    "text", ["", "a.b", "bin/ance.BTC-USDT.1h", "binance.BTC-USDT.2m", "binance.../x.1h"]
)
def test_a_dataset_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|choose"):
        DatasetName.parse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2021-08-13", "2021-08-13T00:00:00Z"),
        ("2021-08-13T02:00:00Z", "2021-08-13T02:00:00Z"),
        ("2021-08-13T02:00", "2021-08-13T02:00:00Z"),
        ("2021-08-13T04:00:00.5+02:00", "2021-08-13T02:00:00.500Z"),
    ],
)
def test_times_are_utc(text: str, shown: str) -> None:
    assert iso(parse_time(text)) == shown


def test_a_bare_end_date_includes_its_day() -> None:
    assert iso(parse_time("2023-12-31", end_of_day=True)) == "2024-01-01T00:00:00Z"
    assert iso(parse_time("2023-12-31T00:00", end_of_day=True)) == "2023-12-31T00:00:00Z"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2021-02-30", "0001-01-01", "9999-12-31", "1969-12-31T23:59:59Z"]
)
def test_what_is_no_time_is_refused_with_the_fix(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 2021|outside"):
        parse_time(text, end_of_day=True)
