"""The triggers of a document: when to enter, when to leave, and what protects the position between."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Issue
from engine.fields import MAX_ID, Range, check_fields, read_choice, read_number, read_text
from engine.layout import MOST_RULES
from engine.levels import Level, Order, read_level, read_order
from engine.limits import CONFIDENCES
from engine.names import CATEGORIES, TIMEFRAMES
from engine.rules import Reading
from engine.suggest import shorten

MAX_TRIGGERS = 32
MAX_SYMBOLS = 500

DIRECTIONS = ("long", "short", "both")

EXIT_FRACTION = Range(0.0, 1.0, above=True)
MAX_BARS = Range(1, 10_000_000, whole=True)
REWARD_TO_RISK = Range(0.0, 100.0, above=True)
SCALE_IN = Range(1, 1_000, whole=True)

OF_ENTRIES = (
    "hold", "order", "stop", "target", "trailing", "max_bars", "min_reward_to_risk", "scale_in", "confidence",
)  # fmt: skip
"""Fields that belong to the position which the trigger opens."""
FIELDS = (
    "id", "description", "direction", "category", "symbols", "timeframe",
    "entry", "exit", "exit_fraction", *OF_ENTRIES,
)  # fmt: skip
_ELSEWHERE = {
    "limit": 'is part of order: {limit: "close * 0.99", valid_for: 3}',
    "valid_for": 'is part of order: {limit: "close * 0.99", valid_for: 3}',
    "priority": "is not written: the category and the order of the triggers decide",
    "exit_binding": "belongs under behaviour, for the whole document",
    "stop_loss": "is written stop: {percent: 2}",
    "take_profit": "is written target: {percent: 4}",
    "trailing_stop": "is written trailing: {percent: 3}",
    "size": "belongs under sizing, for the whole document",
}


@dataclass(frozen=True)
class Trigger:
    """One entry and/or exit rule. `entry`, `exit` and `hold` are the expressions as written, the nodes their
    place in the strategy's graph."""

    id: str
    direction: str = "long"
    """long, short, or both (only without an entry)"""
    category: str = "other"
    symbols: tuple[str, ...] = ()
    """The markets it trades; empty means all of the run."""
    entry: str | None = None
    exit: str | None = None
    entry_node: int | None = None
    exit_node: int | None = None
    hold: str | None = None
    """While it is true, only an emergency exit or a protective level closes what this trigger opened."""
    hold_node: int | None = None
    description: str = ""
    confidence: str | None = None
    timeframe: str | None = None
    """The bars, such as 4h, on which all its expressions are read; it fires where one of them closes."""
    order: Order = field(default_factory=Order)
    exit_fraction: float = 1.0
    """Share of the position that its exit closes, in (0, 1]."""
    stop: Level | None = None
    target: Level | None = None
    trailing: Level | None = None
    max_bars: int | None = None
    """Bars after which the position is closed; the entry's own counts."""
    min_reward_to_risk: float | None = None
    """Least ratio of the target's distance to the stop's."""
    scale_in: int = 1
    """Most entries of one position."""

    @property
    def is_rich(self) -> bool:
        """Whether it asks for more than market orders that open and close a long position whole."""
        return (
            (self.entry_node is not None and self.direction != "long")
            or self.hold_node is not None
            or self.order.type != "market"
            or self.exit_fraction != 1.0
            or any(level is not None for level in (self.stop, self.target, self.trailing))
            or self.max_bars is not None
            or self.min_reward_to_risk is not None
            or self.scale_in > 1
            or self.category == "risk_off"
        )


