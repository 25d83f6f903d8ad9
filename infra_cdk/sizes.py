"""What each function gets to run with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """What one function gets: the zip it runs, memory in MB and time in seconds.

    Below 1,769 MB a function has less than one core.
    """

    group: str
    memory: int
    timeout: int


SIZES = {
    # The HTTP API gives up after 30 s, and so the function before it.
    "api": Size("api", 1024, 29),
    "plan": Size("engine", 1024, 60),
    "simulate": Size("engine", 1769, 900),
    "publish": Size("light", 512, 120),
    "settle": Size("light", 512, 60),
    "ingest": Size("engine", 1769, 900),
    # Most of its time it waits for an exchange; a step ends by itself after four minutes.
    "fetch": Size("fetch", 1024, 300),
    "socket": Size("light", 512, 29),
    "socket_authorizer": Size("light", 512, 10),
    "push": Size("light", 512, 60),
    # It polls for ten minutes, then another invocation goes on.
    "ticker": Size("light", 256, 900),
}
