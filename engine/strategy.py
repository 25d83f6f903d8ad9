"""Strategy documents: a mapping (from JSON or YAML) to a checked, compiled `Strategy`.

Nothing in a document is ignored: an unknown field is an error that names the nearest known one, and
a field that Stepfold knows but does not act on yet is an error that says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import Issue, StrategyError
from engine.expression import parse_expression, references
from engine.functions import FUNCTIONS, PLAYBACK
from engine.graph import Graph, GraphTooLargeError
from engine.names import CATEGORIES, FIELDS, NOT_ENFORCED_FUNCTIONS, NOT_ENFORCED_NAMES
from engine.parameters import NAME, Value, resolve_parameters
from engine.suggest import did_you_mean, shorten
from engine.tokens import KEYWORDS, ExpressionError

SCHEMA = 1
MAX_TRIGGERS = 32
MAX_INDICATORS = 100
MAX_TEXT = 10_000

_FIELDS = ("schema", "name", "description", "parameters", "indicators", "triggers", "sizing")
_NOT_YET = ("risk", "behaviour", "behavior", "regime", "timeframe", "timeframes", "orders", "leverage")
_TRIGGER_FIELDS = ("id", "description", "direction", "category", "symbols", "entry", "exit")
_TRIGGER_NOT_YET = (
    "hold", "stop", "target", "trailing", "confidence", "exit_fraction", "min_reward_to_risk", "timeframe",
    "scale_in", "limit", "order", "valid_for", "priority", "max_bars", "exit_binding",
)  # fmt: skip
_SIZING_FIELDS = ("mode", "fraction")
_SIZING_NOT_YET = ("risk", "volatility_target", "notional", "position_risk")


@dataclass(frozen=True)
class Trigger:
    """One entry and/or exit rule. `entry` and `exit` are the expressions as written, the nodes their place
    in the strategy's graph."""

    id: str
    direction: str
    category: str
    symbols: tuple[str, ...]
    """The markets it trades; empty means all of the run."""
    entry: str | None
    exit: str | None
    entry_node: int | None
    exit_node: int | None


@dataclass(frozen=True)
class Sizing:
    mode: str
    fraction: float
    """Share of the equity at the fill's open that one entry may take, in (0, 1]."""


@dataclass(frozen=True, eq=False)
class Strategy:
    """A valid document with its parameters resolved. Compared by identity: parse once, use often."""

    name: str
    description: str
    raw: Mapping[str, object]
    parameters: Mapping[str, Value]
    indicators: Mapping[str, str]
    triggers: tuple[Trigger, ...]
    sizing: Sizing
    graph: Graph
    indicator_nodes: Mapping[str, int]


def parse_strategy(raw: Mapping[str, object], parameters: Mapping[str, object] | None = None) -> Strategy:
    """Check a document and compile its expressions.

    `parameters` override the document's defaults. Raise StrategyError with every fault found, each
    with its path, and its position where it lies inside an expression.
    """
    issues: list[Issue] = []
    if not isinstance(raw, Mapping):
        raise StrategyError((Issue("", f"a strategy is a mapping of fields, not {shorten(raw)}", None),))
    _check_fields(raw, "", _FIELDS, _NOT_YET, issues)
    if raw.get("schema", SCHEMA) != SCHEMA or isinstance(raw.get("schema"), bool):
        issues.append(Issue("schema", f"must be {SCHEMA}, the version this engine reads", raw.get("schema")))
    name = _text(raw, "name", "", issues, required=True, limit=120)
    description = _text(raw, "description", "", issues)
    values = resolve_parameters(raw.get("parameters"), parameters or {}, issues)
    graph = Graph()
    texts, nodes = _indicators(raw.get("indicators"), graph, values, issues)
    # When a named indicator is broken, every rule that uses it would complain too: report the cause alone.
    broken = bool(issues)
    triggers = _triggers(raw.get("triggers"), graph, values, nodes, texts if broken else {}, issues)
    sizing = _sizing(raw.get("sizing"), values, issues)
    if issues:
        raise StrategyError(tuple(issues))
    return Strategy(name, description, raw, values, texts, triggers, sizing, graph, nodes)


def warm_up_bars(strategy: Strategy) -> int:
    """Return how many bars before the start the rules and named indicators need to be settled.

    Windows need their length; recursive averages need 16 / factor bars, after which less than 1e-7 of
    their first value is left (about 8 × the period of an EMA, 16 × that of Wilder's average).
    """
    used = [n for t in strategy.triggers for n in (t.entry_node, t.exit_node) if n is not None]
    used += strategy.indicator_nodes.values()
    return max((strategy.graph.warm_up[node] for node in used), default=0)


