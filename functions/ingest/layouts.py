"""Reading candle files as people have them: CSV or Parquet, columns by common names, times in any unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from functions.ingest.csv_text import parse_csv
from functions.ingest.times import epoch_ms
from shared.errors import InvalidInputError, Issue
from shared.names import DatasetName
from shared.symbols import base_of

if TYPE_CHECKING:
    import pyarrow as pa

# What a column may be called, in small letters with `_` for spaces; the first that a file has is taken.
ALIASES: dict[str, tuple[str, ...]] = {
    "timestamp": (
        *("timestamp", "open_time", "kline_open_time", "unix", "unix_timestamp", "unixtime", "time"),
        *("ts", "t", "start", "start_time", "time_period_start", "date", "datetime", "timestamp_ms"),
        *("opentime", "starttime", "timestamp_utc", "time_utc", "date_utc", "gmt_time"),
    ),
    "open": ("open", "o", "price_open", "open_price"),
    "high": ("high", "h", "price_high", "high_price"),
    "low": ("low", "l", "price_low", "low_price"),
    "close": ("close", "c", "price_close", "close_price"),
    "volume": ("volume", "vol", "v", "base_volume", "volume_base", "volume_traded", "base_asset_volume"),
}
# A file without a header has its columns in this order: Binance Vision's klines (12 columns), Kraken's (7).
FUNDING_ALIASES: dict[str, tuple[str, ...]] = {
    "timestamp": (*ALIASES["timestamp"], "calc_time", "funding_time", "fundingtime", "settlement_time"),
    "rate": ("rate", "funding_rate", "fundingrate", "last_funding_rate", "realized_rate"),
}


def read_file(body: bytes, dataset: DatasetName) -> pa.Table:
    """Return the file's rows with the columns of the dataset's schema: times int64 ms, numbers float64.

    Rows come in the file's order, with nulls where a value is missing, and are not checked. Raises
    InvalidInputError for a file that is neither CSV nor Parquet, lacks a column, or holds something that is
    no number or no time.
    """
    import pyarrow as pa

    aliases = FUNDING_ALIASES if dataset.kind == "funding" else ALIASES
    raw = _parse(body, tuple(aliases))
    found = _columns(raw.column_names, dataset, aliases)
    columns = {column: raw.column(name).combine_chunks() for column, name in found.items()}
    arrays = {column: _numbers(column, array) for column, array in columns.items() if column != "timestamp"}
    return pa.table({"timestamp": epoch_ms(columns["timestamp"]), **arrays})


def _columns(
    has: Sequence[str], dataset: DatasetName, aliases_of: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Return which of the file's columns is which of ours. Raises InvalidInputError."""
    names = {name.strip().lower().replace(" ", "_"): name for name in reversed(has)}
    base = base_of(dataset.symbol).lower()
    found: dict[str, str] = {}
    issues: list[Issue] = []
    for column, aliases in aliases_of.items():
        # CryptoDataDownload has a volume of each currency: `Volume BTC`, `Volume USDT`.
        own = (f"volume_{base}", f"volume_({base})") if column == "volume" else ()
        name = next((names[alias] for alias in (*own, *aliases) if alias in names), None)
        if name is None:
            listed = ", ".join(has[:20])
            issues.append(
                Issue(f"file.{column}", f"no such column; the file has {listed}; call it {aliases[0]}")
            )
        else:
            found[column] = name
    if issues:
        raise InvalidInputError(issues)
    return found


def _parse(body: bytes, headerless: tuple[str, ...]) -> pa.Table:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if body[:4] == b"PAR1":
            return pq.read_table(io.BytesIO(body))
        return parse_csv(body, headerless)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InvalidInputError([Issue("file", f"is neither CSV nor Parquet: {reason}")]) from None


def _numbers(column: str, array: pa.Array) -> pa.Array:
    import pyarrow as pa

    try:
        return array.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InvalidInputError(
            [Issue(f"file.{column}", f"holds something that is no number: {reason}")]
        ) from None
