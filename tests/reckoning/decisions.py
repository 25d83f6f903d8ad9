"""What a symbol's rules decide at a close: who counts, who is filtered, who wins."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.reckoning.book import Book, Pending, Position, Resting
from tests.reckoning.levels import levels_at
from tests.reckoning.settings import DAY_MS, HOUR_MS, Rule, Trigger, View

NEVER_BOUND = ("emergency_exit", "risk_off", "risk_reduce")
EXIT_RANK = {"emergency_exit": 0, "risk_off": 3, "risk_reduce": 4}


@dataclass(frozen=True)
class Candidate:
    """An order that could be placed. The smallest (rank, turn, place in the document) wins."""

    rank: int
    turn: int
    place: int
    rule: str
    reason: str
    trigger: Trigger | None
    rests_already: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        return self.rank, self.turn, self.place


def decide(book: Book, symbol: str) -> None:
    """Turn the rules that are true at this close into at most one order."""
    setup = book.setup
    inputs, row, view = setup.inputs[symbol], book.rows[symbol], book.view(symbol)
    position = book.positions.get(symbol)
    latched = book.latches.get(symbol)
    candidates = [] if position is None else system_exits(book, position, view)
    for place, trigger in enumerate(setup.triggers):
        if trigger.symbols and symbol not in trigger.symbols:
            continue
        if trigger.id in inputs.exit:
            fired = is_true(inputs.exit[trigger.id], row, view)
            if not fired or position is None:
                book.spent.discard((symbol, trigger.id))
            if fired and trigger.category == "risk_off" and symbol not in book.latches:
                book.latches[symbol] = trigger.id
                book.result.latches.append((book.now, symbol, trigger.id))
            if position is not None and (fired or latched == trigger.id):
                candidates += exit_candidate(book, position, trigger, place, view, latched)
        if trigger.id in inputs.entry:
            fired = is_true(inputs.entry[trigger.id], row, view)
            if position is None and (symbol, trigger.id) in book.deferred:
                book.deferred.discard((symbol, trigger.id))
                fired = True
            if fired:
                candidates += entry_candidate(book, symbol, position, trigger, place, view, latched)
    if candidates:
        candidates.sort(key=lambda found: found.order)
        winner, *losers = candidates
        for loser in losers:
            # An order that rests goes on resting, or is replaced: its rule firing again adds nothing to that.
            if not loser.rests_already:
                name = winner.trigger.id if winner.trigger and winner.rule != "system" else winner.reason
                book.block(symbol, loser.trigger, loser.rule, "outranked", name)
        place_order(book, symbol, winner)


def is_true(rule: Rule, row: int, view: View) -> bool:
    return rule(row, view) if callable(rule) else rule[row]


def held_back(book: Book, position: Position, view: View) -> tuple[str, tuple[object, ...]] | None:
    """Why a position may not be closed yet: its trigger's hold rule, or its age."""
    opener = position.opener
    if opener is not None:
        hold = book.setup.inputs[position.symbol].hold.get(opener.id)
        if hold is not None and is_true(hold, book.rows[position.symbol], view):
            return "hold_rule", ()
    needed = book.setup.behaviour.min_hold_hours
    held = book.now + book.setup.step_ms - position.entry_time
    if needed is not None and held < needed * HOUR_MS:
        return "min_hold", (held / HOUR_MS, needed)
    return None


def is_bound(book: Book, position: Position, trigger: Trigger) -> bool:
    """Whether the position may only be closed by exits that belong to its entry, and this is none."""
    binding, opener = book.setup.behaviour.exit_binding, position.opener
    if binding == "none" or opener is None or trigger.category in NEVER_BOUND:
        return False
    return trigger.id != opener.id if binding == "exact" else trigger.category != opener.category


def system_exits(book: Book, position: Position, view: View) -> list[Candidate]:
    """Exits without a rule: time, the day's end, and having walked away."""
    found: list[Candidate] = []
    opener, behaviour = position.opener, book.setup.behaviour
    closing_day = (book.now + book.setup.step_ms) // DAY_MS
    if behaviour.flatten_daily and (
        closing_day != book.now // DAY_MS or position.entry_time // DAY_MS < book.now // DAY_MS
    ):
        found.append(Candidate(0, 1, 0, "system", "flatten_daily", opener))
    if book.walked:
        found.append(Candidate(0, 0, 0, "system", "walk_away", opener))
    is_old = opener is not None and opener.max_bars is not None and position.bars >= opener.max_bars
    if is_old and held_back(book, position, view) is None:
        found.append(Candidate(5, 0, 0, "system", "time_exit", opener))
    return found


def exit_candidate(
    book: Book, position: Position, trigger: Trigger, place: int, view: View, latched: str | None
) -> list[Candidate]:
    """An exit rule that is true (or latched) while a position is open."""
    symbol = position.symbol
    fits = trigger.direction == "both" or trigger.sign == position.sign
    if not fits or (symbol, trigger.id) in book.spent:
        return []
    if trigger.category != "emergency_exit":
        found = held_back(book, position, view)
        if found:
            book.block(symbol, trigger, "exit", found[0], *found[1])
            return []
    if is_bound(book, position, trigger):
        book.block(symbol, trigger, "exit", "exit_binding")
        return []
    rank = 1 if latched == trigger.id else EXIT_RANK.get(trigger.category, 5)
    return [Candidate(rank, 2, place, "exit", "exit_rule", trigger)]


