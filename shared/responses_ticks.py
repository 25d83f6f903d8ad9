"""A market's latest price, as the API answers it and the socket pushes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.responses import Answer, Moment


class TickRow(Answer):
    """The latest price of a market, a few seconds old at the most."""

    symbol: str
    exchange: str
    price: float
    bid: float | None
    ask: float | None
    timestamp: Annotated[Moment, Field(description="when the exchange was asked")]
    traded_at: Annotated[Moment | None, Field(description="when the price was made; null: it does not say")]
