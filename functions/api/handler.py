"""API Gateway's events to the application and back."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mangum import Mangum


def _made_once() -> Mangum:
    """Return the handler, made while the sandbox starts, where the CPU is free, not in the first request."""
    # What imports make stays for good: looking through it for garbage, again and again, is a sixth of a
    # cold start and finds nothing.
    gc.disable()
    from mangum import Mangum

    from functions.api.app import create_app

    made = Mangum(create_app(), lifespan="off")
    gc.freeze()
    gc.enable()
    return made


handler = _made_once()
