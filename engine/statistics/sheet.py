"""Metrics as they are found: a value, or None with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.statistics.numbers import rounded


class Sheet:
    """Collects metrics by name. What is None, NaN or infinite becomes None, and `undefined` says why."""

    def __init__(
        self, metrics: Mapping[str, Any] | None = None, reasons: Mapping[str, str] | None = None
    ) -> None:
        """Begin with these; `reasons` says why one of them is None."""
        self.metrics: dict[str, Any] = dict(metrics or {})
        self.undefined: dict[str, str] = {}
        # Comparisons, for most are finite and there may be thousands of runs.
        odd = [
            name
            for name, value in self.metrics.items()
            if value is None or (type(value) is float and not -math.inf < value < math.inf)
        ]
        for name in odd:
            self.put(name, self.metrics[name], (reasons or {}).get(name, ""))

    def put(self, name: str, value: float | str | None, reason: str = "") -> None:
        """Write a metric; `reason` is why it is None where it is."""
        if isinstance(value, float) and not math.isfinite(value):
            value, reason = None, "beyond the largest number"
        self.metrics[name] = value
        if value is None:
            self.undefined[name] = reason

    def percent(self, name: str, value: float | None, reason: str = "") -> None:
        """Write a fraction as a percentage."""
        self.put(name, None if value is None else 100.0 * value, reason)

    def grown(self, name: str, factor: float | None, exponent: float, reason: str = "") -> None:
        """Write the percentage 100 × (factor^exponent − 1), to 12 digits of the power."""
        try:
            power = None if factor is None else rounded(math.pow(factor, exponent))
        except OverflowError:
            power = math.inf
        self.put(name, None if power is None else rounded(100.0 * (power - 1.0)), reason)
