"""The tables of docs/reliability.md, between their markers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def write_between(name: str, lines: Iterable[str]) -> None:
    """Put lines in the place of what stands between a page's markers. Raises ValueError without them."""
    text = PAGE.read_text()
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, marked, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (marked and closed):
        raise ValueError(f"{PAGE} has no markers of {name!r}")
    PAGE.write_text(before + begin + "".join(f"{line}\n" for line in lines) + end + after)


def rows(heads: Sequence[str], cells: Iterable[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in cells]


def write_table(tallies: Mapping[tuple[str, str], tuple[int, Mapping[str, int]]]) -> None:
    """Write the table of faults: step, fault, tries, outcomes."""
    cells = [
        (step, fault, tries, ", ".join(f"{count} × {outcome}" for outcome, count in outcomes.items()))
        for (step, fault), (tries, outcomes) in tallies.items()
    ]
    total = sum(tries for tries, _ in tallies.values())
    write_between("faults", [*rows(("step", "fault", "tries", "outcome"), cells), "", f"{total} tries."])
