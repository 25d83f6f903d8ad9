"""Makes sure that somebody polls exchanges while somebody listens."""

from __future__ import annotations

from shared import access
from shared.aws import lambda_
from shared.settings import settings


def keep_polling() -> None:
    """Start the poller unless one is at work; of two that are started one ends at once."""
    if not access.ticker_lease().held():
        lambda_().invoke(FunctionName=settings().ticker_function, InvocationType="Event", Payload=b"{}")
