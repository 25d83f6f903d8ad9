"""The sequential heart: evaluates the rules of every market block by block and folds orders over bars.

Cython pure-Python mode: this one source is compiled (`python -m infra_cdk.kernel`) and also runs as it
is, with lists in place of arrays and the same bits in every result. It knows arrays alone; where what
lies is in `layout`, whose names the build replaces by their numbers. Floating-point operations are
written out in a fixed order and compiled with `-ffp-contract=off`, so that every platform, and every cut
of the bars, gives the same bits.

One bar of time runs as docs/fills.md says: gaps are noted; allocations meet their first open; exits
fill, then entries; closes mark the positions; rules decide.
"""

# Cython's decorators and C types carry no Python types that mypy could check, and arrays are
# memoryviews compiled but lists uncompiled.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, valid-type, no-any-return"
# mypy: disable-error-code="type-arg, attr-defined, assignment, operator, misc, index, arg-type, return-value"
# mypy: disable-error-code="no-redef, unreachable, import-not-found, import-untyped, union-attr"
# mypy: allow-untyped-defs, allow-untyped-calls, no-warn-unused-ignores

try:
    import cython
except ImportError:  # an installation without Cython runs the same source with this stand-in
    from engine import uncompiled as cython

if cython.compiled:
    from cython.cimports.libc.math import sqrt
else:
    from math import sqrt

from engine import layout as L  # noqa: N812 - a short name for what stands on every line

COMPILED = cython.compiled
NAN = cython.declare(cython.double, float("nan"))
INFINITY = cython.declare(cython.double, float("inf"))


@cython.cclass
class Market:
    """One market's bars of this segment (read-only) and where its indicator columns are written."""

    timestamp: cython.const[cython.longlong][::1]
    open: cython.const[cython.double][::1]
    high: cython.const[cython.double][::1]
    low: cython.const[cython.double][::1]
    close: cython.const[cython.double][::1]
    volume: cython.const[cython.double][::1]
    columns: cython.double[::1]
    size: cython.Py_ssize_t
    first: cython.Py_ssize_t
    next: cython.Py_ssize_t

    def __init__(self, timestamp, open_, high, low, close, volume, columns, first):
        """`first` is the index of the first bar inside the plan's span; those before it only warm up."""
        self.timestamp = timestamp
        self.open = open_
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.columns = columns
        self.size = len(timestamp)
        self.first = first
        self.next = 0


