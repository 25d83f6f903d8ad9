"""The header by which a client says that a request is the same as one before."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[ -~]+$",
        description="the same key is the same run or fetch, however often the request is sent; without one "
        "every request is a new run",
        examples=["ema-cross-2026-01-02"],
    ),
]