def entry_candidate(
    book: Book,
    symbol: str,
    position: Position | None,
    trigger: Trigger,
    place: int,
    view: View,
    latched: str | None,
) -> list[Candidate]:
    """An entry rule that is true: an entry, or what the conflict mode makes of it."""
    override = book.setup.behaviour.confidence_override
    is_confident = override is not None and trigger.confidence is not None and trigger.confidence <= override
    rank = 2 if is_confident else 6
    resting = book.resting.get(symbol)
    if resting is not None and resting.trigger is trigger:
        return [Candidate(rank, 0, place, "entry", "entry_rule", trigger, rests_already=True)]
    opposite = position is not None and position.sign != trigger.sign
    if position is not None and not opposite and position.entries >= trigger.scale_in:
        return []

    refusal: tuple[str, tuple[object, ...]] | None = None
    reason = "entry_rule"
    if book.walked:
        refusal = "walked_away", ()
    elif latched is not None:
        refusal = "risk_off_latched", ()
    elif position is not None and opposite:
        mode = book.setup.behaviour.conflicting_signals
        if mode == "ignore" or (mode == "reverse" and trigger.order.type != "market"):
            refusal = "conflict_ignored", ()
        elif mode == "defer":
            refusal = "conflict_deferred", ()
            book.deferred.add((symbol, trigger.id))
        else:
            refusal = held_back(book, position, view)
            reason = "conflict_exit" if mode == "exit" else "reversal"
    if refusal is None and reason != "conflict_exit":
        refusal = (
            too_soon(book, symbol, trigger) or poor(book, symbol, trigger) or unpriced(book, symbol, trigger)
        )
    if refusal is not None:
        book.block(symbol, trigger, "entry", refusal[0], *refusal[1])
        return []
    if reason == "conflict_exit":
        return [Candidate(5, 1, place, "entry", reason, trigger)]
    return [Candidate(rank, 0, place, "entry", reason, trigger)]


def too_soon(book: Book, symbol: str, trigger: Trigger) -> tuple[str, tuple[object, ...]] | None:
    """Too short a time since the trigger's last position, or too small a move since the last fill."""
    behaviour = book.setup.behaviour
    left = book.last_exit.get((trigger.id, symbol))
    if behaviour.min_flat_hours is not None and left is not None:
        flat = book.now + book.setup.step_ms - left
        if flat < behaviour.min_flat_hours * HOUR_MS:
            return "min_flat", (flat / HOUR_MS, behaviour.min_flat_hours)
    last = book.last_fill.get(symbol)
    if behaviour.min_price_move_pct is not None and last is not None:
        moved = abs(book.here[symbol].close / last - 1) * 100
        if moved < behaviour.min_price_move_pct:
            return "min_price_move", (moved, behaviour.min_price_move_pct)
    return None


def poor(book: Book, symbol: str, trigger: Trigger) -> tuple[str, tuple[object, ...]] | None:
    """Too little to win for what is risked, measured from this close."""
    least = trigger.min_reward_to_risk
    if least is None:
        return None
    close = book.here[symbol].close
    levels = levels_at(trigger, book.setup.inputs[symbol], book.rows[symbol], close)
    risk = math.nan if levels.distance is None else levels.distance
    reward = math.nan if levels.target is None else trigger.sign * (levels.target - close)
    ratio = reward / risk if risk > 0.0 and reward > 0.0 else math.nan
    # 10 % against 5 % is 2, whatever the last bits of the price make of it.
    return None if ratio >= least * (1 - 1e-9) else ("reward_to_risk", (ratio, least))


def unpriced(book: Book, symbol: str, trigger: Trigger) -> tuple[str, tuple[object, ...]] | None:
    """A limit or stop order needs a price."""
    if trigger.order.type == "market":
        return None
    price = book.setup.inputs[symbol].order_price[trigger.id][book.rows[symbol]]
    return ("price_missing", ()) if math.isnan(price) else None


def place_order(book: Book, symbol: str, winner: Candidate) -> None:
    """Make the winner the symbol's one order."""
    if winner.rests_already:
        return
    row, trigger = book.rows[symbol], winner.trigger
    enters = winner.reason in ("entry_rule", "reversal")
    replaced = book.resting.pop(symbol, None) if enters else None
    if replaced is not None:
        book.block(symbol, replaced.trigger, "entry", "replaced")
    if winner.reason == "entry_rule" and trigger is not None and trigger.order.type != "market":
        price = book.setup.inputs[symbol].order_price[trigger.id][row]
        book.resting[symbol] = Resting(trigger, row, book.now, price, trigger.order.valid_for)
    else:
        book.pending[symbol] = Pending(winner.rule, winner.reason, trigger, row, book.now)
