# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
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


def extremes(
    values: cython.const[cython.double][::1],
    edges: cython.const[cython.longlong][::1],
    high: cython.double[::1],
    low: cython.double[::1],
):
    """Write the highest and the lowest of the rows between each two edges; there is at least one."""
    n: cython.Py_ssize_t
    j: cython.Py_ssize_t
    first: cython.Py_ssize_t
    last: cython.Py_ssize_t
    # Four of each, so that no comparison waits for the one before.
    h0: cython.double
    h1: cython.double
    h2: cython.double
    h3: cython.double
    l0: cython.double
    l1: cython.double
    l2: cython.double
    l3: cython.double
    for n in range(len(high)):
        first = edges[n]
        last = edges[n + 1]
        h0 = h1 = h2 = h3 = l0 = l1 = l2 = l3 = values[first]
        for j in range(first, last - 3, 4):
            h0 = values[j] if values[j] > h0 else h0
            h1 = values[j + 1] if values[j + 1] > h1 else h1
            h2 = values[j + 2] if values[j + 2] > h2 else h2
            h3 = values[j + 3] if values[j + 3] > h3 else h3
            l0 = values[j] if values[j] < l0 else l0
            l1 = values[j + 1] if values[j + 1] < l1 else l1
            l2 = values[j + 2] if values[j + 2] < l2 else l2
            l3 = values[j + 3] if values[j + 3] < l3 else l3
        for j in range(last - (last - first) % 4, last):
            h0 = values[j] if values[j] > h0 else h0
            l0 = values[j] if values[j] < l0 else l0
        h0 = h1 if h1 > h0 else h0
        h2 = h3 if h3 > h2 else h2
        l0 = l1 if l1 < l0 else l0
        l2 = l3 if l3 < l2 else l2
        high[n] = h2 if h2 > h0 else h0
        low[n] = l2 if l2 < l0 else l0


def add_by_day(
    stamps: cython.const[cython.longlong][:],
    values: cython.const[cython.double][:],
    begins: cython.const[cython.longlong][::1],
    counts: cython.longlong[::1],
    sums: cython.double[::1],
):
    """Count rows in the order of time, and add their values, by day; `begins` are the days' first moments."""
    day: cython.Py_ssize_t = 0
    days: cython.Py_ssize_t = len(begins)
    j: cython.Py_ssize_t
    for j in range(len(stamps)):
        while day + 1 < days and stamps[j] >= begins[day + 1]:
            day += 1
        counts[day] += 1
        sums[day] += values[j]


def count_exposed(
    timeline: cython.const[cython.longlong][::1],
    stamps: cython.const[cython.longlong][:],
    symbols: cython.const[cython.int][:],
    quantities: cython.const[cython.double][:],
    edges: cython.const[cython.longlong][::1],
    held: cython.longlong[::1],
    counts: cython.longlong[::1],
):
    """Count the bars with any position between each two edges, from changes in the order of time.

    `held` (0 or 1 for each symbol) is moved on. A change counts from its bar on; of several in one bar the
    last one stands.
    """
    rows: cython.Py_ssize_t = len(timeline)
    changes: cython.Py_ssize_t = len(stamps)
    row: cython.Py_ssize_t = 0
    day: cython.Py_ssize_t = 0
    now: cython.longlong = 0
    j: cython.Py_ssize_t
    target: cython.Py_ssize_t
    low: cython.Py_ssize_t
    middle: cython.Py_ssize_t
    symbol: cython.Py_ssize_t
    holds: cython.longlong
    # Where the bars stand at one distance, a time's row is reckoned from one row that is known, not from the
    # change before: so the reads of several changes wait for memory together.
    rate: cython.double = 0.0
    known: cython.longlong = 0
    at: cython.Py_ssize_t = 0
    if rows > 0:
        known = timeline[0]
    if rows > 1:
        rate = 1.0 / (timeline[1] - timeline[0])
    for j in range(len(held)):
        now += held[j]
    for j in range(changes + 1):
        target = rows
        if j < changes:
            target = at + cython.cast(cython.Py_ssize_t, (stamps[j] - known) * rate + 0.5)
            if target < row or target >= rows or timeline[target] != stamps[j]:
                low = row
                target = rows
                while low < target:
                    middle = (low + target) // 2
                    if timeline[middle] < stamps[j]:
                        low = middle + 1
                    else:
                        target = middle
                if target < rows:
                    known = timeline[target]
                    at = target
        while edges[day + 1] < target:
            if now > 0:
                counts[day] += edges[day + 1] - row
            row = edges[day + 1]
            day += 1
        if now > 0:
            counts[day] += target - row
        row = target
        if j < changes:
            symbol = symbols[j]
            holds = 1 if quantities[j] != 0.0 else 0
            now += holds - held[symbol]
            held[symbol] = holds


