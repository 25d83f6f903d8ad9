"""Every S3 key and every DynamoDB key, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from shared.symbols import canonical, exchange_name
from shared.times import TIMEFRAMES, month_of

CANDLES = "candles"
RUNS = "runs"
UPLOADS = "uploads"
STRATEGIES = "strategies"
WORK = "work"
MARKETS = "markets"
PUBLIC_OWNER = "public"

# The exchange whose candles are generated; what runs on them is labelled everywhere.
SIMULATED_EXCHANGE = "sim"

# Secondary indexes: what is listed newest first, and what the reconciling schedule must look at.
LISTING_INDEX = "listing"
ACTIVE_INDEX = "active"
# Partitions of the active index.
IN_WORK = "IN_WORK"
TO_SWEEP = "TO_SWEEP"
QUEUES = "QUEUES"

# Namespace of the metrics, and what Powertools calls the service in them and in logs.
METRICS = "Stepfold"
SERVICE = "stepfold"

# The stages of the WebSocket API: the seed's `/ws/live` and `/ws/market`.
LIVE_STAGE = "live"
MARKET_STAGE = "market"
# Items that end by themselves say when in this attribute, in epoch seconds.
EXPIRES_AT = "expires_at"
# Sort keys of runs begin so, and no others': it is what the index's stream is filtered by.
RUN_KEYS = "RUN#"
CONNECTION_KEYS = "CONNECTION#"

RUN_ID = re.compile(r"bt-[a-z2-7]{26}")
IMPORT_ID = re.compile(r"im-[a-z2-7]{26}")
FETCH_ID = re.compile(r"fe-[a-z2-7]{26}")
# `@` stands between a saved strategy and its version, so it is in no id.
STRATEGY_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")


FUNDING = "funding"
Kind = Literal["candles", "funding"]
"""What a dataset holds: the name of its schema."""


@dataclass(frozen=True, slots=True)
class DatasetName:
    """Names the candles of one symbol on one exchange at one timeframe: `binance.BTC-USDT.1h`.

    Its funding rates stand beside them: `binance.BTC-USDT-PERP.funding`.
    """

    exchange: str
    symbol: str
    timeframe: str

    @classmethod
    def of(cls, exchange: str, symbol: str, timeframe: str) -> DatasetName:
        """Make a name of what a user wrote. Raises ValueError with the part that is wrong."""
        if timeframe not in TIMEFRAMES and timeframe != FUNDING:
            raise ValueError(f"{timeframe!r} is not a timeframe; choose one of {', '.join(TIMEFRAMES)}")
        return cls(exchange_name(exchange), canonical(symbol), timeframe)

    @classmethod
    def parse(cls, text: str) -> DatasetName:
        """Read `exchange.SYMBOL.timeframe`. Raises ValueError."""
        parts = text.split(".")
        if len(parts) != 3:
            raise ValueError(f"{text[:80]!r} is not a dataset; write exchange.SYMBOL.timeframe")
        return cls.of(*parts)

    def __str__(self) -> str:
        return f"{self.exchange}.{self.symbol}.{self.timeframe}"

    @property
    def kind(self) -> Kind:
        return "funding" if self.timeframe == FUNDING else "candles"

    @property
    def timeframe_ms(self) -> int:
        """Return the length of a bar, which funding rates have none of (KeyError)."""
        return TIMEFRAMES[self.timeframe]


def candles_prefix(owner: str, dataset: DatasetName) -> str:
    return f"{CANDLES}/{owner}/{dataset.exchange}/{dataset.symbol}/{dataset.timeframe}/"


def candles_part(owner: str, dataset: DatasetName, first_ms: int, content_hash: str) -> str:
    return f"{candles_prefix(owner, dataset)}{month_of(first_ms)}/{content_hash}.parquet"


def dataset_manifest(owner: str, dataset: DatasetName, version: str) -> str:
    return f"{candles_prefix(owner, dataset)}manifest-{version}.json"


def upload(owner: str, import_id: str) -> str:
    return f"{UPLOADS}/{owner}/{import_id}"


def strategy_document(owner: str, strategy_id: str, content_hash: str) -> str:
    return f"{STRATEGIES}/{owner}/{strategy_id}/{content_hash}.json"


def run_prefix(run_id: str) -> str:
    return f"{RUNS}/{run_id}/"


def run_request(run_id: str, body_hash: str) -> str:
    return f"{run_prefix(run_id)}request-{body_hash}.json"


def run_manifest(run_id: str, token: str) -> str:
    return f"{run_prefix(run_id)}manifest-{token}.json"


def run_report(run_id: str, token: str) -> str:
    return f"{run_prefix(run_id)}report-{token}.json"


def run_part(run_id: str, series: str, first_ms: int, token: str) -> str:
    return f"{run_prefix(run_id)}{series}/{first_ms}-{token}.parquet"


def run_work_prefix(run_id: str) -> str:
    """Name the folder of what a run needs while it is in work."""
    return f"{WORK}/{run_id}/"


def run_plan(run_id: str) -> str:
    return f"{run_work_prefix(run_id)}plan.json"


def run_checkpoint(run_id: str, token: str, rows: int) -> str:
    return f"{run_work_prefix(run_id)}checkpoint-{token}-{rows}"


def market_list(exchange: str, perpetuals: bool) -> str:
    return f"{MARKETS}/{exchange}-{'perpetual' if perpetuals else 'spot'}.json"


def fetched_prefix(dataset: DatasetName, again: str | None) -> str:
    """Name the folder of what is fetched of a dataset and not joined yet; `again` is a fetch's own."""
    return f"{WORK}/fetched/{dataset}/{again or 'new'}/"


