"""Strategies and limits from YAML or JSON files: small, finite, no surprises, errors with path and line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cli.errors import BadInputError, CommandError
from shared.errors import Issue
from shared.requests import MAX_STRATEGY_BYTES

if TYPE_CHECKING:
    import yaml

SUFFIXES = (".yaml", ".yml", ".json")
# Far above any strategy, far below what hurts; aliases count as what they stand for.
MAX_NODES = 50_000
MAX_DEPTH = 64
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document, and the line (from 1) of each of its fields by path, such as `triggers[0].entry`.

    `field` is where a request holds it.
    """

    path: Path
    document: Mapping[str, Any]
    lines: Mapping[str, int]
    field: str = "strategy"

    def located(self, error: CommandError) -> CommandError:
        """Return the API's error with the file's line at each issue that is about the document."""
        issues = tuple(self._located(issue) for issue in error.issues)
        joined = error.issues and error.detail.startswith(error.issues[0].path)
        return type(error)(f"{self.path} cannot be run:" if joined else error.detail, issues, error.hint)

    def _located(self, issue: Issue) -> Issue:
        place = issue.path.removeprefix(self.field).removeprefix(".")
        while place and place not in self.lines:
            place = place.rpartition(".")[0]
        if not issue.path.startswith(self.field) or not place:
            return issue
        return replace(issue, path=f"{self.path}:{self.lines[place]} {issue.path}")


def is_file_name(text: str) -> bool:
    """Tell whether STRATEGY on a command line means a file: by its ending, a slash in it, or being there."""
    return text.lower().endswith(SUFFIXES) or "/" in text or Path(text).is_file()


def load_strategy(path: Path) -> DocumentFile:
    """Read a strategy document. Raises BadInputError with the path and, where there is one, the line."""
    return _load(path, "strategy", "a strategy is a mapping of fields")


def load_limits(path: Path, field: Literal["risk", "behaviour"]) -> DocumentFile:
    """Read the limits that stand in a request's `field`. Raises BadInputError as `load_strategy` does."""
    return _load(path, field, "limits are a mapping of names to numbers")


def _load(path: Path, field: str, wanted: str) -> DocumentFile:
    text = _read(path)
    if path.suffix.lower() == ".json":
        document = _parse_json(path, text)
        # JSON is YAML, but for tabs (which inside its strings may not stand); read so, it has lines.
        _, root = _parse_yaml(path, text.replace("\t", " "))
    else:
        document, root = _parse_yaml(path, text)
    if document is None:
        raise BadInputError(f"{path}: is empty; {wanted}")
    if not isinstance(document, dict):
        raise BadInputError(f"{path}: {wanted}, not a {type(document).__name__}")
    return DocumentFile(path, document, dict(_lines(root)), field)


def _read(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_STRATEGY_BYTES:
            raise BadInputError(
                f"{path}: has {size:,} bytes; a strategy has at most {MAX_STRATEGY_BYTES:,}",
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path}: is not text in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from None


def _parse_json(path: Path, text: str) -> object:
    def finite(number: str) -> float:
        if abs(float(number)) < float("inf"):
            return float(number)
        raise BadInputError(f"{path}: {number} is not a number that can be taken")

    def constant(name: str) -> object:
        raise BadInputError(f"{path}: {name} is not a number that JSON knows")

    try:
        return json.loads(text, parse_constant=constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise BadInputError(f"{path}:{error.lineno}: is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{path}: is not JSON that can be taken: {error}") from None


def _parse_yaml(path: Path, text: str) -> tuple[object, yaml.Node | None]:
    """Return what a text says and the tree of its nodes. Raises BadInputError."""
    import yaml

    try:
        _measure(path, yaml.parse(text, yaml.SafeLoader))
        loader = _plain_loader()(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return None, None
            _check_keys(path, root)
            return loader.construct_document(root), root
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _yaml_error(path, error) from None
    except ValueError as error:
        raise BadInputError(f"{path}: {error}") from None


def _yaml_error(path: Path, error: yaml.YAMLError) -> BadInputError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return BadInputError(f"{path}{f':{mark.line + 1}' if mark else ''}: is not YAML: {problem}")


def _measure(path: Path, events: Iterable[Any]) -> None:
    """Refuse a text that grows without measure. Raises BadInputError at the line where it does.

    An alias counts as many nodes as its anchor, so ten lines that stand for a billion are found out before
    anything is built.
    """
    import yaml

    sizes: dict[str, tuple[int, int]] = {}  # by anchor: nodes, depth
    open_: list[tuple[str | None, int, int]] = []  # anchor, nodes and depth so far
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, 1, 1))
            if len(open_) > MAX_DEPTH:
                raise BadInputError(f"{path}:{line}: is nested deeper than {MAX_DEPTH}")
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise BadInputError(
                    f"{path}:{line}: *{event.anchor} stands inside of what it names, or nowhere"
                )
            nodes, depth = sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            nodes, depth = 1, 0
            if event.anchor:
                sizes[event.anchor] = (nodes, depth)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, nodes, depth = open_.pop()
            if anchor:
                sizes[anchor] = (nodes, depth)
        else:
            continue
        if open_:
            anchor, before, deepest = open_[-1]
            open_[-1] = (anchor, before + nodes, max(deepest, depth + 1))
            nodes, depth = open_[-1][1:]
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise BadInputError(
                f"{path}:{line}: stands for more than a strategy may hold (its aliases written out)"
            )


def _check_keys(path: Path, root: yaml.Node) -> None:
    """Refuse keys that stand twice in one mapping, and keys that are no names."""
    import yaml

    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if not isinstance(key, yaml.ScalarNode) or key.tag not in _KEY_TAGS:
                    raise BadInputError(f"{path}:{line}: a key must be a name; put it into quotes")
                if key.value in first:
                    raise BadInputError(
                        f"{path}:{line}: {key.value!r} stands twice; it is on line {first[key.value]} already"
                    )
                first[key.value] = line
                waiting.append(value)


def _lines(node: yaml.Node | None, path: str = "") -> Iterable[tuple[str, int]]:
    """Yield the path and the line of every field; an alias has the line where it is named."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield f"{path}[{number}]", item.start_mark.line + 1
            yield from _lines(item, f"{path}[{number}]")
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)


def _plain_loader() -> type[yaml.SafeLoader]:
    """Return a safe loader that reads plain words as JSON does.

    YAML 1.1 makes a date of 2021-01-01, a number of 1:30 and False of `no`; none of these is what the author
    of a strategy wrote.
    """
    import re

    import yaml

    class PlainLoader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (yaml's name)

    rules = (
        ("bool", r"(?:true|false|True|False)$", "tTfF"),
        ("int", r"[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
        ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
        ("null", r"(?:~|null|Null|)$", ["~", "n", "N", ""]),
        ("merge", r"<<$", "<"),
    )
    for tag, pattern, first in rules:
        PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
    PlainLoader.add_constructor("tag:yaml.org,2002:float", _plain_float)
    PlainLoader.add_constructor("tag:yaml.org,2002:int", _plain_int)
    return PlainLoader


def _plain_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _plain_float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    import yaml

    number = float(loader.construct_scalar(node))
    if abs(number) == float("inf"):
        problem = f"{node.value} is not a number that can be taken"
        raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)
    return number
