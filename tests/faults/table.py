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
    """Write the table of faults: step, fault, tries, outcomes. Rows of what was not tried now stay."""
    table = {
        key: (key[0], key[1], tries, ", ".join(f"{count} × {outcome}" for outcome, count in outcomes.items()))
        for key, (tries, outcomes) in tallies.items()
    }
    before = {(row[0], row[1]): row for row in read_between("faults") if row[2].isdigit()}
    cells = [table.get(key, row) for key, row in before.items()]
    cells += [row for key, row in table.items() if key not in before]
    total = sum(int(row[2]) for row in cells)
    write_between("faults", [*rows(("step", "fault", "tries", "outcome"), cells), "", f"{total} tries."])


def read_between(name: str) -> list[list[str]]:
    """Return the rows of the table between a page's markers, its head included, each as its cells."""
    inside = PAGE.read_text().partition(f"<!-- {name}: begin -->\n")[2].partition(f"<!-- {name}: end -->")[0]
    lines = [line for line in inside.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