def fetched_piece(dataset: DatasetName, again: str | None, start_ms: int, end_ms: int) -> str:
    return f"{fetched_prefix(dataset, again)}{start_ms}-{end_ms}.parquet"


def owner_key(owner: str) -> str:
    return f"OWNER#{owner}"


def run_key(run_id: str) -> str:
    return f"{RUN_KEYS}{run_id}"


def dataset_key(dataset: DatasetName) -> str:
    return f"DATASET#{dataset}"


def dataset_version_key(dataset: DatasetName, number: int) -> str:
    return f"{dataset_versions_prefix(dataset)}{number:010d}"


def dataset_versions_prefix(dataset: DatasetName) -> str:
    return f"DATASET_VERSION#{dataset}#"


def use_key(dataset: DatasetName, run_id: str) -> str:
    return f"{uses_prefix(dataset)}{run_id}"


def uses_prefix(dataset: DatasetName) -> str:
    return f"USE#{dataset}#"


def import_key(import_id: str) -> str:
    return f"IMPORT#{import_id}"


def fetch_key(fetch_id: str) -> str:
    return f"FETCH#{fetch_id}"


def ticks_key(exchange: str) -> str:
    return f"TICKS#{exchange}"


def tick_key(symbol: str) -> str:
    return f"TICK#{symbol}"


def connections_key(stage: str, owner: str) -> str:
    """Name the connections that a message may be for: an owner's, or all that listen to the market."""
    return f"CONNECTIONS#{stage}#{owner}" if stage == LIVE_STAGE else f"CONNECTIONS#{stage}"


def connection_key(connection_id: str) -> str:
    return f"{CONNECTION_KEYS}{connection_id}"


def ticket_key(ticket_hash: str) -> str:
    return f"TICKET#{ticket_hash}"


def live_log_key(run_id: str) -> str:
    return f"LIVE#{run_id}"


def live_log_entry(revision: int) -> str:
    return f"{revision:015d}"


def strategy_key(strategy_id: str) -> str:
    return f"STRATEGY#{strategy_id}"


def strategy_version_key(strategy_id: str, version: int) -> str:
    return f"STRATEGY_VERSION#{strategy_id}#{version:010d}"


def fingerprint_key(fingerprint: str) -> str:
    return f"FINGERPRINT#{fingerprint}"


def runs_listing(owner: str) -> str:
    return f"RUNS#{owner}"


def imports_listing(owner: str) -> str:
    return f"IMPORTS#{owner}"


def strategies_listing(owner: str) -> str:
    return f"STRATEGIES#{owner}"