# --- fields ----------------------------------------------------------------------------------


def _check_fields(
    found: Mapping[str, object], path: str, known: Sequence[str], later: Sequence[str], issues: list[Issue]
) -> None:
    for key in found:
        if key in known:
            continue
        where = f"{path}.{str(key)[:40]}" if path else str(key)[:40]
        if key in later:
            issues.append(Issue(where, f"'{key}' is not enforced yet; remove it", None))
        else:
            hint = did_you_mean(str(key), (*known, *later)) or f"; known are {', '.join(known)}"
            issues.append(Issue(where, f"unknown field '{str(key)[:40]}'{hint}", None))


def _text(
    found: Mapping[str, object],
    key: str,
    path: str,
    issues: list[Issue],
    *,
    required: bool = False,
    limit: int = MAX_TEXT,
) -> str:
    value = found.get(key)
    where = f"{path}.{key}" if path else key
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        issues.append(
            Issue(
                where, f"must be a text, not {shorten(value)}" if value is not None else "is missing", value
            )
        )
        return ""
    if len(value) > limit:
        issues.append(Issue(where, f"has {len(value):,} characters; {limit:,} are allowed"))
        return ""
    return value


def _compile(
    text: object,
    path: str,
    graph: Graph,
    values: Mapping[str, Value],
    names: Mapping[str, int],
    issues: list[Issue],
) -> int | None:
    if not isinstance(text, str):
        hint = ' in quotes, such as "close > sma(close, 50)"'
        issues.append(Issue(path, f"must be an expression{hint}, not {shorten(text)}", text))
        return None
    try:
        return parse_expression(text, graph, values, names)
    except ExpressionError as error:
        issues.append(Issue(path, error.message, text, error.position))
    except GraphTooLargeError as error:
        issues.append(Issue(path, f"{error}; simplify the document", None))
    return None


# --- indicators ------------------------------------------------------------------------------


def _indicators(
    raw: object, graph: Graph, values: Mapping[str, Value], issues: list[Issue]
) -> tuple[dict[str, str], dict[str, int]]:
    """Compile named indicators in the order in which they need each other."""
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
        elif _is_taken(name):
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
            node = _compile(texts[name], f"indicators.{name}", graph, values, nodes, issues)
            if node is not None:
                nodes[name] = node
        if any(issue.path.startswith("indicators.") for issue in issues):
            # Those that build on a broken one would only repeat its fault.
            waiting = {n: w for n, w in waiting.items() if w <= nodes.keys() | waiting.keys()}
    return texts, nodes


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


def _is_taken(name: str) -> bool:
    return (
        name in FIELDS
        or name in FUNCTIONS
        or name in KEYWORDS
        or name in NOT_ENFORCED_NAMES
        or name in NOT_ENFORCED_FUNCTIONS
        or name in PLAYBACK
        or name == "timestamp"
    )


# --- triggers and sizing ---------------------------------------------------------------------


def _triggers(
    raw: object,
    graph: Graph,
    values: Mapping[str, Value],
    names: Mapping[str, int],
    broken: Mapping[str, str],
    issues: list[Issue],
) -> tuple[Trigger, ...]:
    if not isinstance(raw, list | tuple) or not raw:
        issues.append(Issue("triggers", "must be a list with at least one trigger (id, entry, exit)", None))
        return ()
    if len(raw) > MAX_TRIGGERS:
        issues.append(Issue("triggers", f"has {len(raw)} entries; {MAX_TRIGGERS} are allowed"))
        return ()
    triggers: list[Trigger] = []
    for number, found in enumerate(raw):
        path = f"triggers[{number}]"
        if not isinstance(found, Mapping):
            issues.append(
                Issue(path, f"must be a mapping with id, entry and exit, not {shorten(found)}", None)
            )
            continue
        triggers.append(_trigger(found, path, graph, values, names, broken, issues))
    seen: dict[str, int] = {}
    for number, trigger in enumerate(triggers):
        if trigger.id and seen.setdefault(trigger.id, number) != number:
            issues.append(
                Issue(
                    f"triggers[{number}].id", f"'{trigger.id}' is the id of triggers[{seen[trigger.id]}] too"
                )
            )
    if triggers and not issues and all(trigger.entry_node is None for trigger in triggers):
        issues.append(Issue("triggers", "no trigger has an entry: nothing would ever be bought"))
    return tuple(triggers)