def read_triggers(raw: object, reading: Reading) -> tuple[Trigger, ...]:
    """Return the document's triggers in its order; those at fault are incomplete, with issues."""
    issues = reading.issues
    if not isinstance(raw, list | tuple) or not raw:
        issues.append(Issue("triggers", "must be a list with at least one trigger (id, entry, exit)", None))
        return ()
    if len(raw) > MAX_TRIGGERS:
        issues.append(Issue("triggers", f"has {len(raw)} entries; {MAX_TRIGGERS} are allowed"))
        return ()
    triggers: list[Trigger] = []
    seen: dict[str, int] = {}
    for number, found in enumerate(raw):
        path = f"triggers[{number}]"
        if not isinstance(found, Mapping):
            message = f"must be a mapping with id, entry and exit, not {shorten(found)}"
            issues.append(Issue(path, message, None))
            continue
        trigger = _trigger(found, path, reading)
        if trigger.id and seen.setdefault(trigger.id, number) != number:
            issues.append(
                Issue(f"{path}.id", f"'{trigger.id}' is the id of triggers[{seen[trigger.id]}] too")
            )
        triggers.append(trigger)
    rules = [n for t in triggers for n in (t.entry_node, t.exit_node, t.hold_node) if n is not None]
    if len(rules) > MOST_RULES:
        message = f"have {len(rules)} entry, exit and hold rules together; {MOST_RULES} are allowed"
        issues.append(Issue("triggers", message))
    if not issues and all(trigger.entry_node is None for trigger in triggers):
        issues.append(Issue("triggers", "no trigger has an entry: no position would ever be opened"))
    return tuple(triggers)


def _trigger(found: Mapping[str, object], path: str, reading: Reading) -> Trigger:
    issues = reading.issues
    check_fields(found, path, FIELDS, issues, _ELSEWHERE)
    has_entry, has_exit = found.get("entry") is not None, found.get("exit") is not None
    if not has_entry and not has_exit:
        issues.append(Issue(path, "needs an entry, an exit, or both"))
    _refuse_idle(found, path, has_entry, has_exit, issues)
    direction = _direction(found.get("direction"), path, has_entry, issues)
    timeframe = _choice(found, "timeframe", path, tuple(TIMEFRAMES), issues)

    def rule(key: str) -> int | None:
        return _rule(found, key, path, timeframe, reading)

    def level(key: str) -> Level | None:
        return read_level(found.get(key), key, f"{path}.{key}", direction, timeframe, reading)

    def number(key: str, allowed: Range) -> float | None:
        if found.get(key) is None:
            return None
        return read_number(found[key], f"{path}.{key}", allowed, reading.values, issues)

    exit_fraction, max_bars = number("exit_fraction", EXIT_FRACTION), number("max_bars", MAX_BARS)
    trigger = Trigger(
        id=read_text(found, "id", path, issues, required=True, limit=MAX_ID),
        direction=direction,
        category=_choice(found, "category", path, CATEGORIES, issues) or "other",
        symbols=_symbols(found.get("symbols"), path, issues),
        entry=_text(found, "entry"),
        exit=_text(found, "exit"),
        entry_node=rule("entry"),
        exit_node=rule("exit"),
        hold=_text(found, "hold"),
        hold_node=rule("hold"),
        description=read_text(found, "description", path, issues),
        confidence=_choice(found, "confidence", path, CONFIDENCES, issues),
        timeframe=timeframe,
        order=read_order(found.get("order"), f"{path}.order", timeframe, reading),
        exit_fraction=1.0 if exit_fraction is None else exit_fraction,
        stop=level("stop"),
        target=level("target"),
        trailing=level("trailing"),
        max_bars=None if max_bars is None else int(max_bars),
        min_reward_to_risk=number("min_reward_to_risk", REWARD_TO_RISK),
        scale_in=int(number("scale_in", SCALE_IN) or 1),
    )
    _check_risk(found, path, trigger, issues)
    return trigger


def read_again(
    trigger: Trigger, found: Mapping[str, object], path: str, reading: Reading
) -> dict[str, object]:
    """Return the fields of a trigger that hold nodes, read for other values and nodes of the same names."""
    changes: dict[str, object] = {}
    for kind, text, node in (
        ("entry", trigger.entry, trigger.entry_node),
        ("exit", trigger.exit, trigger.exit_node),
        ("hold", trigger.hold, trigger.hold_node),
    ):
        if node is None or text is None:
            continue
        # Of the same kind, it is as good a condition as it was.
        again = reading.again(text) if trigger.timeframe is None else None
        changes[f"{kind}_node"] = (
            _rule(found, kind, path, trigger.timeframe, reading) if again is None else again
        )
    for key, level in (("stop", trigger.stop), ("target", trigger.target), ("trailing", trigger.trailing)):
        if level is not None and level.node is not None:
            changes[key] = read_level(
                found.get(key), key, f"{path}.{key}", trigger.direction, trigger.timeframe, reading
            )
    if trigger.order.node is not None:
        changes["order"] = read_order(found.get("order"), f"{path}.order", trigger.timeframe, reading)
    return changes


