"""Days since 1970-01-01 (UTC) as dates, and the periods that they lie in."""

from __future__ import annotations

import calendar
from datetime import date

DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


def day_of(when: date) -> int:
    return when.toordinal() - _EPOCH


def date_of(day: int) -> date:
    return date.fromordinal(day + _EPOCH)


def text_of(day: int) -> str:
    """Write `2021-08-13`."""
    return date_of(day).isoformat()


def week_of(day: int) -> str:
    """Return the Monday of the day's week."""
    return text_of(day - weekday_of(day))


def weekday_of(day: int) -> int:
    """Return 0 for Monday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def months_before(day: int, months: int) -> int:
    """Return the same day of the month so many months earlier, or that month's last day."""
    when = date_of(day)
    year, month = divmod(12 * when.year + when.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day_of(date(year, month + 1, min(when.day, last)))
