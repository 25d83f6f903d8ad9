"""The nearest known name, for messages that teach."""

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'ema'?`, or the empty string when nothing is near."""
    from difflib import get_close_matches  # only where something is wrong

    matches = get_close_matches(name[:64].lower(), sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else ""


def shorten(value: object, limit: int = 60) -> str:
    """Return a printable form of a hostile value: one line, at most `limit` characters."""
    # Slice before repr: the value may be a megabyte.
    text = repr(value[: limit + 1]) if isinstance(value, str) else _bounded(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _bounded(value: object) -> str:
    if isinstance(value, bool | float) or value is None:
        return str(value)
    if isinstance(value, int):
        # Printing a huge integer is quadratic, and refused by Python beyond 4,300 digits.
        return str(value) if value.bit_length() < 256 else "a huge integer"
    return f"a {type(value).__name__}"