def _rule(
    found: Mapping[str, object], key: str, path: str, timeframe: str | None, reading: Reading
) -> int | None:
    if found.get(key) is None:
        return None
    node = reading.condition(found[key], f"{path}.{key}", timeframe)
    # A hold rule keeps standing between the closes of the higher timeframe, entries and exits do not.
    if node is None or timeframe is None or key == "hold":
        return node
    return reading.at_closes_of(timeframe, node)


def _refuse_idle(
    found: Mapping[str, object], path: str, has_entry: bool, has_exit: bool, issues: list[Issue]
) -> None:
    """Refuse what would never act: fields of an entry without one, a share of an exit without one."""
    if has_exit and not has_entry:
        issues += (
            Issue(f"{path}.{key}", f"'{key}' belongs to a trigger with an entry; this one only exits")
            for key in OF_ENTRIES
            if found.get(key) is not None
        )
    if has_entry and not has_exit and found.get("exit_fraction") is not None:
        issues.append(
            Issue(f"{path}.exit_fraction", "is the share that this trigger's exit closes; it has no exit")
        )


def _check_risk(found: Mapping[str, object], path: str, trigger: Trigger, issues: list[Issue]) -> None:
    """Refuse what needs a stop and has none. A level that is at fault itself counts as given."""
    if found.get("entry") is None:
        return
    has_stop = found.get("stop") is not None or found.get("trailing") is not None
    has_target = found.get("target") is not None
    if trigger.direction == "short" and not has_stop:
        message = "a short entry needs a stop or a trailing, such as stop: {percent: 3}; its loss has no end"
        issues.append(Issue(path, message))
        return
    if trigger.target is not None and trigger.target.kind == "r" and not has_stop:
        message = "is a multiple of the stop's distance; the trigger needs a stop or a trailing"
        issues.append(Issue(f"{path}.target.r", message))
    if trigger.min_reward_to_risk is not None and not (has_stop and has_target):
        lacking = [] if has_stop else ["a stop or a trailing"]
        lacking += [] if has_target else ["a target"]
        message = f"compares the target's distance with the stop's; the trigger needs {' and '.join(lacking)}"
        issues.append(Issue(f"{path}.min_reward_to_risk", message))


def _direction(raw: object, path: str, has_entry: bool, issues: list[Issue]) -> str:
    if raw is None:
        return "long" if has_entry else "both"
    found = read_choice(raw, f"{path}.direction", "direction", DIRECTIONS, issues)
    if found == "both" and has_entry:
        message = "both is for exits alone; an entry is long or short: write a trigger for each"
        issues.append(Issue(f"{path}.direction", message, raw))
        return "long"
    return found or "long"


def _choice(
    found: Mapping[str, object], key: str, path: str, choices: tuple[str, ...], issues: list[Issue]
) -> str | None:
    if found.get(key) is None:
        return None
    return read_choice(found[key], f"{path}.{key}", key, choices, issues)


def _symbols(raw: object, path: str, issues: list[Issue]) -> tuple[str, ...]:
    if raw is None:
        return ()
    if (
        isinstance(raw, list | tuple)
        and len(raw) <= MAX_SYMBOLS
        and all(isinstance(s, str) and s for s in raw)
    ):
        return tuple(raw)
    issues.append(Issue(f"{path}.symbols", "must be a list of symbols, such as [BTC-USDT]", None))
    return ()


def _text(found: Mapping[str, object], key: str) -> str | None:
    text = found.get(key)
    return text if isinstance(text, str) else None
