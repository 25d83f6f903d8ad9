# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: legacy_implicit_noexcept=True
"""What a report adds up, row by row: extremes of days, exposed bars, sums of fills and of trades.

Cython pure-Python mode like `engine.kernel`: compiled it reads arrays (columns of logs where they lie, with
their strides), uncompiled lists, and writes the same bits. Every sum is added to in the order of its rows.
"""

# Cython's decorators and C types carry no Python types that mypy could check, and arrays are
# memoryviews compiled but lists uncompiled.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, valid-type, no-any-return"
# mypy: disable-error-code="type-arg, attr-defined, assignment, operator, misc, index, arg-type, return-value"
# mypy: disable-error-code="no-redef, unreachable, import-not-found, import-untyped, union-attr"
# mypy: allow-untyped-defs, allow-untyped-calls, no-warn-unused-ignores

from __future__ import annotations

try:
    import cython
except ImportError:  # an installation without Cython runs the same source with this stand-in
    from engine import uncompiled as cython

from engine import layout as L  # noqa: N812 - a short name for what stands on every line

COMPILED = cython.compiled


def add_by_day(
    stamps: cython.const[cython.longlong][:],
    values: cython.const[cython.double][:],
    begins: cython.const[cython.longlong][::1],
    counts: cython.longlong[::1],
    sums: cython.double[::1],
):
    """Count rows in the order of time, and add their values, by day; `begins` are the days' first moments."""
    day: cython.Py_ssize_t
    days: cython.Py_ssize_t = len(begins)
    j: cython.Py_ssize_t = 0
    rows: cython.Py_ssize_t = len(stamps)
    first: cython.Py_ssize_t
    total: cython.double
    with cython.nogil:
        for day in range(days):
            first = j
            total = sums[day]
            while j < rows and (day + 1 == days or stamps[j] < begins[day + 1]):
                total += values[j]
                j += 1
            sums[day] = total
            counts[day] += j - first


def sum_surely(values: cython.const[cython.double][::1]):
    """Return the sum of some values, and whether it is surely the sum rounded once.

    What each addition loses is added up beside the sum (Sum2 of Ogita, Rump and Oishi 2005, "Accurate Sum and
    Dot Product"): with u = 2⁻⁵³, both together are off by at most (n u)² Σ|x|, to which all roundings here
    are small. The sum is sure where that much more or less would be rounded to it too.
    """
    n: cython.Py_ssize_t = len(values)
    j: cython.Py_ssize_t
    total: cython.double = 0.0
    lost: cython.double = 0.0
    size: cython.double = 0.0
    x: cython.double
    after: cython.double
    part: cython.double
    bound: cython.double
    with cython.nogil:
        for j in range(n):
            x = values[j]
            after = total + x
            part = after - total
            lost += (total - (after - part)) + (x - part)
            total = after
            size += x if x >= 0.0 else -x
        after = total + lost
        part = after - total
        lost = (total - (after - part)) + (lost - part)
        bound = 4.0 * n * n * 1.2325951644078310e-32 * size
    return after, after + (lost + bound) == after and after + (lost - bound) == after


def take_apart(
    codes: cython.const[cython.longlong][::1],
    shifts: cython.const[cython.longlong][::1],
    masks: cython.const[cython.longlong][::1],
    out: cython.int[::1],
):
    """Write parts of each code, -1 for none, all of a part one after the other."""
    rows: cython.Py_ssize_t = len(codes)
    first: cython.Py_ssize_t
    end: cython.Py_ssize_t
    part: cython.Py_ssize_t
    j: cython.Py_ssize_t
    at: cython.Py_ssize_t
    shift: cython.ulonglong
    mask: cython.ulonglong
    code: cython.ulonglong
    with cython.nogil:
        # Piece by piece, so that codes come from memory once.
        for first in range(0, rows, 1024):
            end = first + 1024 if first + 1024 < rows else rows
            for part in range(len(shifts)):
                shift = shifts[part]
                mask = masks[part]
                at = part * rows
                for j in range(first, end):
                    # Unsigned: processors shift several of these at once.
                    code = cython.cast(cython.ulonglong, codes[j])
                    out[at + j] = cython.cast(cython.int, (code >> shift) & mask) - 1


def look_up(codes: cython.const[cython.int][:], table: cython.const[cython.int][::1], out: cython.int[::1]):
    """Write what `table` has for each code from -1 on."""
    j: cython.Py_ssize_t
    with cython.nogil:
        for j in range(len(codes)):
            out[j] = table[codes[j] + 1]


