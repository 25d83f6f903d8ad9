"""How long to wait for an exchange that does not answer as it should, and when to give up."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import sleep
from typing import TypeVar

from shared.errors import ExchangeError

T = TypeVar("T")

# Tries of one request, the first included, before a piece of candles is given up.
TRIES = 7
# A question that somebody waits for: a symbol, a price.
TRIES_OF_A_QUESTION = 3
# A wait as long as this ends the step: the state machine waits for less than a Lambda does.
LONG = 5.0
_LONGEST_BACKOFF = 60.0
# What an exchange may ask us to wait; a ban is longer.
_LONGEST_ASKED = 15 * 60.0


def pause_after(error: ExchangeError, failures: int, tries: int = TRIES) -> float:
    """Return the seconds to wait before the next try; `failures` in a row have been met.

    At least what the exchange asks for. Raises the error where another try is of no use.
    """
    asked = error.retry_after or 0.0
    if error.for_good or failures >= tries or asked > _LONGEST_ASKED:
        raise error
    backoff = min(_LONGEST_BACKOFF, 2.0 ** (failures - 1))
    return max(asked, backoff * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def patiently(ask: Callable[[], T]) -> T:
    """Ask until an answer comes, a few times. Raises the last ExchangeError."""
    failures = 0
    while True:
        try:
            return ask()
        except ExchangeError as error:
            failures += 1
            pause = pause_after(error, failures, TRIES_OF_A_QUESTION)
            if pause > 2 * LONG:
                raise
            sleep(pause)