def follow_trades(
    pnl: cython.const[cython.double][:],
    returned: cython.const[cython.double][:],
    entered: cython.const[cython.longlong][:],
    left: cython.const[cython.longlong][:],
    lasted: cython.longlong[::1],
    outcomes: cython.int[::1],
    hours: cython.int[::1],
    weekdays: cython.int[::1],
    longest: cython.longlong[::1],
    streak: cython.longlong[::1],
    longest_streak: cython.longlong[::1],
    extremes: cython.double[::1],
    rows: cython.longlong[::1],
):
    """Write how long each trade lasted, how it ended (0 won, 1 lost, 2 even), and when it was entered.

    `longest` and `longest_streak` are by outcome, `streak` is the outcome and length of the one under way.
    `extremes` are the highest and the lowest return, the largest win and loss; `rows` gets the rows of the
    first two where they are of these trades.
    """
    j: cython.Py_ssize_t
    outcome: cython.Py_ssize_t
    inside: cython.longlong
    for j in range(len(pnl)):
        outcome = 0 if pnl[j] > 0.0 else 1 if pnl[j] < 0.0 else 2
        outcomes[j] = outcome
        lasted[j] = left[j] - entered[j]
        # Time of day, which is positive before 1970 too.
        inside = (entered[j] % L.DAY + L.DAY) % L.DAY
        hours[j] = inside // L.HOUR
        # 1970-01-01 was a Thursday.
        weekdays[j] = (((entered[j] - inside) // L.DAY + 3) % 7 + 7) % 7
        longest[outcome] = lasted[j] if lasted[j] > longest[outcome] else longest[outcome]
        streak[1] = streak[1] + 1 if streak[0] == outcome else 1
        streak[0] = outcome
        if streak[1] > longest_streak[outcome]:
            longest_streak[outcome] = streak[1]
        if returned[j] > extremes[0]:
            extremes[0] = returned[j]
            rows[0] = j
        if returned[j] < extremes[1]:
            extremes[1] = returned[j]
            rows[1] = j
        extremes[2] = pnl[j] if pnl[j] > extremes[2] else extremes[2]
        extremes[3] = pnl[j] if pnl[j] < extremes[3] else extremes[3]


def add_group(
    codes: cython.const[cython.int][:],
    labels: cython.const[cython.longlong][::1],
    outcomes: cython.const[cython.int][::1],
    lasted: cython.const[cython.longlong][::1],
    fees: cython.const[cython.double][:],
    returned: cython.const[cython.double][:],
    pnl: cython.const[cython.double][:],
    floats: cython.double[::1],
    ints: cython.longlong[::1],
):
    """Add trades to the sums of their labels: `labels` has the number for each code, the last for null.

    Of each label `floats` has fees, return and P&L by outcome, `ints` time and trades by outcome.
    """
    j: cython.Py_ssize_t
    label: cython.Py_ssize_t
    for j in range(len(codes)):
        label = labels[codes[j] if codes[j] >= 0 else len(labels) - 1]
        floats[5 * label] += fees[j]
        floats[5 * label + 1] += returned[j]
        floats[5 * label + 2 + outcomes[j]] += pnl[j]
        ints[4 * label] += lasted[j]
        ints[4 * label + 1 + outcomes[j]] += 1


def add_excursions(
    reached: cython.const[cython.double][:],
    quantities: cython.const[cython.double][:],
    prices: cython.const[cython.double][:],
    outcomes: cython.const[cython.int][::1],
    bounds: cython.const[cython.double][::1],
    sums: cython.double[::1],
    furthest: cython.double[::1],
    counts: cython.longlong[::1],
):
    """Add how far trades went, in percent of what they cost, to sums, maxima and classes by outcome."""
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    kind: cython.Py_ssize_t
    within: cython.Py_ssize_t
    classes: cython.Py_ssize_t = len(bounds)
    percent: cython.double
    for j in range(len(reached)):
        kind = outcomes[j]
        percent = (reached[j] if reached[j] >= 0.0 else -reached[j]) / (quantities[j] * prices[j]) * 100.0
        sums[kind] += percent
        furthest[kind] = percent if percent > furthest[kind] else furthest[kind]
        within = 0
        for k in range(classes):
            within += 1 if bounds[k] <= percent else 0
        counts[kind * (classes + 1) + within] += 1
