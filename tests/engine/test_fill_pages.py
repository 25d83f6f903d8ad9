"""How fills work and the glossary, executed; and the links between all pages."""

import re
from pathlib import Path

import pytest
import yaml

from engine.events import _TRIGGERS, _VALUES
from engine.layout import FILL_REASONS, REASONS
from engine.limits import LIMITS, names_of
from engine.names import CATEGORIES
from tests.engine.worked_example import check, lines_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("fills", "glossary")}
EXAMPLES = [
    pytest.param(text, id=f"{name}:{PAGES[name][: found.start()].count(chr(10)) + 2}")
    for name in PAGES
    for found in re.finditer(r"```yaml\n(.*?)```", PAGES[name], flags=re.DOTALL)
    for text in [found.group(1)]
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_a_worked_example_says_is_what_happens(text: str) -> None:
    check(text)


def section(name: str, mark: str) -> list[list[str]]:
    """Rows of the page's table between two marks, as cells."""
    text = PAGES[name].split(f"<!-- {mark} -->\n")[1].split(f"<!-- end of {mark} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]


def test_the_page_lists_every_reason_of_a_fill() -> None:
    assert [reason.strip("` ") for reason, _ in section("fills", "fill reasons")] == list(FILL_REASONS)


def test_the_page_lists_every_reason_of_a_block_with_its_values() -> None:
    values = {number: list(names) for number, names in _VALUES.items()}
    values |= {number: [name] for number, name in _TRIGGERS.items()} | {
        REASONS.index("outranked"): ["winner"]
    }
    listed = [
        (row[0].strip("` "), re.findall(r"`(\w+)`", row[1])) for row in section("fills", "block reasons")
    ]
    assert listed == [(reason, values.get(number, [])) for number, reason in enumerate(REASONS)]


def test_every_reason_has_a_worked_example() -> None:
    examples = [yaml.safe_load(str(text)) for parameters in EXAMPLES for text in parameters.values]
    words = {
        word
        for example in examples
        for table in ("fills", "blocked")
        for line in lines_of(example.get(table, ""))
        for word in line.split(",")[0].split()
    }
    # Nothing known leads to a conflict: what decides replaces or cancels the order before it fills.
    assert [reason for reason in (*FILL_REASONS, *REASONS) if reason not in words] == ["conflict"]


def test_the_glossary_names_every_limit_and_category() -> None:
    names = [name for kind in LIMITS.values() for name in names_of(kind)] + list(CATEGORIES)
    assert [name for name in names if f"`{name}`" not in PAGES["glossary"] + PAGES["fills"]] == []


@pytest.mark.parametrize("page", sorted((DOCS).glob("*.md")), ids=lambda p: p.stem)
def test_links_between_pages_lead_to_a_heading(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?:([\w/]+\.md))?#([^)]+)\)", page.read_text(encoding="utf-8")):
        text = (page.parent / target if target else page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
        assert anchor in [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
