"""The named indicators of a document, compiled in the order in which they need each other."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.errors import Issue
from engine.expression import references
from engine.functions import is_word
from engine.parameters import NAME
from engine.rules import Reading
from engine.suggest import shorten
from engine.tokens import ExpressionError

MAX_INDICATORS = 100


def read_indicators(raw: object, reading: Reading) -> tuple[dict[str, str], dict[str, int]]:
    """Return the texts of the named indicators and the nodes of those without a fault."""
    issues = reading.issues
    if raw is None:
        return {}, {}
    if not isinstance(raw, Mapping):
        issues.append(Issue("indicators", 'must be a mapping of names: fast: "ema(close, 12)"', raw))
        return {}, {}
    if len(raw) > MAX_INDICATORS:
        issues.append(Issue("indicators", f"has {len(raw)} entries; {MAX_INDICATORS} are allowed"))
        return {}, {}
    texts: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    for name, text in raw.items():
        path = f"indicators.{str(name)[:40]}"
        if isinstance(text, int | float) and not isinstance(text, bool):
            text = repr(text)
        if not isinstance(name, str) or not NAME.match(name):
            issues.append(Issue(path, "a name is letters, digits and _, at most 40 characters", name))
        elif is_word(name):
            issues.append(Issue(path, f"'{name}' is a word of the language; choose another name", name))
        elif not isinstance(text, str):
            issues.append(
                Issue(path, f'must be an expression in quotes, such as "ema(close, 12)", not {shorten(text)}')
            )
        else:
            texts[name] = text
    for name, text in texts.items():
        try:
            needs[name] = {word for word in references(text) if word in texts}
        except ExpressionError as error:
            issues.append(Issue(f"indicators.{name}", error.message, text, error.position))
    nodes: dict[str, int] = {}
    waiting = {name: words & needs.keys() for name, words in needs.items()}
    while waiting:
        ready = [name for name, words in waiting.items() if words <= nodes.keys()]
        if not ready:
            _report_stuck(waiting, nodes, issues)
            break
        for name in ready:
            del waiting[name]
            node = replace(reading, names=nodes).compile(texts[name], f"indicators.{name}")
            if node is not None:
                nodes[name] = node
        if any(issue.path.startswith("indicators.") for issue in issues):
            # Those that build on a broken one would only repeat its fault.
            waiting = {n: w for n, w in waiting.items() if w <= nodes.keys() | waiting.keys()}
    return texts, nodes


def read_again(
    texts: Mapping[str, str], order: Iterable[str], nodes: dict[str, int], reading: Reading
) -> None:
    """Read indicators without a fault for other values, into `nodes`, which are the names of `reading`.

    `order` is one in which none comes before those that it needs.
    """
    for name in order:
        node = reading.again(texts[name])
        if node is None:
            node = reading.compile(texts[name], f"indicators.{name}")
        if node is None:
            break
        nodes[name] = node


def _report_stuck(waiting: Mapping[str, set[str]], nodes: Mapping[str, int], issues: list[Issue]) -> None:
    circle = _cycle(waiting)
    if circle:
        chain = " → ".join([*circle, circle[0]])
        issues.append(
            Issue(f"indicators.{circle[0]}", f"indicators refer to each other in a circle: {chain}")
        )
    elif not issues:
        missing = sorted({w for words in waiting.values() for w in words if w not in nodes})
        issues.append(Issue("indicators", f"cannot be resolved: {', '.join(missing)}"))


def _cycle(waiting: Mapping[str, set[str]]) -> list[str]:
    """Follow the references among the waiting names until one repeats; empty if they end elsewhere."""
    for start in waiting:
        path = [start]
        while True:
            following = sorted(word for word in waiting[path[-1]] if word in waiting)
            if not following:
                break
            if following[0] in path:
                return path[path.index(following[0]) :]
            path.append(following[0])
    return []