def _trigger(
    found: Mapping[str, object],
    path: str,
    graph: Graph,
    values: Mapping[str, Value],
    names: Mapping[str, int],
    broken: Mapping[str, str],
    issues: list[Issue],
) -> Trigger:
    _check_fields(found, path, _TRIGGER_FIELDS, _TRIGGER_NOT_YET, issues)
    trigger_id = _text(found, "id", path, issues, required=True, limit=64)
    _text(found, "description", path, issues)
    direction = found.get("direction", "long")
    if direction in ("short", "both"):
        issues.append(
            Issue(f"{path}.direction", f"direction '{direction}' is not enforced yet; use long", direction)
        )
    elif direction != "long":
        issues.append(Issue(f"{path}.direction", f"must be long, not {shorten(direction)}", direction))
    category = found.get("category", "other")
    if not isinstance(category, str) or category not in CATEGORIES:
        hint = did_you_mean(str(category)[:64], CATEGORIES) or f"; known are {', '.join(CATEGORIES)}"
        issues.append(Issue(f"{path}.category", f"unknown category {shorten(category)}{hint}", category))
        category = "other"
    symbols = found.get("symbols", [])
    if (
        not isinstance(symbols, list | tuple)
        or len(symbols) > 500
        or not all(isinstance(s, str) and s for s in symbols)
    ):
        issues.append(Issue(f"{path}.symbols", "must be a list of symbols, such as [BTC-USDT]", None))
        symbols = []
    if found.get("entry") is None and found.get("exit") is None:
        issues.append(Issue(path, "needs an entry, an exit, or both"))
    rules: dict[str, tuple[str | None, int | None]] = {}
    for key in ("entry", "exit"):
        text = found.get(key)
        node: int | None = None
        if text is not None and not _uses_broken(text, names, broken):
            node = _rule(text, f"{path}.{key}", graph, values, names, issues)
        rules[key] = (text if isinstance(text, str) else None, node)
    return Trigger(
        trigger_id,
        "long",
        category,
        tuple(str(s) for s in symbols),
        rules["entry"][0],
        rules["exit"][0],
        rules["entry"][1],
        rules["exit"][1],
    )


def _rule(
    text: object,
    path: str,
    graph: Graph,
    values: Mapping[str, Value],
    names: Mapping[str, int],
    issues: list[Issue],
) -> int | None:
    node = _compile(text, path, graph, values, names, issues)
    if node is not None and not graph.is_boolean(node):
        issues.append(
            Issue(
                path,
                "must be a condition (true or false), this is a number; compare it with something, "
                "such as close > 100",
                text,
                0,
            )
        )
        return None
    return node


def _uses_broken(text: object, names: Mapping[str, int], broken: Mapping[str, str]) -> bool:
    if not isinstance(text, str) or not broken:
        return False
    try:
        return any(word in broken and word not in names for word in references(text))
    except ExpressionError:
        return False


def _sizing(raw: object, values: Mapping[str, Value], issues: list[Issue]) -> Sizing:
    default = Sizing("fraction", 0.95)
    if raw is None:
        return default
    if not isinstance(raw, Mapping):
        issues.append(Issue("sizing", "must be a mapping: {mode: fraction, fraction: 0.95}", None))
        return default
    _check_fields(raw, "sizing", _SIZING_FIELDS, (), issues)
    mode = raw.get("mode", "fraction")
    if mode in _SIZING_NOT_YET:
        issues.append(Issue("sizing.mode", f"mode '{mode}' is not enforced yet; use fraction", mode))
    elif mode != "fraction":
        issues.append(Issue("sizing.mode", f"unknown mode {shorten(mode)}; use fraction", mode))
    fraction = raw.get("fraction", default.fraction)
    if isinstance(fraction, str) and fraction.startswith("$"):
        if fraction[1:] not in values:
            hint = did_you_mean(fraction[1:], values) or "; declare it under 'parameters'"
            issues.append(
                Issue("sizing.fraction", f"unknown parameter '{fraction[:41]}'{hint}", fraction[:41])
            )
            return default
        fraction = values[fraction[1:]]
    if (
        isinstance(fraction, bool)
        or not isinstance(fraction, int | float)
        or not 0 < fraction <= 1
        or math.isnan(fraction)
    ):
        issues.append(
            Issue(
                "sizing.fraction",
                f"must be above 0 and at most 1 (0.95 is 95 % of equity), not {shorten(fraction)}",
            )
        )
        return default
    return Sizing("fraction", float(fraction))