@cython.cclass
class Fold:
    """One segment in work: the program, the plan, the state that it moves forward, and the logs it fills.

    `f` and `i` are the state (layout: portfolio, markets, intentions, then each market's carried values).
    `run` returns RUN_DONE, or RUN_LOG_FULL when the logs have to be emptied (`set_logs`) before going on.
    """

    code: cython.const[cython.longlong][::1]
    params: cython.const[cython.double][::1]
    plan_f: cython.const[cython.double][::1]
    plan_i: cython.const[cython.longlong][::1]
    masks: cython.const[cython.ulonglong][::1]
    f: cython.double[::1]
    i: cython.longlong[::1]
    timeline: cython.const[cython.longlong][::1]
    equity: cython.double[::1]
    registers: cython.double[::1]
    cells: cython.double[::1]
    times: cython.longlong[::1]
    bits: cython.ulonglong[::1]
    cursors: cython.longlong[::1]
    gaps: cython.longlong[::1]
    good: cython.double[::1]
    fill_f: cython.double[::1]
    fill_i: cython.longlong[::1]
    event_i: cython.longlong[::1]
    detail_f: cython.double[::1]
    detail_i: cython.longlong[::1]
    position_f: cython.double[::1]
    position_i: cython.longlong[::1]
    balance_f: cython.double[::1]
    balance_i: cython.longlong[::1]
    markets: list
    only: Market
    count: cython.Py_ssize_t
    instructions: cython.Py_ssize_t
    carry: cython.Py_ssize_t
    rules: cython.Py_ssize_t
    entries: cython.Py_ssize_t
    rows: cython.Py_ssize_t
    block_first: cython.Py_ssize_t
    block_rows: cython.Py_ssize_t
    block_at: cython.Py_ssize_t
    gap_count: cython.Py_ssize_t
    gap_next: cython.Py_ssize_t
    fills: cython.Py_ssize_t
    events: cython.Py_ssize_t
    details: cython.Py_ssize_t
    positions: cython.Py_ssize_t
    balances: cython.Py_ssize_t
    fill_room: cython.Py_ssize_t
    event_room: cython.Py_ssize_t
    bad_market: cython.Py_ssize_t
    bad_bar: cython.Py_ssize_t
    begun: cython.bint

    def __init__(self, program, plan, state, markets, timeline, equity, workspace):
        """Each argument is a tuple of arrays (compiled) or lists (uncompiled), see `engine.machine`."""
        self.code, self.params, instructions, self.carry = program
        self.instructions = instructions
        self.plan_f, self.plan_i, self.masks = plan
        self.f, self.i = state
        self.markets = markets
        self.only = markets[0]
        self.timeline = timeline
        self.equity = equity
        self.registers, self.cells, self.times, self.bits, self.cursors, self.gaps, self.good = workspace
        self.count = len(markets)
        self.rules = self.plan_i[L.PI_RULES]
        self.entries = self.plan_i[L.PI_ENTRIES]
        self.rows = len(timeline)
        self.block_first = 0
        self.block_rows = 0
        self.block_at = 0
        self.gap_count = 0
        self.gap_next = 0
        self.bad_market = -1
        self.bad_bar = -1
        self.begun = False

    def set_logs(self, floats, ints, fill_room, event_room):
        """Give empty logs, each a sequence of arrays in the order of layout's LOG_…."""
        self.fill_f, _, self.detail_f, self.position_f, self.balance_f = floats
        self.fill_i, self.event_i, self.detail_i, self.position_i, self.balance_i = ints
        self.fill_room = fill_room
        self.event_room = event_room
        self.fills = 0
        self.events = 0
        self.details = 0
        self.positions = 0
        self.balances = 0

    def logged(self):
        """Return how many rows each log holds."""
        return self.fills, self.events, self.details, self.positions, self.balances

    def folded(self):
        """Return how many rows of the timeline are done."""
        return self.block_first + self.block_at

    def bad(self):
        """Return the market and the index of the bar that stopped the run."""
        return self.bad_market, self.bad_bar

    def run(self):
        """Fold on until the segment ends, a log is full, or a bar is not a bar."""
        s: cython.Py_ssize_t
        if not self.begun:
            self.begun = True
            if self.i[L.GI_STARTED] == 0:
                self.i[L.GI_STARTED] = 1
                self._event(L.E_PLAN, self.plan_i[L.PI_START], -1, -1, -1, -1)
            for s in range(self.count):
                if not self._warm_up(s):
                    return L.RUN_BAD_BAR
        while True:
            if self.block_at == self.block_rows:
                if self.block_first + self.block_rows >= self.rows:
                    return L.RUN_DONE
                if not self._load_block():
                    return L.RUN_BAD_BAR
            if not self._fold_block():
                return L.RUN_LOG_FULL

    # --- blocks ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _warm_up(self, s: cython.Py_ssize_t) -> cython.bint:
        """Evaluate the bars before the start, for what they leave in the carried values."""
        market: Market = self.markets[s]
        length: cython.Py_ssize_t
        while market.next < market.first:
            length = market.first - market.next
            if length > L.BLOCK:
                length = L.BLOCK
            if not self._load(market, s, length):
                return False
            self._evaluate_all(market, s, length, False)
            market.next += length
            self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_LAST] = market.timestamp[market.next - 1]
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _load_block(self) -> cython.bint:
        """Take the next rows of the timeline and every market's bars that fall into them."""
        s: cython.Py_ssize_t
        length: cython.Py_ssize_t
        index: cython.Py_ssize_t
        market: Market
        last: cython.longlong
        self.block_first += self.block_rows
        self.block_rows = self.rows - self.block_first
        if self.block_rows > L.BLOCK:
            self.block_rows = L.BLOCK
        self.block_at = 0
        last = self.timeline[self.block_first + self.block_rows - 1]
        for s in range(self.count):
            market = self.markets[s]
            index = market.next
            length = 0
            if self.count == 1:
                length = self.block_rows
            else:
                # The timeline holds every bar of every market, so no market has more bars than rows.
                timestamp = market.timestamp
                while length < self.block_rows and index + length < market.size:
                    if timestamp[index + length] > last:
                        break
                    length += 1
            if length > 0:
                if not self._load(market, s, length):
                    return False
                self._evaluate_all(market, s, length, True)
                market.next += length
            self.cursors[2 * s] = 0
            self.cursors[2 * s + 1] = length
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _load(self, market: Market, s: cython.Py_ssize_t, length: cython.Py_ssize_t) -> cython.bint:
        """Check the next bars, note where one does not follow the last, and copy them where markets meet.

        A single market is read where it lies; only `_row` wants its bar in the block (see `_take`).
        """
        cells = self.cells
        times = self.times
        good = self.good
        timestamp = market.timestamp
        opens = market.open
        highs = market.high
        lows = market.low
        closes = market.close
        step: cython.longlong = self.plan_i[L.PI_STEP]
        first: cython.Py_ssize_t = market.next
        base: cython.Py_ssize_t = s * L.BLOCK
        c0: cython.Py_ssize_t = s * L.CELLS * L.BLOCK
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        odd: cython.longlong = 0
        least: cython.double
        most: cython.double
        for j in range(first + 1, first + length):
            odd |= (timestamp[j] - timestamp[j - 1]) ^ step
        self.gap_next = 0
        self.gaps[0] = 0
        self.gap_count = 1  # the first row of a block always goes the careful way
        if timestamp[first] <= self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_LAST]:
            self.bad_market = s
            self.bad_bar = first
            return False
        if odd != 0:
            for j in range(first + 1, first + length):
                if timestamp[j] - timestamp[j - 1] != step:
                    self.gaps[self.gap_count] = j - first
                    self.gap_count += 1
                    if timestamp[j] <= timestamp[j - 1]:
                        self.bad_market = s
                        self.bad_bar = j
                        return False
        # Candle by candle a product of ones; a zero stays. The least and most are picked so that a
        # missing value is picked too, and then no comparison holds. Runs of 256 keep it in vector form.
        for j in range(256):
            good[j] = 1.0
        k = first
        while k + 256 <= first + length:
            for j in range(256):
                least = opens[k + j] if opens[k + j] < closes[k + j] else closes[k + j]
                most = closes[k + j] if closes[k + j] > opens[k + j] else opens[k + j]
                good[j] *= (
                    (1.0 if lows[k + j] <= least else 0.0)
                    * (1.0 if highs[k + j] >= most else 0.0)
                    * (1.0 if lows[k + j] > 0.0 else 0.0)
                    * (1.0 if highs[k + j] < INFINITY else 0.0)
                )
            k += 256
        most = 1.0
        for j in range(256):
            most *= good[j]
        j = k if most == 1.0 else first
        while j < first + length:
            if not (
                lows[j] > 0.0
                and lows[j] <= opens[j]
                and lows[j] <= closes[j]
                and highs[j] >= opens[j]
                and highs[j] >= closes[j]
                and highs[j] < INFINITY
            ):
                self.bad_market = s
                self.bad_bar = j
                return False
            j += 1
        if self.count > 1:
            times[base : base + length] = timestamp[first : first + length]
            cells[c0 : c0 + length] = opens[first : first + length]
            cells[c0 + L.BLOCK : c0 + L.BLOCK + length] = highs[first : first + length]
            cells[c0 + 2 * L.BLOCK : c0 + 2 * L.BLOCK + length] = lows[first : first + length]
            cells[c0 + 3 * L.BLOCK : c0 + 3 * L.BLOCK + length] = closes[first : first + length]
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _take(self) -> cython.void:
        """Copy the single market's bar at hand into the block."""
        q: cython.Py_ssize_t = self.cursors[0]
        at: cython.Py_ssize_t = self.only.next - self.block_rows + q
        self.times[q] = self.only.timestamp[at]
        self.cells[q] = self.only.open[at]
        self.cells[L.BLOCK + q] = self.only.high[at]
        self.cells[2 * L.BLOCK + q] = self.only.low[at]
        self.cells[3 * L.BLOCK + q] = self.only.close[at]

    # --- rules -------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _evaluate_all(
        self, market: Market, s: cython.Py_ssize_t, length: cython.Py_ssize_t, inside: cython.bint
    ) -> cython.void:
        """Evaluate a block in pieces whose registers stay in the first cache."""
        done: cython.Py_ssize_t = 0
        piece: cython.Py_ssize_t
        while done < length:
            piece = length - done
            if piece > L.PIECE:
                piece = L.PIECE
            self._evaluate(market, s, done, piece, inside)
            done += piece

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _evaluate(
        self,
        market: Market,
        s: cython.Py_ssize_t,
        done: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
        inside: cython.bint,
    ) -> cython.void:
        """Run the program over `m` bars of market `s`: fills `bits`, and columns when `inside`."""
        r = self.registers
        bits = self.bits
        carry = self.f
        code = self.code
        columns = market.columns
        c: cython.Py_ssize_t
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        op: cython.longlong
        to: cython.Py_ssize_t
        a: cython.Py_ssize_t
        b: cython.Py_ssize_t
        period: cython.Py_ssize_t
        base: cython.Py_ssize_t = s * L.BLOCK + done
        bar: cython.Py_ssize_t = market.next + done
        carried: cython.Py_ssize_t = (
            L.GF_SIZE + self.count * (L.SF_SIZE + self.rules * L.NF_SIZE) + s * self.carry
        )
        at: cython.Py_ssize_t
        x: cython.double
        y: cython.double
        bit: cython.ulonglong
        for j in range(m):
            bits[base + j] = 0
        for k in range(self.instructions):
            c = k * L.CODE_WIDTH
            op = code[c + L.C_OP]
            to = code[c + L.C_TO] * L.PIECE
            a = code[c + L.C_A] * L.PIECE
            b = code[c + L.C_B] * L.PIECE
            period = code[c + L.C_PERIOD]
            at = carried + code[c + L.C_STATE]
            if op == L.OP_FIELD:
                if period == 0:
                    source = market.open
                elif period == 1:
                    source = market.high
                elif period == 2:
                    source = market.low
                elif period == 3:
                    source = market.close
                else:
                    source = market.volume
                for j in range(m):
                    r[to + j] = source[bar + j]
            elif op == L.OP_EMA:
                self._ema(a, to, at, period, self.params[2 * k], m)
            elif op == L.OP_EMA_PAIR:
                self._ema_pair(k, a, to, at, period, carried, m)
            elif op == L.OP_CROSS_ABOVE:
                x = carry[at]
                y = carry[at + 1]
                r[to] = 1.0 if (x <= y) & (r[a] > r[b]) else 0.0
                for j in range(1, m):
                    r[to + j] = 1.0 if (r[a + j - 1] <= r[b + j - 1]) & (r[a + j] > r[b + j]) else 0.0
                carry[at] = r[a + m - 1]
                carry[at + 1] = r[b + m - 1]
            elif op == L.OP_CROSS_BELOW:
                x = carry[at]
                y = carry[at + 1]
                r[to] = 1.0 if (x >= y) & (r[a] < r[b]) else 0.0
                for j in range(1, m):
                    r[to + j] = 1.0 if (r[a + j - 1] >= r[b + j - 1]) & (r[a + j] < r[b + j]) else 0.0
                carry[at] = r[a + m - 1]
                carry[at + 1] = r[b + m - 1]
            elif op == L.OP_RULE:
                bit = cython.cast(cython.ulonglong, 1) << period
                for j in range(m):
                    bits[base + j] |= bit if r[a + j] > 0.0 else 0
            elif op == L.OP_COLUMN:
                if inside:
                    at = period * (market.size - market.first) + bar - market.first
                    for j in range(m):
                        x = r[a + j]
                        # No infinity leaves the engine: it is a missing value.
                        columns[at + j] = x if (x < INFINITY) & (x > -INFINITY) else NAN
            elif op == L.OP_ADD:
                for j in range(m):
                    r[to + j] = r[a + j] + r[b + j]
            elif op == L.OP_SUB:
                for j in range(m):
                    r[to + j] = r[a + j] - r[b + j]
            elif op == L.OP_MUL:
                for j in range(m):
                    r[to + j] = r[a + j] * r[b + j]
            elif op == L.OP_DIV:
                for j in range(m):
                    x = r[b + j]
                    r[to + j] = r[a + j] / x if x != 0.0 else NAN
            elif op == L.OP_NEG:
                for j in range(m):
                    r[to + j] = -r[a + j]
            elif op == L.OP_ABS:
                for j in range(m):
                    x = r[a + j]
                    r[to + j] = -x if x < 0.0 else x
            elif op == L.OP_MIN:
                for j in range(m):
                    x = r[a + j]
                    y = r[b + j]
                    r[to + j] = x if (x < y) | (x != x) else y
            elif op == L.OP_MAX:
                for j in range(m):
                    x = r[a + j]
                    y = r[b + j]
                    r[to + j] = x if (x > y) | (x != x) else y
            elif op == L.OP_LT:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] < r[b + j] else 0.0
            elif op == L.OP_LE:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] <= r[b + j] else 0.0
            elif op == L.OP_GT:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] > r[b + j] else 0.0
            elif op == L.OP_GE:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] >= r[b + j] else 0.0
            elif op == L.OP_EQ:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] == r[b + j] else 0.0
            elif op == L.OP_NE:
                # Not "!=", which holds for a missing value.
                for j in range(m):
                    r[to + j] = 1.0 if (r[a + j] < r[b + j]) | (r[a + j] > r[b + j]) else 0.0
            elif op == L.OP_AND:
                for j in range(m):
                    r[to + j] = r[a + j] * r[b + j]
            elif op == L.OP_OR:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] + r[b + j] > 0.0 else 0.0
            elif op == L.OP_NOT:
                for j in range(m):
                    r[to + j] = 1.0 - r[a + j]
            elif op == L.OP_SHIFT:
                self._shift(a, to, at, period, m)
            elif op == L.OP_SMA:
                self._sma(a, to, at, period, m)
            elif op == L.OP_WMA:
                self._wma(a, to, at, period, m)
            elif op == L.OP_STDDEV:
                self._stddev(a, to, at, period, m)
            elif op == L.OP_HIGHEST:
                self._extreme(a, to, at, period, m, 1.0)
            elif op == L.OP_LOWEST:
                self._extreme(a, to, at, period, m, -1.0)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _shift(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """The value `period` bars ago; `carry` holds the last `period` values, oldest first."""
        r = self.registers
        carry = self.f
        j: cython.Py_ssize_t
        if m >= period:
            for j in range(period):
                r[to + j] = carry[at + j]
            for j in range(period, m):
                r[to + j] = r[a + j - period]
            for j in range(period):
                carry[at + j] = r[a + m - period + j]
        else:
            for j in range(m):
                r[to + j] = carry[at + j]
            for j in range(period - m):
                carry[at + j] = carry[at + j + m]
            for j in range(m):
                carry[at + period - m + j] = r[a + j]

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _ema(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        factor: cython.double,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """e += factor × (x − e), seeded with the mean of the first `period` values.

        A missing value gives a missing average and is passed over. Written with the difference, a
        constant series keeps its exact value, so two averages of a flat market never cross by rounding.
        """
        r = self.registers
        carry = self.f
        j: cython.Py_ssize_t = 0
        x: cython.double
        seen: cython.double = carry[at + L.EMA_SEEN]
        value: cython.double = carry[at + L.EMA_VALUE]
        if seen < period:
            while j < m and seen < period:
                x = r[a + j]
                r[to + j] = NAN
                if x == x:
                    if seen == 0.0:
                        carry[at + L.EMA_REFERENCE] = x
                    seen += 1.0
                    carry[at + L.EMA_SUM] += x - carry[at + L.EMA_REFERENCE]
                    if seen == period:
                        value = carry[at + L.EMA_REFERENCE] + carry[at + L.EMA_SUM] / period
                        r[to + j] = value
                j += 1
            carry[at + L.EMA_SEEN] = seen
        while j < m:
            x = r[a + j]
            if x == x:
                value += factor * (x - value)
                r[to + j] = value
            else:
                r[to + j] = NAN
            j += 1
        carry[at + L.EMA_VALUE] = value

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _ema_pair(
        self,
        k: cython.Py_ssize_t,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        carried: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Two independent averages in one loop: each waits for its own previous value, not for the other."""
        r = self.registers
        carry = self.f
        c: cython.Py_ssize_t = k * L.CODE_WIDTH
        period2: cython.Py_ssize_t = self.code[c + L.C_B]
        to2: cython.Py_ssize_t = self.code[c + L.C_TO2] * L.PIECE
        a2: cython.Py_ssize_t = self.code[c + L.C_A2] * L.PIECE
        at2: cython.Py_ssize_t = carried + self.code[c + L.C_STATE2]
        factor: cython.double = self.params[2 * k]
        factor2: cython.double = self.params[2 * k + 1]
        j: cython.Py_ssize_t
        x: cython.double
        y: cython.double
        value: cython.double
        value2: cython.double
        if carry[at + L.EMA_SEEN] < period or carry[at2 + L.EMA_SEEN] < period2:
            self._ema(a, to, at, period, factor, m)
            self._ema(a2, to2, at2, period2, factor2, m)
            return
        value = carry[at + L.EMA_VALUE]
        value2 = carry[at2 + L.EMA_VALUE]
        for j in range(m):
            x = r[a + j]
            y = r[a2 + j]
            if x == x:
                value += factor * (x - value)
                r[to + j] = value
            else:
                r[to + j] = NAN
            if y == y:
                value2 += factor2 * (y - value2)
                r[to2 + j] = value2
            else:
                r[to2 + j] = NAN
        carry[at + L.EMA_VALUE] = value
        carry[at2 + L.EMA_VALUE] = value2

    # Rolling windows keep a ring of the last `period` values and a running sum of their distance to a
    # reference. Each time the ring comes round, reference and sum are taken anew from the ring, so
    # rounding never accumulates over more than one window, and a flat window has an exact mean. The
    # place in the ring is part of the state: a cut changes nothing. A window that holds a missing value
    # is missing.

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _sma(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Mean of the last `period` values."""
        r = self.registers
        carry = self.f
        ring: cython.Py_ssize_t = at + L.ROLL_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + L.ROLL_PLACE])
        seen: cython.double = carry[at + L.ROLL_SEEN]
        reference: cython.double = carry[at + L.ROLL_REFERENCE]
        total: cython.double = carry[at + L.ROLL_SUM]
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        old: cython.double
        for j in range(m):
            x = r[a + j]
            if x != x:
                seen = 0.0
                place = 0
                r[to + j] = NAN
                continue
            old = carry[ring + place]
            carry[ring + place] = x
            place += 1
            if seen >= period:
                total += x - old
            else:
                seen += 1.0
            if place == period:
                place = 0
                reference = carry[ring]
                total = 0.0
                for k in range(1, period):
                    total += carry[ring + k] - reference
            r[to + j] = reference + total / period if seen >= period else NAN
        carry[at + L.ROLL_SEEN] = seen
        carry[at + L.ROLL_PLACE] = place
        carry[at + L.ROLL_REFERENCE] = reference
        carry[at + L.ROLL_SUM] = total

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _wma(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Linearly weighted mean, the newest value the heaviest."""
        r = self.registers
        carry = self.f
        ring: cython.Py_ssize_t = at + L.ROLL_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + L.ROLL_PLACE])
        seen: cython.double = carry[at + L.ROLL_SEEN]
        reference: cython.double = carry[at + L.ROLL_REFERENCE]
        total: cython.double = carry[at + L.ROLL_SUM]
        weighted: cython.double = carry[at + L.ROLL_SECOND]
        divisor: cython.double = period * (period + 1) / 2.0
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        old: cython.double
        for j in range(m):
            x = r[a + j]
            if x != x:
                seen = 0.0
                place = 0
                r[to + j] = NAN
                continue
            old = carry[ring + place]
            carry[ring + place] = x
            place += 1
            if seen >= period:
                # Every weight falls by one (the old sum), the newest enters with the full weight.
                weighted += period * (x - reference) - total
                total += x - old
            else:
                seen += 1.0
            if place == period:
                place = 0
                reference = carry[ring]
                total = 0.0
                weighted = 0.0
                for k in range(1, period):
                    total += carry[ring + k] - reference
                    weighted += (k + 1) * (carry[ring + k] - reference)
            r[to + j] = reference + weighted / divisor if seen >= period else NAN
        carry[at + L.ROLL_SEEN] = seen
        carry[at + L.ROLL_PLACE] = place
        carry[at + L.ROLL_REFERENCE] = reference
        carry[at + L.ROLL_SUM] = total
        carry[at + L.ROLL_SECOND] = weighted

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _stddev(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Population standard deviation; ROLL_REFERENCE is the mean, ROLL_SECOND the squared distances.

        Sliding form of Welford (1962): the new mean is off by (x − old) / n, and the squares change by
        (x − old) × ((x − new mean) + (old − old mean)). No difference of large squares occurs.
        """
        r = self.registers
        carry = self.f
        ring: cython.Py_ssize_t = at + L.ROLL_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + L.ROLL_PLACE])
        seen: cython.double = carry[at + L.ROLL_SEEN]
        mean: cython.double = carry[at + L.ROLL_REFERENCE]
        squares: cython.double = carry[at + L.ROLL_SECOND]
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        old: cython.double
        before: cython.double
        total: cython.double
        for j in range(m):
            x = r[a + j]
            if x != x:
                seen = 0.0
                place = 0
                r[to + j] = NAN
                continue
            old = carry[ring + place]
            carry[ring + place] = x
            place += 1
            if seen >= period:
                before = mean
                mean += (x - old) / period
                squares += (x - old) * ((x - mean) + (old - before))
            else:
                seen += 1.0
            if place == period:
                place = 0
                total = 0.0
                for k in range(1, period):
                    total += carry[ring + k] - carry[ring]
                mean = carry[ring] + total / period
                squares = 0.0
                for k in range(period):
                    squares += (carry[ring + k] - mean) * (carry[ring + k] - mean)
            if seen >= period:
                r[to + j] = sqrt(squares / period) if squares > 0.0 else 0.0
            else:
                r[to + j] = NAN
        carry[at + L.ROLL_SEEN] = seen
        carry[at + L.ROLL_PLACE] = place
        carry[at + L.ROLL_REFERENCE] = mean
        carry[at + L.ROLL_SECOND] = squares

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _extreme(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
        sign: cython.double,
    ) -> cython.void:
        """Largest (sign 1) or smallest (sign −1) of the last `period` values.

        A queue of candidates, each smaller than the one before it: every value enters and leaves once.
        """
        r = self.registers
        carry = self.f
        values: cython.Py_ssize_t = at + L.DEQUE_TOP
        bars: cython.Py_ssize_t = values + period
        seen: cython.double = carry[at + L.DEQUE_SEEN]
        head: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + L.DEQUE_HEAD])
        length: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + L.DEQUE_LENGTH])
        tail: cython.Py_ssize_t
        j: cython.Py_ssize_t
        x: cython.double
        for j in range(m):
            x = sign * r[a + j]
            if x != x:
                seen = 0.0
                length = 0
                r[to + j] = NAN
                continue
            if length > 0 and carry[bars + head] <= seen - period:
                head = head + 1 if head + 1 < period else 0
                length -= 1
            while length > 0:
                tail = head + length - 1
                if tail >= period:
                    tail -= period
                if carry[values + tail] > x:
                    break
                length -= 1
            tail = head + length
            if tail >= period:
                tail -= period
            carry[values + tail] = x
            carry[bars + tail] = seen
            length += 1
            seen += 1.0
            r[to + j] = sign * carry[values + head] if seen >= period else NAN
        carry[at + L.DEQUE_SEEN] = seen
        carry[at + L.DEQUE_HEAD] = head
        carry[at + L.DEQUE_LENGTH] = length

    # --- the fold ----------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _fold_block(self) -> cython.bint:
        """Fold the rest of the block; false when a log has to be emptied first."""
        while self.block_at < self.block_rows:
            # What one turn can write is kept free (see the margins in engine.machine).
            if self.fills >= self.fill_room or self.events >= self.event_room:
                return False
            if self.count == 1:
                self._quiet_rows()
                if self.block_at == self.block_rows:
                    break
                self._take()
            self._row()
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _quiet_rows(self) -> cython.void:
        """With one market, take the bars up to the next signal, gap or fill in a loop that only marks.

        The bar of the signal is the last of them: it is marked like the others, and then decides.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE
        start: cython.Py_ssize_t = self.block_at
        end: cython.Py_ssize_t = self.block_rows
        j: cython.Py_ssize_t
        row: cython.Py_ssize_t = self.block_first
        market: Market = self.only
        at: cython.Py_ssize_t = market.next - self.block_rows
        relevant: cython.ulonglong
        word: cython.ulonglong = 0
        qty: cython.double = self.f[fb + L.SF_QTY]
        base: cython.double = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        value: cython.double
        previous: cython.double
        change: cython.double
        down: cython.double
        peak: cython.double
        deepest: cython.double
        lowest: cython.double
        total: cython.double
        squares: cython.double
        down_squares: cython.double
        high: cython.double
        low: cython.double
        while self.gap_next < self.gap_count and self.gaps[self.gap_next] < start:
            self.gap_next += 1
        if self.gap_next < self.gap_count:
            end = self.gaps[self.gap_next]
        if (
            start >= end
            or self.i[ib + L.SI_PENDING] != 0
            or self.i[ib + L.SI_ACTIVE] != 0
            or self.i[ib + L.SI_OPENED] == 0
        ):
            return
        if qty == 0.0:
            if self.f[L.GF_EQUITY] != base:
                return
            # Flat: equity stands still, every return is zero and changes no sum.
            relevant = self.masks[0]
            j = start
            while j < end and word == 0:
                self.equity[row + j] = base
                word = self.bits[j] & relevant
                j += 1
            end = j
        else:
            relevant = self.masks[1]
            previous = self.f[L.GF_EQUITY]
            peak = self.f[L.GF_PEAK]
            deepest = self.f[L.GF_DRAWDOWN]
            lowest = self.f[L.GF_LOWEST]
            total = self.f[L.GF_RETURN_SUM]
            squares = self.f[L.GF_RETURN_SQUARES]
            down_squares = self.f[L.GF_DOWN_SQUARES]
            high = self.f[fb + L.SF_HIGH]
            low = self.f[fb + L.SF_LOW]
            j = start
            while j < end and word == 0:
                value = base + qty * market.close[at + j]
                self.equity[row + j] = value
                change = value / previous - 1.0
                previous = value
                total += change
                squares += change * change
                down = change if change < 0.0 else 0.0
                down_squares += down * down
                peak = value if value > peak else peak
                lowest = value if value < lowest else lowest
                if peak - value > deepest * peak:
                    deepest = (peak - value) / peak
                high = market.high[at + j] if market.high[at + j] > high else high
                low = market.low[at + j] if market.low[at + j] < low else low
                word = self.bits[j] & relevant
                j += 1
            end = j
            self.f[L.GF_EQUITY] = previous
            self.f[L.GF_PEAK] = peak
            self.f[L.GF_DRAWDOWN] = deepest
            self.f[L.GF_LOWEST] = lowest
            self.f[L.GF_RETURN_SUM] = total
            self.f[L.GF_RETURN_SQUARES] = squares
            self.f[L.GF_DOWN_SQUARES] = down_squares
            self.f[fb + L.SF_HIGH] = high
            self.f[fb + L.SF_LOW] = low
            self.i[L.GI_EXPOSED] += end - start
            self.i[ib + L.SI_BARS] += end - start
        self.f[fb + L.SF_MARK] = market.close[at + end - 1]
        self.i[ib + L.SI_LAST] = market.timestamp[at + end - 1]
        self.i[L.GI_LAST] = market.timestamp[at + end - 1]
        self.i[L.GI_ROWS] += end - start
        self.cursors[0] = end
        self.block_at = end
        if word != 0:
            self._decide(0, market.timestamp[at + end - 1], word)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _row(self) -> cython.void:
        """One row of the timeline: gaps, first opens, exits, entries, marks, decisions."""
        count: cython.Py_ssize_t = self.count
        s: cython.Py_ssize_t
        q: cython.Py_ssize_t
        fb: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        row: cython.Py_ssize_t = self.block_first + self.block_at
        now: cython.longlong = self.timeline[row]
        pending: cython.bint = False
        changed: cython.bint = False
        exposed: cython.bint = False
        value: cython.double
        change: cython.double
        word: cython.ulonglong
        if self.i[L.GI_ROWS] == 0:
            self.i[L.GI_FIRST] = now
        # A market is here when its next bar in the block is of this time.
        for s in range(count):
            q = self.cursors[2 * s]
            if q >= self.cursors[2 * s + 1] or self.times[s * L.BLOCK + q] != now:
                continue
            ib = L.GI_SIZE + s * L.SI_SIZE
            self._note_gap(s, now)
            if self.i[ib + L.SI_OPENED] == 0:
                self._open_market(s, now, self.cells[s * L.CELLS * L.BLOCK + q])
                changed = True
            if self.i[ib + L.SI_PENDING] != 0:
                pending = True
        if pending and self._fill(now):
            changed = True
        if changed and self.count > 1:
            self._log_positions(now, row)
        value = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        for s in range(count):
            fb = L.GF_SIZE + s * L.SF_SIZE
            ib = L.GI_SIZE + s * L.SI_SIZE
            q = self.cursors[2 * s]
            if q < self.cursors[2 * s + 1] and self.times[s * L.BLOCK + q] == now:
                self.f[fb + L.SF_MARK] = self.cells[(s * L.CELLS + 3) * L.BLOCK + q]
                self.i[ib + L.SI_LAST] = now
                if self.f[fb + L.SF_QTY] != 0.0:
                    self.i[ib + L.SI_BARS] += 1
                    if self.cells[(s * L.CELLS + 1) * L.BLOCK + q] > self.f[fb + L.SF_HIGH]:
                        self.f[fb + L.SF_HIGH] = self.cells[(s * L.CELLS + 1) * L.BLOCK + q]
                    if self.cells[(s * L.CELLS + 2) * L.BLOCK + q] < self.f[fb + L.SF_LOW]:
                        self.f[fb + L.SF_LOW] = self.cells[(s * L.CELLS + 2) * L.BLOCK + q]
            if self.f[fb + L.SF_QTY] != 0.0:
                exposed = True
                value += self.f[fb + L.SF_QTY] * self.f[fb + L.SF_MARK]
        self.equity[row] = value
        change = value / self.f[L.GF_EQUITY] - 1.0
        self.f[L.GF_EQUITY] = value
        self.f[L.GF_RETURN_SUM] += change
        self.f[L.GF_RETURN_SQUARES] += change * change
        if change < 0.0:
            self.f[L.GF_DOWN_SQUARES] += change * change
        if value > self.f[L.GF_PEAK]:
            self.f[L.GF_PEAK] = value
        if value < self.f[L.GF_LOWEST]:
            self.f[L.GF_LOWEST] = value
        if self.f[L.GF_PEAK] - value > self.f[L.GF_DRAWDOWN] * self.f[L.GF_PEAK]:
            self.f[L.GF_DRAWDOWN] = (self.f[L.GF_PEAK] - value) / self.f[L.GF_PEAK]
        self.i[L.GI_EXPOSED] += exposed
        self.i[L.GI_ROWS] += 1
        self.i[L.GI_LAST] = now
        for s in range(count):
            q = self.cursors[2 * s]
            if q >= self.cursors[2 * s + 1] or self.times[s * L.BLOCK + q] != now:
                continue
            self.cursors[2 * s] = q + 1
            word = self.bits[s * L.BLOCK + q]
            # Flat, only entries can mean anything; in a position, only exits.
            word &= (
                self.masks[2 * s + 1]
                if self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_QTY] != 0.0
                else self.masks[2 * s]
            )
            if word != 0 or self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_ACTIVE] != 0:
                self._decide(s, now, word)
        self.block_at += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _note_gap(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.void:
        """Report bars that should have stood between the last one (or the start) and this one."""
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        step: cython.longlong = self.plan_i[L.PI_STEP]
        expected: cython.longlong = self.plan_i[L.PI_START]
        missing: cython.longlong
        if self.i[ib + L.SI_LAST] + step > expected:
            expected = self.i[ib + L.SI_LAST] + step
        missing = (now - expected) // step if now > expected else 0
        if missing > 0:
            self.i[ib + L.SI_GAPS] += 1
            self.i[ib + L.SI_MISSING] += missing
            self._event(L.E_GAP, now, s, -1, -1, -1)
            self._detail(now - missing * step, now - step, missing, 0.0, 0.0)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _open_market(self, s: cython.Py_ssize_t, now: cython.longlong, price: cython.double) -> cython.void:
        """The market's first open inside the span: its allocation and benchmark share become a position."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        k: cython.Py_ssize_t
        amount: cython.double = self.f[fb + L.SF_RESERVED]
        qty: cython.double
        self.i[ib + L.SI_OPENED] = 1
        self.f[fb + L.SF_MARK] = price
        self.f[fb + L.SF_BENCHMARK_QTY] = self.f[fb + L.SF_BENCHMARK_WAITING] / price
        self.f[fb + L.SF_BENCHMARK_WAITING] = 0.0
        self.f[L.GF_BENCHMARK_WAITING] = 0.0
        for k in range(self.count):
            self.f[L.GF_BENCHMARK_WAITING] += self.f[L.GF_SIZE + k * L.SF_SIZE + L.SF_BENCHMARK_WAITING]
        if amount == 0.0:
            return
        qty = self._round_down(s, amount / price, 0.0)
        if qty * price > amount:
            qty = self._round_down(s, amount / price, 1.0)
        self.f[fb + L.SF_RESERVED] = 0.0
        self.f[L.GF_RESERVED] = 0.0
        for k in range(self.count):
            self.f[L.GF_RESERVED] += self.f[L.GF_SIZE + k * L.SF_SIZE + L.SF_RESERVED]
        self.f[L.GF_CASH] += amount - qty * price
        if qty > 0.0:
            self._open_position(s, now, -1, qty, price, 0.0)
            self._log_fill(s, now, -1, L.FILL_ENTRY, L.FR_ALLOCATION, now, -1, price, qty, 0.0, 0.0)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _round_down(self, s: cython.Py_ssize_t, qty: cython.double, less: cython.double) -> cython.double:
        """Whole quantity steps in `qty`, less `less` of them; without a step, units in the last place."""
        step: cython.double = self.plan_f[L.PF_SIZE + s * L.MF_SIZE + L.MF_STEP]
        per_unit: cython.double = self.plan_f[L.PF_SIZE + s * L.MF_SIZE + L.MF_PER_UNIT]
        steps: cython.double
        if not qty > 0.0:
            return 0.0
        if step == 0.0:
            return qty * (1.0 - less * 2.220446049250313e-16)
        steps = qty * per_unit if per_unit > 0.0 else qty / step
        if steps < 4503599627370496.0:  # 2 ** 52: from there on a float has no fraction to cut off
            steps = cython.cast(cython.double, cython.cast(cython.longlong, steps))
        steps -= less
        if steps <= 0.0:
            return 0.0
        # steps / 1e8 is the float nearest to the decimal quantity, steps × 1e-8 often its neighbour.
        return steps / per_unit if per_unit > 0.0 else steps * step

    # --- fills -------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _fill(self, now: cython.longlong) -> cython.bint:
        """Fill what was decided, at this open: all exits, then entries by rule and by market."""
        s: cython.Py_ssize_t
        rule: cython.Py_ssize_t
        q: cython.Py_ssize_t
        fb: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        waiting: cython.Py_ssize_t = 0
        changed: cython.bint = False
        equity: cython.double
        for s in range(self.count):
            ib = L.GI_SIZE + s * L.SI_SIZE
            if self.i[ib + L.SI_PENDING] == 0 or not self._here(s, now):
                continue
            if self.i[ib + L.SI_DECIDED] + self.plan_i[L.PI_STEP] != now:
                self.i[L.GI_DELAYED] += 1
            if self.i[ib + L.SI_PENDING_RULE] < self.entries:
                waiting += 1
            elif self._exit(s, now, self.cells[s * L.CELLS * L.BLOCK + self.cursors[2 * s]]):
                changed = True
        if waiting == 0:
            return changed
        # One equity for all entries of this open, so that their order changes no size unless cash binds.
        equity = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        for s in range(self.count):
            fb = L.GF_SIZE + s * L.SF_SIZE
            if self.f[fb + L.SF_QTY] != 0.0:
                q = s * L.CELLS * L.BLOCK + self.cursors[2 * s]
                equity += self.f[fb + L.SF_QTY] * (
                    self.cells[q] if self._here(s, now) else self.f[fb + L.SF_MARK]
                )
        for rule in range(self.entries):
            for s in range(self.count):
                ib = L.GI_SIZE + s * L.SI_SIZE
                if (
                    self.i[ib + L.SI_PENDING] == 0
                    or self.i[ib + L.SI_PENDING_RULE] != rule
                    or not self._here(s, now)
                ):
                    continue
                if self._enter(s, now, self.cells[s * L.CELLS * L.BLOCK + self.cursors[2 * s]], equity):
                    changed = True
                waiting -= 1
            if waiting == 0:
                break
        return changed

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _here(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.bint:
        q: cython.Py_ssize_t = self.cursors[2 * s]
        return q < self.cursors[2 * s + 1] and self.times[s * L.BLOCK + q] == now

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _enter(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        open_: cython.double,
        equity: cython.double,
    ) -> cython.bint:
        """Buy a fraction of the equity, as far as cash reaches with the fee; true when it filled."""
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        rule: cython.longlong = self.i[ib + L.SI_PENDING_RULE]
        fee_rate: cython.double = self.plan_f[L.PF_FEE]
        price: cython.double = open_ * (1.0 + self.plan_f[L.PF_SLIPPAGE])
        cash: cython.double = self.f[L.GF_CASH]
        wanted: cython.double = self.plan_f[L.PF_FRACTION] * equity / price
        affordable: cython.double = cash / (price * (1.0 + fee_rate))
        bound: cython.bint = affordable < wanted
        qty: cython.double = affordable if bound else wanted
        most: cython.double = qty
        less: cython.double = 0.0
        fee: cython.double
        decision: cython.longlong
        qty = self._round_down(s, most, 0.0)
        while less < 4.0 and qty * price + qty * price * fee_rate > cash:
            less += 1.0
            qty = self._round_down(s, most, less)
        self.i[ib + L.SI_PENDING] = 0
        if qty <= 0.0 or qty * price < self.plan_f[L.PF_SIZE + s * L.MF_SIZE + L.MF_MIN_NOTIONAL]:
            if bound:
                self._block(s, rule, now, L.R_INSUFFICIENT_CASH, wanted * price * (1.0 + fee_rate), cash)
            else:
                self._block(
                    s,
                    rule,
                    now,
                    L.R_MIN_NOTIONAL,
                    wanted * price,
                    self.plan_f[L.PF_SIZE + s * L.MF_SIZE + L.MF_MIN_NOTIONAL],
                )
            return False
        fee = qty * price * fee_rate
        self.f[L.GF_CASH] = cash - (qty * price + fee)
        self.f[L.GF_FEES] += fee
        self.f[L.GF_SLIPPAGE] += qty * (price - open_)
        self.i[L.GI_ENTRIES] += 1
        self.i[L.GI_CASH_BOUND] += bound
        self._open_position(s, now, rule, qty, price, fee)
        decision = self._settle(s, rule, now)
        self._log_fill(
            s,
            now,
            rule,
            L.FILL_CASH_BOUND if bound else L.FILL_ENTRY,
            L.FR_ENTRY,
            self.i[ib + L.SI_DECIDED],
            decision,
            price,
            qty,
            fee,
            qty * (price - open_),
        )
        if bound:
            self._detail(0, 0, 0, wanted, 0.0)
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _open_position(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        rule: cython.longlong,
        qty: cython.double,
        price: cython.double,
        fee: cython.double,
    ) -> cython.void:
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        self.f[fb + L.SF_QTY] = qty
        self.f[fb + L.SF_COST] = price
        self.f[fb + L.SF_ENTRY_FEES] = fee
        self.f[fb + L.SF_HIGH] = price
        self.f[fb + L.SF_LOW] = price
        self.i[ib + L.SI_SET] = self.i[L.GI_SETS]
        self.i[L.GI_SETS] += 1
        self.i[ib + L.SI_ENTRY_TIME] = now
        self.i[ib + L.SI_ENTRY_RULE] = rule
        self.i[ib + L.SI_BARS] = 0
        self.i[ib + L.SI_CHANGED] = 1

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    @cython.cdivision(True)
    def _exit(self, s: cython.Py_ssize_t, now: cython.longlong, open_: cython.double) -> cython.bint:
        """Sell the whole position; true when it filled."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        rule: cython.longlong = self.i[ib + L.SI_PENDING_RULE]
        price: cython.double = open_ * (1.0 - self.plan_f[L.PF_SLIPPAGE])
        qty: cython.double = self.f[fb + L.SF_QTY]
        cost: cython.double = self.f[fb + L.SF_COST]
        entry_fees: cython.double = self.f[fb + L.SF_ENTRY_FEES]
        fee: cython.double = qty * price * self.plan_f[L.PF_FEE]
        pnl: cython.double
        part: cython.double
        decision: cython.longlong
        n: cython.Py_ssize_t
        self.i[ib + L.SI_PENDING] = 0
        if qty * price < self.plan_f[L.PF_SIZE + s * L.MF_SIZE + L.MF_MIN_NOTIONAL]:
            self._block(
                s,
                rule,
                now,
                L.R_MIN_NOTIONAL,
                qty * price,
                self.plan_f[L.PF_SIZE + s * L.MF_SIZE + L.MF_MIN_NOTIONAL],
            )
            return False
        pnl = qty * (price - cost) - fee - entry_fees
        part = pnl / (qty * cost)
        self.f[L.GF_CASH] += qty * price - fee
        self.f[L.GF_FEES] += fee
        self.f[L.GF_SLIPPAGE] += qty * (open_ - price)
        self.f[L.GF_REALISED] += pnl
        self.f[L.GF_TRADE_SUM] += part
        self.f[L.GF_PNL_SQUARES] += pnl * pnl
        if self.i[L.GI_TRADES] == 0 or part > self.f[L.GF_TRADE_BEST]:
            self.f[L.GF_TRADE_BEST] = part
        if self.i[L.GI_TRADES] == 0 or part < self.f[L.GF_TRADE_WORST]:
            self.f[L.GF_TRADE_WORST] = part
        self.i[L.GI_TRADES] += 1
        if pnl > 0.0:
            self.i[L.GI_WINS] += 1
            self.f[L.GF_WON] += pnl
        elif pnl < 0.0:
            self.i[L.GI_LOSSES] += 1
            self.f[L.GF_LOST] -= pnl
        self.i[L.GI_TRADE_BARS] += self.i[ib + L.SI_BARS]
        if self.i[ib + L.SI_BARS] > self.i[L.GI_TRADE_BARS_MOST]:
            self.i[L.GI_TRADE_BARS_MOST] = self.i[ib + L.SI_BARS]
        # The exit itself is the last price that the position saw.
        if price > self.f[fb + L.SF_HIGH]:
            self.f[fb + L.SF_HIGH] = price
        if price < self.f[fb + L.SF_LOW]:
            self.f[fb + L.SF_LOW] = price
        self.f[fb + L.SF_QTY] = 0.0
        self.i[ib + L.SI_CHANGED] = 1
        n = self.fills
        decision = self._settle(s, rule, now)
        self._log_fill(
            s,
            now,
            rule,
            L.FILL_EXIT,
            L.FR_EXIT,
            self.i[ib + L.SI_DECIDED],
            decision,
            price,
            qty,
            fee,
            qty * (open_ - price),
        )
        self.fill_f[n * L.FF_WIDTH + L.FF_PNL] = pnl
        self.fill_f[n * L.FF_WIDTH + L.FF_MAE] = qty * (self.f[fb + L.SF_LOW] - cost)
        self.fill_f[n * L.FF_WIDTH + L.FF_MFE] = qty * (self.f[fb + L.SF_HIGH] - cost)
        self.f[fb + L.SF_COST] = 0.0
        self.f[fb + L.SF_ENTRY_FEES] = 0.0
        return True

    # --- decisions ---------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _intention(self, s: cython.Py_ssize_t, rule: cython.Py_ssize_t) -> cython.Py_ssize_t:
        return L.GI_SIZE + self.count * L.SI_SIZE + (s * self.rules + rule) * L.NI_SIZE

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _decide(self, s: cython.Py_ssize_t, now: cython.longlong, word: cython.ulonglong) -> cython.void:
        """At a close: the first rule of `word` becomes the order for the next open, the others are outranked.

        A rule that fires again because it was blocked keeps its intention: one id, one trigger_fired, and
        its identical blocks are one event.
        """
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        nb: cython.Py_ssize_t
        rule: cython.Py_ssize_t
        winner: cython.Py_ssize_t = -1
        for rule in range(self.rules):
            nb = self._intention(s, rule)
            if (word >> rule) & 1:
                if self.i[nb + L.NI_ID] < 0:
                    self.i[nb + L.NI_ID] = self.i[L.GI_DECISIONS]
                    self.i[L.GI_DECISIONS] += 1
                    self.i[nb + L.NI_SUBMITTED] = 0
                    self.i[ib + L.SI_ACTIVE] += 1
                    if winner < 0:
                        self.i[nb + L.NI_SUBMITTED] = 1
                        self._event(L.E_DECIDED, now, s, rule, self.i[nb + L.NI_ID], -1)
                        self.i[L.GI_EVENTS] += 1  # it stands for two
                    else:
                        self._event(L.E_FIRED, now, s, rule, self.i[nb + L.NI_ID], -1)
                if winner < 0:
                    winner = rule
                    if self.i[nb + L.NI_REASON] == L.R_OUTRANKED:
                        self._report_block(s, rule, now)
                    if self.i[nb + L.NI_SUBMITTED] == 0:
                        self.i[nb + L.NI_SUBMITTED] = 1
                        self._event(L.E_SUBMITTED, now, s, rule, self.i[nb + L.NI_ID], -1)
                    self.i[ib + L.SI_PENDING] = 1
                    self.i[ib + L.SI_PENDING_RULE] = rule
                    self.i[ib + L.SI_DECIDED] = now
                else:
                    self._block(s, rule, now, L.R_OUTRANKED, winner, 0.0)
                    self.i[nb + L.NI_SUBMITTED] = 0
            elif self.i[nb + L.NI_ID] >= 0:
                self._settle(s, rule, now)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _settle(self, s: cython.Py_ssize_t, rule: cython.Py_ssize_t, now: cython.longlong) -> cython.longlong:
        """End an intention, reporting what blocked it until now; return its id."""
        nb: cython.Py_ssize_t = self._intention(s, rule)
        decision: cython.longlong = self.i[nb + L.NI_ID]
        self._report_block(s, rule, now)
        self.i[nb + L.NI_ID] = -1
        self.i[nb + L.NI_SUBMITTED] = 0
        self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_ACTIVE] -= 1
        return decision

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _block(
        self,
        s: cython.Py_ssize_t,
        rule: cython.Py_ssize_t,
        now: cython.longlong,
        reason: cython.longlong,
        first_value: cython.double,
        second_value: cython.double,
    ) -> cython.void:
        """Count a blocked decision; a block like the one before only lengthens it."""
        nb: cython.Py_ssize_t = self._intention(s, rule)
        nf: cython.Py_ssize_t = L.GF_SIZE + self.count * L.SF_SIZE + (s * self.rules + rule) * L.NF_SIZE
        self.i[L.GI_BLOCKED + reason] += 1
        if self.i[nb + L.NI_REASON] != reason:
            self._report_block(s, rule, now)
            self.i[nb + L.NI_REASON] = reason
            self.i[nb + L.NI_FIRST] = now
            self.i[nb + L.NI_COUNT] = 0
            self.f[nf + L.NF_FIRST_VALUE] = first_value
            self.f[nf + L.NF_SECOND_VALUE] = second_value
        self.i[nb + L.NI_LAST] = now
        self.i[nb + L.NI_COUNT] += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _report_block(
        self, s: cython.Py_ssize_t, rule: cython.Py_ssize_t, now: cython.longlong
    ) -> cython.void:
        nb: cython.Py_ssize_t = self._intention(s, rule)
        nf: cython.Py_ssize_t = L.GF_SIZE + self.count * L.SF_SIZE + (s * self.rules + rule) * L.NF_SIZE
        if self.i[nb + L.NI_REASON] < 0:
            return
        self._event(L.E_BLOCKED, now, s, rule, self.i[nb + L.NI_ID], self.i[nb + L.NI_REASON])
        self._detail(
            self.i[nb + L.NI_FIRST],
            self.i[nb + L.NI_LAST],
            self.i[nb + L.NI_COUNT],
            self.f[nf + L.NF_FIRST_VALUE],
            self.f[nf + L.NF_SECOND_VALUE],
        )
        self.i[nb + L.NI_REASON] = -1
        self.i[nb + L.NI_COUNT] = 0

    def finish(self, end):
        """No more bars come: block what waits for one, report open blocks and bars missing before `end`."""
        s: cython.Py_ssize_t
        rule: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        step: cython.longlong = self.plan_i[L.PI_STEP]
        start: cython.longlong = self.plan_i[L.PI_START]
        until: cython.longlong = end
        now: cython.longlong = self.i[L.GI_LAST]
        expected: cython.longlong
        missing: cython.longlong
        if self.i[L.GI_STARTED] == 0:
            self.i[L.GI_STARTED] = 1
            self._event(L.E_PLAN, start, -1, -1, -1, -1)
        if self.i[L.GI_ROWS] == 0:
            now = start
        for s in range(self.count):
            ib = L.GI_SIZE + s * L.SI_SIZE
            if self.i[ib + L.SI_PENDING] != 0:
                self.i[ib + L.SI_PENDING] = 0
                self._block(s, self.i[ib + L.SI_PENDING_RULE], now, L.R_END_OF_DATA, 0.0, 0.0)
            for rule in range(self.rules):
                if self.i[self._intention(s, rule) + L.NI_ID] >= 0:
                    self._settle(s, rule, now)
            expected = start
            if self.i[ib + L.SI_LAST] + step > expected:
                expected = self.i[ib + L.SI_LAST] + step
            if until > expected:
                missing = (until - expected + step - 1) // step
                self.i[ib + L.SI_GAPS] += 1
                self.i[ib + L.SI_MISSING] += missing
                self._event(L.E_GAP, now, s, -1, -1, -1)
                self._detail(expected, expected + (missing - 1) * step, missing, 0.0, 0.0)
        self._event(L.E_COMPLETED, now, -1, -1, -1, -1)
        self.i[L.GI_FINISHED] = 1

    # --- logs --------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _event(
        self,
        kind: cython.longlong,
        now: cython.longlong,
        s: cython.longlong,
        rule: cython.longlong,
        decision: cython.longlong,
        reason: cython.longlong,
    ) -> cython.void:
        at: cython.Py_ssize_t = self.events * L.EI_WIDTH
        self.event_i[at + L.EI_CODE] = (
            (kind + 1) << L.CODE_TYPE
            | (s + 1) << L.CODE_MARKET
            | (rule + 1) << L.CODE_RULE
            | (reason + 1) << L.CODE_REASON
        )
        self.event_i[at + L.EI_TIME] = now
        self.event_i[at + L.EI_DECISION] = decision
        self.events += 1
        self.i[L.GI_EVENTS] += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _detail(
        self,
        first: cython.longlong,
        last: cython.longlong,
        count: cython.longlong,
        first_value: cython.double,
        second_value: cython.double,
    ) -> cython.void:
        """What the event just written (a block or a gap) has to say beyond its code."""
        at: cython.Py_ssize_t = self.details * L.DI_WIDTH
        self.detail_i[at + L.DI_FIRST] = first
        self.detail_i[at + L.DI_LAST] = last
        self.detail_i[at + L.DI_COUNT] = count
        self.detail_f[self.details * L.DF_WIDTH + L.DF_FIRST_VALUE] = first_value
        self.detail_f[self.details * L.DF_WIDTH + L.DF_SECOND_VALUE] = second_value
        self.details += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _log_fill(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        rule: cython.longlong,
        kind: cython.longlong,
        reason: cython.longlong,
        decided: cython.longlong,
        decision: cython.longlong,
        price: cython.double,
        qty: cython.double,
        fee: cython.double,
        slippage: cython.double,
    ) -> cython.void:
        """Log a fill with the position as it is now; an exit adds its P&L and extremes itself."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        at: cython.Py_ssize_t = self.fills * L.FF_WIDTH
        self.fill_f[at + L.FF_PRICE] = price
        self.fill_f[at + L.FF_QTY] = qty
        self.fill_f[at + L.FF_FEE] = fee
        self.fill_f[at + L.FF_SLIPPAGE] = slippage
        self.fill_f[at + L.FF_PNL] = 0.0
        self.fill_f[at + L.FF_POSITION] = self.f[fb + L.SF_QTY]
        self.fill_f[at + L.FF_CASH] = self.f[L.GF_CASH]
        self.fill_f[at + L.FF_REALISED] = self.f[L.GF_REALISED]
        self.fill_f[at + L.FF_ENTRY_PRICE] = self.f[fb + L.SF_COST]
        self.fill_f[at + L.FF_ENTRY_FEES] = self.f[fb + L.SF_ENTRY_FEES]
        self.fill_f[at + L.FF_MAE] = 0.0
        self.fill_f[at + L.FF_MFE] = 0.0
        at = self.fills * L.FI_WIDTH
        self.fill_i[at + L.FI_CODE] = (
            (kind + 1) << L.CODE_TYPE
            | (s + 1) << L.CODE_MARKET
            | (rule + 1) << L.CODE_RULE
            | (reason + 1) << L.CODE_REASON
            | (self.i[ib + L.SI_ENTRY_RULE] + 1) << L.CODE_ENTRY_RULE
        )
        self.fill_i[at + L.FI_TIME] = now
        self.fill_i[at + L.FI_DECIDED] = decided
        self.fill_i[at + L.FI_SET] = self.i[ib + L.SI_SET]
        self.fill_i[at + L.FI_ENTRY_TIME] = self.i[ib + L.SI_ENTRY_TIME]
        self.fill_i[at + L.FI_BARS] = self.i[ib + L.SI_BARS]
        self.fill_i[at + L.FI_DECISION] = decision
        self.fills += 1
        self.i[L.GI_FILLS] += 1
        self._event(L.E_FILL, now, s, rule, decision, -1)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _log_positions(self, now: cython.longlong, row: cython.Py_ssize_t) -> cython.void:
        """Write every market that is open, or was closed at this open: a whole state in a few rows."""
        s: cython.Py_ssize_t
        fb: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        at: cython.Py_ssize_t
        changed: cython.bint = False
        for s in range(self.count):
            changed = changed or self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_CHANGED] != 0
        for s in range(self.count):
            fb = L.GF_SIZE + s * L.SF_SIZE
            ib = L.GI_SIZE + s * L.SI_SIZE
            if changed and (self.f[fb + L.SF_QTY] != 0.0 or self.i[ib + L.SI_CHANGED] != 0):
                at = self.positions * L.LF_WIDTH
                self.position_f[at + L.LF_QTY] = self.f[fb + L.SF_QTY]
                self.position_f[at + L.LF_COST] = self.f[fb + L.SF_COST]
                self.position_f[at + L.LF_REALISED] = self.f[L.GF_REALISED]
                self.position_f[at + L.LF_CASH] = self.f[L.GF_CASH]
                at = self.positions * L.LI_WIDTH
                self.position_i[at + L.LI_TIME] = now
                self.position_i[at + L.LI_MARKET] = s
                self.position_i[at + L.LI_SET] = self.i[ib + L.SI_SET]
                self.positions += 1
            self.i[ib + L.SI_CHANGED] = 0
        at = self.balances * L.BF_WIDTH
        self.balance_f[at + L.BF_CASH] = self.f[L.GF_CASH]
        self.balance_f[at + L.BF_BASE] = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        self.balance_f[at + L.BF_REALISED] = self.f[L.GF_REALISED]
        self.balance_i[self.balances] = row
        self.balances += 1


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.cdivision(True)
def expand_equity(
    equity: cython.const[cython.double][::1],
    starts: cython.const[cython.longlong][::1],
    balances: cython.const[cython.double][::1],
    initial: cython.double,
    peak: cython.double,
    cash_out: cython.double[::1],
    exposure_out: cython.double[::1],
    drawdown_out: cython.double[::1],
    realised_out: cython.double[::1],
    unrealised_out: cython.double[::1],
):
    """Write what follows from equity and balances; from row `starts[n]` on, row n of `balances` holds.

    `balances` has layout's BF_WIDTH columns; `peak` is the highest equity before the first row.
    """
    rows: cython.Py_ssize_t = len(equity)
    count: cython.Py_ssize_t = len(starts)
    n: cython.Py_ssize_t
    j: cython.Py_ssize_t
    last: cython.Py_ssize_t
    value: cython.double
    cash: cython.double
    base: cython.double
    realised: cython.double
    for n in range(count):
        cash = balances[n * L.BF_WIDTH + L.BF_CASH]
        base = balances[n * L.BF_WIDTH + L.BF_BASE]
        realised = balances[n * L.BF_WIDTH + L.BF_REALISED]
        last = starts[n + 1] if n + 1 < count else rows
        for j in range(starts[n], last):
            value = equity[j]
            if value > peak:
                peak = value
            cash_out[j] = cash
            exposure_out[j] = (value - base) / value
            drawdown_out[j] = (peak - value) / peak
            realised_out[j] = realised
            # Flat, what the subtraction leaves is rounding and no profit.
            unrealised_out[j] = value - initial - realised if value != base else 0.0
