"""What a client sends to have candles and funding rates uploaded, fetched or made longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, Field
from pydantic import Tag as Branch

from shared.requests import Timeframe
from shared.terms import WireModel
from shared.venues import VENUES


class DatasetRequest(WireModel):
    """The name of the candles, or of the funding rates, that a file holds."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"exchange": "binance", "symbol": "BTC-USDT", "timeframe": "1h"}}
    )

    exchange: Annotated[str, Field(min_length=2, max_length=32)]
    symbol: Annotated[str, Field(min_length=1, max_length=60)]
    kind: Annotated[
        Literal["candles", "funding"], Field(description="funding: columns timestamp and rate, a fraction")
    ] = "candles"
    timeframe: Annotated[Timeframe | None, Field(description="of candles; funding rates have none")] = None


class FetchRequest(WireModel):
    """Candles or funding rates to fetch from an exchange: what is missing of them, and no more."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "exchange",
                "exchange": "coinbase",
                "symbol": "BTC-USD",
                "timeframe": "1h",
                "since": "2021-01-01",
            }
        }
    )

    source: Literal["exchange"]
    exchange: Annotated[
        str, Field(min_length=2, max_length=32, description=", ".join(VENUES), examples=list(VENUES))
    ]
    symbol: Annotated[str, Field(min_length=1, max_length=60, description="BTC-USD, BTC/USD or BTCUSD")]
    kind: Annotated[Literal["candles", "funding"], Field(description="funding: rates of a perpetual")] = (
        "candles"
    )
    timeframe: Annotated[Timeframe | None, Field(description="of candles; funding rates have none")] = None
    since: Annotated[
        str | None,
        Field(
            max_length=40,
            description="ISO 8601; default: from where the held candles end, else since the market trades",
        ),
    ] = None
    until: Annotated[
        str | None,
        Field(
            max_length=40,
            description="ISO 8601; a bare date includes that day, a time is exclusive; default: now. "
            "A bar that is still open is never stored",
        ),
    ] = None
    again: Annotated[
        bool,
        Field(
            description="fetch the whole span anew, what is held included; what differs replaces it, and "
            "held bars that the exchange has no more go"
        ),
    ] = False


def _branch_of(body: object) -> str:
    return "fetch_body" if isinstance(body, Mapping) and "source" in body else "upload_body"


NewDataset = Annotated[
    Annotated[DatasetRequest, Branch("upload_body")] | Annotated[FetchRequest, Branch("fetch_body")],
    Discriminator(_branch_of),
]
"""With a `source` candles are fetched, without one a file is uploaded."""


class ResampleRequest(WireModel):
    """A longer timeframe to make of a dataset's candles."""

    model_config = ConfigDict(json_schema_extra={"example": {"timeframe": "4h"}})

    timeframe: Timeframe
