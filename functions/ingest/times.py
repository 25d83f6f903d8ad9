"""A column of times as exporters write them: seconds, milliseconds, microseconds, nanoseconds or ISO 8601."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import InvalidInputError, Issue

if TYPE_CHECKING:
    import pyarrow as pa

# Epoch numbers say their unit by their size: 1e11 s is the year 5138, 1e11 ms the year 1973.
_UNITS = ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3), (float("inf"), 1e-6))


def epoch_ms(array: pa.Array) -> pa.Array:
    """Return a column of times as int64 epoch milliseconds; what is missing stays null.

    Each number is read by its own size: CryptoDataDownload has files that go from seconds to milliseconds.
    A text without a zone is UTC. Raises InvalidInputError.
    """
    import pyarrow as pa

    try:
        if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
            return array.cast(pa.timestamp("ms")).cast(pa.int64())
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            return _of_text(array)
        return _of_numbers(array)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0][:200]
        message = f"holds something that is no time: {reason}; write epoch or ISO 8601"
        raise InvalidInputError([Issue("file.timestamp", message)]) from None


def _of_text(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.replace_substring_regex(pc.utf8_trim_whitespace(array), " ?(UTC|GMT)$", "Z")
    zoned = pc.fill_null(pc.match_substring_regex(text, r"(Z|[+-]\d\d:?\d\d)$"), True)
    text = pc.if_else(zoned, text, pc.binary_join_element_wise(text, "Z", ""))
    # A bare day takes no zone.
    text = pc.replace_substring_regex(text, r"^(\d{4}-\d\d-\d\d)Z$", r"\1 00:00:00Z")
    return text.cast(pa.timestamp("ns", "UTC")).cast(pa.timestamp("ms", "UTC")).cast(pa.int64())


def _of_numbers(array: pa.Array) -> pa.Array:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.fill_null(array.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False)
    size = np.abs(numbers)
    factors = np.select([size < limit for limit, _ in _UNITS], [factor for _, factor in _UNITS], np.nan)
    ms = np.round(numbers * factors)
    missing = ~(np.abs(ms) < 2.0**62)
    return pa.array(np.where(missing, 0, ms).astype(np.int64), mask=missing)
