"""Examples at the end of each command's help; the tests parse every one of them."""

from __future__ import annotations

HEADING = "Examples:"


def examples(*commands: str) -> str:
    """Return an epilog with a line for each command."""
    return "\n".join([HEADING, *(f"  {command}" for command in commands)])
