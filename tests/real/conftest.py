"""Real candles meet the same stack as the end-to-end tests."""

from tests.e2e.conftest import emulator, exchange, stack

__all__ = ["emulator", "exchange", "stack"]