def add_trades(
    pnl: cython.const[cython.double][:],
    returned: cython.const[cython.double][:],
    fees: cython.const[cython.double][:],
    entered: cython.const[cython.longlong][:],
    left: cython.const[cython.longlong][:],
    quantities: cython.const[cython.double][:],
    prices: cython.const[cython.double][:],
    mae: cython.const[cython.double][:],
    mfe: cython.const[cython.double][:],
    symbols: cython.const[cython.int][:],
    triggers: cython.const[cython.int][:],
    exit_triggers: cython.const[cython.int][:],
    reasons: cython.const[cython.int][:],
    sides: cython.const[cython.int][:],
    labels: cython.const[cython.longlong][::1],
    begins: cython.const[cython.longlong][::1],
    rest: cython.const[cython.longlong][::1],
    bounds: cython.const[cython.double][::1],
    longest: cython.longlong[::1],
    streak: cython.longlong[::1],
    longest_streak: cython.longlong[::1],
    extremes: cython.double[::1],
    rows: cython.longlong[::1],
    floats: cython.double[::1],
    ints: cython.longlong[::1],
    sums: cython.double[::1],
    furthest: cython.double[::1],
    counts: cython.longlong[::1],
    places: cython.longlong[::1],
):
    """Add closed trades up: by outcome (0 won, 1 lost, 2 even), by label, and how far they went.

    `longest` and `longest_streak` are by outcome, `streak` is the outcome and length of the one under way.
    `extremes` are the highest and the lowest return, the largest win and loss; `rows` gets the rows of the
    first two where they are of these trades. Of each label `floats` has fees, return and P&L by outcome,
    `ints` time and trades by outcome; `labels` has the number of the label for each code of each text column,
    that of null behind the last one's; `begins` says where each column's are, and where the last one's end;
    `rest` which are the first labels of outcomes, hours and weekdays. `sums`, `furthest` and `counts` are of
    excursions against and then for the holder, by outcome. `places` is for eight labels of a trade.
    """
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    n: cython.Py_ssize_t
    outcome: cython.Py_ssize_t
    day: cython.longlong
    weekday: cython.longlong
    lasted: cython.longlong
    at: cython.longlong
    within: cython.Py_ssize_t
    classes: cython.Py_ssize_t = len(bounds)
    cost: cython.double
    percent: cython.double
    gain: cython.double
    share: cython.double
    fee: cython.double
    begun: cython.longlong
    with cython.nogil:
        for j in range(len(pnl)):
            # Without branches where they can: what trades come to cannot be predicted.
            gain = pnl[j]
            share = returned[j]
            fee = fees[j]
            begun = entered[j]
            outcome = (gain <= 0.0) + (gain == 0.0)
            lasted = left[j] - begun
            longest[outcome] = lasted if lasted > longest[outcome] else longest[outcome]
            streak[1] = streak[1] + 1 if streak[0] == outcome else 1
            streak[0] = outcome
            if streak[1] > longest_streak[outcome]:
                longest_streak[outcome] = streak[1]
            if share > extremes[0]:
                extremes[0] = share
                rows[0] = j
            if share < extremes[1]:
                extremes[1] = share
                rows[1] = j
            extremes[2] = gain if gain > extremes[2] else extremes[2]
            extremes[3] = gain if gain < extremes[3] else extremes[3]
            # A null's code is -1, and its label stands last.
            places[0] = labels[begins[0] + symbols[j] if symbols[j] >= 0 else begins[1] - 1]
            places[1] = labels[begins[1] + triggers[j] if triggers[j] >= 0 else begins[2] - 1]
            places[2] = labels[begins[2] + exit_triggers[j] if exit_triggers[j] >= 0 else begins[3] - 1]
            places[3] = labels[begins[3] + reasons[j] if reasons[j] >= 0 else begins[4] - 1]
            places[4] = labels[begins[4] + sides[j] if sides[j] >= 0 else begins[5] - 1]
            places[5] = rest[0] + outcome
            day = begun // L.DAY
            if begun - day * L.DAY < 0:
                day -= 1  # before 1970: division is toward zero
            places[6] = rest[1] + (begun - day * L.DAY) // L.HOUR
            # 1970-01-01 was a Thursday.
            weekday = (day + 3) % 7
            places[7] = rest[2] + (weekday if weekday >= 0 else weekday + 7)
            for k in range(8):
                at = 5 * places[k]
                floats[at] += fee
                floats[at + 1] += share
                floats[at + 2 + outcome] += gain
                at = 4 * places[k]
                ints[at] += lasted
                ints[at + 1 + outcome] += 1
            cost = quantities[j] * prices[j]
            for k in range(2):
                percent = mae[j] if k == 0 else mfe[j]
                percent = (percent if percent >= 0.0 else -percent) / cost * 100.0
                at = 3 * k + outcome
                sums[at] += percent
                furthest[at] = percent if percent > furthest[at] else furthest[at]
                within = 0
                for n in range(classes):
                    within += bounds[n] <= percent
                counts[at * (classes + 1) + within] += 1
