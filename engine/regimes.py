"""Named periods of the market."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Regime:
    id: str
    title: str
    start: str
    end: str


def regimes() -> tuple[Regime, ...]:
    """Return every period; `end` is a day that belongs to it."""
    return (
        Regime("bull_2021_q1", "Rise of early 2021", "2021-01-04", "2021-01-12"),
        Regime("crash_2020_03", "Crash of March 2020", "2020-03-07", "2020-03-20"),
    )
