"""Data goes to standard output, prose and progress to standard error.

Nothing that comes from outside is read as Rich's markup, and none of it can move the cursor.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from cli.errors import CommandError
from shared.errors import Issue
from shared.times import stamp

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Words that may break over lines, words that may not, figures.
Kind = Literal["text", "word", "figure"]

_json_logs = False


def stdout() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_json(value: object) -> None:
    """Write what the API answered, on standard output, as it answered it."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_table(table: Table) -> None:
    stdout().print(table)


def print_lines(lines: Iterable[str], style: str = "") -> None:
    """Write lines as they are, neither wrapped nor cut."""
    console = stdout()
    for line in lines:
        console.print(plain(line), style=style, soft_wrap=True)


def note(text: str, style: str = "") -> None:
    """Say something to the person in front of the terminal, or to who reads the log."""
    if logs_are_json():
        log("info", text)
    else:
        stderr().print(plain(text), style=style, soft_wrap=True)


def log_as_json(on: bool) -> None:
    """Choose for the rest of this process what standard error gets: prose, or a JSON object a line."""
    global _json_logs
    _json_logs = on


def logs_are_json() -> bool:
    return _json_logs


def log(level: Literal["info", "error"], message: str, **members: object) -> None:
    """Write one line of JSON to standard error; `members` that are None are left out."""
    entry = {"time": stamp(), "level": level, "message": message, **members}
    line = json.dumps({k: v for k, v in entry.items() if v is not None}, ensure_ascii=False, allow_nan=False)
    sys.stderr.write(line + "\n")


def plain(text: object) -> str:
    """Return text without control characters; a name must not be able to write over the screen."""
    return "".join(c if c == "\n" or (c >= " " and not "\x7f" <= c <= "\x9f") else "�" for c in str(text))


def table(columns: Sequence[tuple[str, Kind]]) -> Table:
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, kind in columns:
        made.add_column(
            name,
            justify="right" if kind == "figure" else "left",
            # A figure that is cut must look cut; only where not even that much fits is it cut at all.
            overflow="fold" if kind == "text" else "ellipsis",
            no_wrap=kind != "text",
        )
    return made


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Return a table of names and values without a head."""
    from rich.table import Table

    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, plain(value))
    return made


def report_error(error: CommandError) -> None:
    """Say what went wrong: the fault, each field with its value and its remedy, what to do next."""
    if logs_are_json():
        issues = [issue.to_dict() for issue in error.issues]
        log("error", error.detail, errors=issues or None, hint=error.hint, exit_code=int(error.exit_code))
        return
    headline = error.detail
    if error.issues and headline.startswith(error.issues[0].path):
        # A problem's detail is its errors in a row; saying them twice helps nobody.
        headline = "this cannot be done as asked:"
    note(f"stepfold: {headline}", style="red")
    for issue in error.issues:
        note(f"  {_issue_line(issue)}")
    if error.hint:
        note(f"  {error.hint}")


def _issue_line(issue: Issue) -> str:
    value = "" if issue.value is None else f" = {json.dumps(issue.value, ensure_ascii=False)}"
    said = issue.position is None or f"at {issue.position}" in issue.message
    place = "" if said else f" (at character {issue.position})"
    return f"{issue.path}{value}: {issue.message}{place}"
