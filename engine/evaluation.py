# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The vector part of a strategy: evaluates everything that does not depend on the position, block by block.

Cython pure-Python mode, like `engine.kernel`: this one source is compiled (`python -m infra_cdk.kernel`)
and also runs as it is, with lists in place of arrays and the same bits in every result. Operations are
written out in a fixed order and compiled with `-ffp-contract=off`. What an instruction remembers lies in
the market's carried values (`engine.instructions`), so any cut of the bars gives the same bits.
"""

# Cython's decorators and C types carry no Python types that mypy could check, and arrays are
# memoryviews compiled but lists uncompiled.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, valid-type, no-any-return"
# mypy: disable-error-code="type-arg, attr-defined, assignment, operator, misc, index, arg-type, return-value"
# mypy: disable-error-code="no-redef, unreachable, import-not-found, import-untyped, union-attr, name-defined"
# mypy: allow-untyped-defs, allow-untyped-calls, no-warn-unused-ignores

try:
    import cython
except ImportError:  # an installation without Cython runs the same source with this stand-in
    from engine import uncompiled as cython

if cython.compiled:
    from cython.cimports.libc.math import sqrt
else:
    from math import sqrt

from engine import instructions as I  # noqa: N812 - a short name for what stands on every line
from engine import layout as L  # noqa: N812

COMPILED = cython.compiled
NAN = cython.declare(cython.double, float("nan"))
INFINITY = cython.declare(cython.double, float("inf"))

# Whole numbers of Python have no last bit; those of C end here.
EVERY = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)


@cython.cclass
class Evaluator:
    """One market's vector program over one segment of its bars."""

    code: cython.const[cython.longlong][::1]
    params: cython.const[cython.double][::1]
    timestamp: cython.const[cython.longlong][::1]
    open: cython.const[cython.double][::1]
    high: cython.const[cython.double][::1]
    low: cython.const[cython.double][::1]
    close: cython.const[cython.double][::1]
    volume: cython.const[cython.double][::1]
    columns: cython.double[::1]
    carry: cython.double[::1]
    registers: cython.double[::1]
    truths: cython.ulonglong[::1]
    board: cython.double[::1]
    instructions: cython.Py_ssize_t
    size: cython.Py_ssize_t
    first: cython.Py_ssize_t
    ahead: cython.Py_ssize_t
    piece: cython.Py_ssize_t
    step: cython.longlong

    def __init__(self, program, bars, columns, first, carried, step_ms, scratch):
        """Prepare a segment.

        `program` is (code, parameters, number of instructions); `bars` are timestamp (epoch ms), open,
        high, low, close and volume, read-only; `columns` is flat, indicator columns × bars inside the
        span, of which bar `first` is the first (those before only warm up); `carried` are this market's
        carried values, read and written in place; `step_ms` is the length of a bar; `scratch` holds the
        registers, PIECE values each, constants filled in, and may be shared by all markets.
        """
        k: cython.Py_ssize_t
        self.code, self.params, self.instructions = program
        self.timestamp, self.open, self.high, self.low, self.close, self.volume = bars
        self.columns = columns
        self.first = first
        self.carry = carried
        self.step = step_ms
        self.registers = scratch
        self.size = len(self.timestamp)
        self.ahead = self.size
        # A piece may complete one higher bar more than it has bars; half a register always has room.
        self.piece = L.PIECE
        for k in range(self.instructions):
            if self.code[k * I.CODE_WIDTH + I.C_OP] == I.OP_CLOCK:
                self.piece = L.PIECE // 2

    def write_to(self, truths, board):
        """Give the arrays that are evaluated into."""
        self.truths = truths
        self.board = board

    def evaluate(self, begin, length, truths_at, board_at, stride):
        """Evaluate bars [begin, begin + length), which follow those evaluated before without a gap.

        Rule n's truth at bar begin + j is bit j % LANE of truths[truths_at + n * stride // LANE + j // LANE].
        Board slot k's value is board[board_at + k * stride + j]. Columns are for bars inside the span.
        `stride` is a multiple of LANE; where there are rules, the bars lie on one side of the span's first.
        """
        _evaluate_at(self, begin, length, truths_at, board_at, stride)

    def entry(self):
        """Return where in memory `evaluate` and this evaluator lie; only compiled.

        The kernel, another library, calls it there while it loads without the interpreter. Who keeps the
        addresses keeps the evaluator.
        """
        return (
            cython.cast(cython.size_t, cython.address(_evaluate_at)),
            cython.cast(cython.size_t, cython.cast(cython.p_void, self)),
        )

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _piece(
        self,
        bar: cython.Py_ssize_t,
        rows: cython.Py_ssize_t,
        truths_at: cython.Py_ssize_t,
        board_at: cython.Py_ssize_t,
        stride: cython.Py_ssize_t,
    ) -> cython.void:
        """Run the program over `rows` bars from `bar` on, whose registers stay in the first cache."""
        r = self.registers
        board = self.board
        carry = self.carry
        code = self.code
        columns = self.columns
        timestamp = self.timestamp
        c: cython.Py_ssize_t
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        m: cython.Py_ssize_t
        n: cython.Py_ssize_t
        op: cython.longlong
        to: cython.Py_ssize_t
        a: cython.Py_ssize_t
        b: cython.Py_ssize_t
        a2: cython.Py_ssize_t
        period: cython.Py_ssize_t
        at: cython.Py_ssize_t
        context: cython.Py_ssize_t
        x: cython.double
        y: cython.double
        lanes: cython.Py_ssize_t = stride // L.LANE
        for k in range(self.instructions):
            c = k * I.CODE_WIDTH
            op = code[c + I.C_OP]
            to = code[c + I.C_TO] * L.PIECE
            a = code[c + I.C_A] * L.PIECE
            b = code[c + I.C_B] * L.PIECE
            a2 = code[c + I.C_A2] * L.PIECE
            period = code[c + I.C_PERIOD]
            at = code[c + I.C_STATE]
            context = code[c + I.C_CONTEXT]
            m = rows
            if context >= 0:
                # Inside tf(): the registers hold the higher bars that this piece completed, if any.
                m = cython.cast(cython.Py_ssize_t, r[context * L.PIECE + rows - 1])
                if m == 0:
                    continue
            if op == I.OP_FIELD:
                if period == I.COLUMN_TIME:
                    for j in range(m):
                        r[to + j] = cython.cast(cython.double, timestamp[bar + j])
                    continue
                source = self.close
                if period == I.COLUMN_OPEN:
                    source = self.open
                elif period == I.COLUMN_HIGH:
                    source = self.high
                elif period == I.COLUMN_LOW:
                    source = self.low
                elif period == I.COLUMN_VOLUME:
                    source = self.volume
                for j in range(m):
                    r[to + j] = source[bar + j]
            elif op == I.OP_EMA:
                self._ema(a, to, at, period, self.params[2 * k], m)
            elif op == I.OP_EMA_PAIR:
                self._ema_pair(k, a, to, at, period, m)
            elif op == I.OP_CROSS_ABOVE:
                x = carry[at]
                y = carry[at + 1]
                r[to] = 1.0 if (x <= y) & (r[a] > r[b]) else 0.0
                for j in range(1, m):
                    r[to + j] = 1.0 if (r[a + j - 1] <= r[b + j - 1]) & (r[a + j] > r[b + j]) else 0.0
                carry[at] = r[a + m - 1]
                carry[at + 1] = r[b + m - 1]
            elif op == I.OP_CROSS_BELOW:
                x = carry[at]
                y = carry[at + 1]
                r[to] = 1.0 if (x >= y) & (r[a] < r[b]) else 0.0
                for j in range(1, m):
                    r[to + j] = 1.0 if (r[a + j - 1] >= r[b + j - 1]) & (r[a + j] < r[b + j]) else 0.0
                carry[at] = r[a + m - 1]
                carry[at + 1] = r[b + m - 1]
            elif op == I.OP_RULE:
                self._truths(a, truths_at + period * lanes, m)
            elif op == I.OP_RULE_ABOVE:
                self._crossings(a, b, at, truths_at + period * lanes, -1, m)
            elif op == I.OP_RULE_BELOW:
                self._crossings(a, b, at, -1, truths_at + period * lanes, m)
            elif op == I.OP_RULES_CROSS:
                n = code[c + I.C_TO2]
                self._crossings(a, b, at, truths_at + period * lanes, truths_at + n * lanes, m)
            elif op == I.OP_COLUMN:
                if bar >= self.first:
                    at = period * (self.size - self.first) + bar - self.first
                    for j in range(m):
                        x = r[a + j]
                        # No infinity leaves the engine: it is a missing value.
                        columns[at + j] = x if (x < INFINITY) & (x > -INFINITY) else NAN
            elif op == I.OP_BOARD:
                at = board_at + period * stride
                for j in range(m):
                    x = r[a + j]
                    board[at + j] = x if (x < INFINITY) & (x > -INFINITY) else NAN
            elif op == I.OP_ADD:
                for j in range(m):
                    r[to + j] = r[a + j] + r[b + j]
            elif op == I.OP_SUB:
                for j in range(m):
                    r[to + j] = r[a + j] - r[b + j]
            elif op == I.OP_MUL:
                for j in range(m):
                    r[to + j] = r[a + j] * r[b + j]
            elif op == I.OP_DIV:
                for j in range(m):
                    x = r[b + j]
                    r[to + j] = r[a + j] / x if x != 0.0 else NAN
            elif op == I.OP_NEG:
                for j in range(m):
                    r[to + j] = -r[a + j]
            elif op == I.OP_ABS:
                for j in range(m):
                    x = r[a + j]
                    r[to + j] = -x if x < 0.0 else x
            elif op == I.OP_MIN:
                for j in range(m):
                    x = r[a + j]
                    y = r[b + j]
                    r[to + j] = x if (x < y) | (x != x) else y
            elif op == I.OP_MAX:
                for j in range(m):
                    x = r[a + j]
                    y = r[b + j]
                    r[to + j] = x if (x > y) | (x != x) else y
            elif op == I.OP_LT:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] < r[b + j] else 0.0
            elif op == I.OP_LE:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] <= r[b + j] else 0.0
            elif op == I.OP_GT:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] > r[b + j] else 0.0
            elif op == I.OP_GE:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] >= r[b + j] else 0.0
            elif op == I.OP_EQ:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] == r[b + j] else 0.0
            elif op == I.OP_NE:
                # Not "!=", which holds for a missing value.
                for j in range(m):
                    r[to + j] = 1.0 if (r[a + j] < r[b + j]) | (r[a + j] > r[b + j]) else 0.0
            elif op == I.OP_AND:
                for j in range(m):
                    r[to + j] = r[a + j] * r[b + j]
            elif op == I.OP_OR:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] + r[b + j] > 0.0 else 0.0
            elif op == I.OP_NOT:
                for j in range(m):
                    r[to + j] = 1.0 - r[a + j]
            elif op == I.OP_SHIFT:
                self._shift(a, to, at, period, m)
            elif op == I.OP_SMA:
                self._sma(a, to, at, period, m, False)
            elif op == I.OP_WMA:
                self._wma(a, to, at, period, m)
            elif op == I.OP_STDDEV:
                self._stddev(a, to, at, period, m, True)
            elif op == I.OP_HIGHEST:
                self._extreme(a, to, at, period, m, 1.0)
            elif op == I.OP_LOWEST:
                self._extreme(a, to, at, period, m, -1.0)
            elif op == I.OP_SUM:
                self._sma(a, to, at, period, m, True)
            elif op == I.OP_VARIANCE:
                self._stddev(a, to, at, period, m, False)
            elif op == I.OP_CLOCK:
                self._clock(to, code[c + I.C_TO2] * L.PIECE, at, k, bar, m)
            elif op == I.OP_GATHER:
                self._gather(a, to, at, k, period, bar, m)
            elif op == I.OP_SPREAD:
                # Register b counts the higher bars completed so far in this piece.
                x = carry[at]
                for j in range(m):
                    if r[b + j] > 0.0:
                        x = r[a + cython.cast(cython.Py_ssize_t, r[b + j]) - 1]
                    r[to + j] = x
                carry[at] = x
            elif op == I.OP_CLOSED:
                for j in range(m):
                    r[to + j] = 1.0 if r[a + j] >= I.TICK_EARLIER else 0.0
            elif op == I.OP_CALENDAR:
                self._calendar(a, to, period, m)
            elif op == I.OP_SESSION:
                self._session(a, b, to, at, period, m)
            elif op == I.OP_SQRT:
                for j in range(m):
                    x = r[a + j]
                    r[to + j] = sqrt(x) if x >= 0.0 else NAN
            elif op == I.OP_FLOOR:
                for j in range(m):
                    x = r[a + j]
                    if (x < 4503599627370496.0) & (x > -4503599627370496.0):
                        y = cython.cast(cython.double, cython.cast(cython.longlong, x))  # toward zero
                        x = y - 1.0 if y > x else y
                    r[to + j] = x
            elif op == I.OP_TOTAL:
                x = carry[at]
                for j in range(m):
                    y = r[a + j]
                    if y == y:
                        x += y
                        r[to + j] = x
                    else:
                        r[to + j] = NAN
                carry[at] = x
            elif op == I.OP_SINCE:
                x = carry[at]
                for j in range(m):
                    x = 0.0 if r[a + j] > 0.0 else x + 1.0
                    r[to + j] = x
                carry[at] = x
            elif op == I.OP_WHEN:
                x = carry[at]
                for j in range(m):
                    if r[a + j] > 0.0:
                        x = r[b + j]
                    r[to + j] = x
                carry[at] = x
            elif (op == I.OP_DEVIATION) | (op == I.OP_PERCENTILE) | (op == I.OP_QUANTILE):
                self._ringed(op, a, to, at, period, self.params[2 * k], m)
            elif (op == I.OP_CORRELATION) | (op == I.OP_COVARIANCE):
                self._paired(op, a, b, to, at, period, m)
            elif op == I.OP_SUPERTREND:
                self._supertrend(a, b, a2, to, at, period, m)
            elif op == I.OP_PSAR:
                self._psar(a, b, to, at, self.params[2 * k], self.params[2 * k + 1], m)

    # --- windows and averages ----------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _truths(self, a: cython.Py_ssize_t, to: cython.Py_ssize_t, m: cython.Py_ssize_t) -> cython.void:
        """Gather a register's truths into the lanes of a rule, from `to` on."""
        r = self.registers
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        n: cython.Py_ssize_t
        word: cython.ulonglong
        for j in range(0, m, L.LANE):
            n = m - j if m - j < L.LANE else L.LANE
            word = 0
            for k in range(n):
                word |= cython.cast(cython.ulonglong, r[a + j + k] > 0.0) << k
            self.truths[to + j // L.LANE] = word

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _crossings(
        self,
        a: cython.Py_ssize_t,
        b: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        above_to: cython.Py_ssize_t,
        below_to: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Write where one register comes to lie above another, below it, or both (-1 for neither).

        As OP_CROSS_ABOVE and OP_CROSS_BELOW: at a row the order is strict, at the row before it is the
        other way or equal, and a missing value is in no order at all.
        """
        r = self.registers
        carry = self.carry
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        n: cython.Py_ssize_t
        above: cython.ulonglong
        below: cython.ulonglong
        equal: cython.ulonglong
        # Whether the row before was at most, or at least, as high.
        at_most: cython.ulonglong = carry[at] <= carry[at + 1]
        at_least: cython.ulonglong = carry[at] >= carry[at + 1]
        for j in range(0, m, L.LANE):
            n = m - j if m - j < L.LANE else L.LANE
            above = 0
            below = 0
            equal = 0
            for k in range(n):
                above |= cython.cast(cython.ulonglong, r[a + j + k] > r[b + j + k]) << k
                below |= cython.cast(cython.ulonglong, r[a + j + k] < r[b + j + k]) << k
            if (above | below) != EVERY:
                # Seldom: some are equal or missing, or it is the last lane of a piece.
                for k in range(n):
                    equal |= cython.cast(cython.ulonglong, r[a + j + k] == r[b + j + k]) << k
            if above_to >= 0:
                self.truths[above_to + j // L.LANE] = above & (_later(below | equal) | at_most)
            if below_to >= 0:
                self.truths[below_to + j // L.LANE] = below & (_later(above | equal) | at_least)
            at_most = (below | equal) >> (L.LANE - 1)
            at_least = (above | equal) >> (L.LANE - 1)
        carry[at] = r[a + m - 1]
        carry[at + 1] = r[b + m - 1]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
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
        carry = self.carry
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
    @cython.nogil
    @cython.exceptval(check=False)
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

        A missing value gives a missing average and is passed over. Written with differences, a constant
        series keeps its exact value, so two averages of a flat market never cross by rounding.
        """
        r = self.registers
        carry = self.carry
        j: cython.Py_ssize_t = 0
        x: cython.double
        seen: cython.double = carry[at + I.EMA_SEEN]
        value: cython.double
        if seen < period:
            while j < m and seen < period:
                x = r[a + j]
                r[to + j] = NAN
                if x == x:
                    if seen == 0.0:
                        carry[at + I.EMA_REFERENCE] = x
                    seen += 1.0
                    carry[at + I.EMA_SUM] += x - carry[at + I.EMA_REFERENCE]
                    if seen == period:
                        value = carry[at + I.EMA_REFERENCE] + carry[at + I.EMA_SUM] / period
                        carry[at + I.EMA_VALUE] = value
                        r[to + j] = value
                j += 1
            carry[at + I.EMA_SEEN] = seen
        self._ema_on(a, to, at, factor, j, m, False)

    # Each average waits for the one before, so four are taken together from the last one before them, e:
    # with d the distances of the next values from it, they are e + f d1, e + (1−f) f d1 + f d2, and so on.
    # Which four is counted from the first value on, and distances so far are carried: a cut changes nothing.

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _ema_on(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        factor: cython.double,
        j: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
        align: cython.bint,
    ) -> cython.Py_ssize_t:
        """Go on from value `j` to the last, or to the next four that belong together; return how far."""
        r = self.registers
        carry = self.carry
        x: cython.double
        value: cython.double
        keep: cython.double = 1.0 - factor
        first: cython.double = factor * keep
        second: cython.double = first * keep
        third: cython.double = second * keep
        phase: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.EMA_PHASE])
        while j < m and not (align and phase == 0):
            if phase == 0 and j + 4 <= m:
                value = self._ema_four(a + j, to + j, carry[at + I.EMA_VALUE], factor, first, second, third)
                if value == value:
                    carry[at + I.EMA_VALUE] = value
                    j += 4
                    continue
                # One of the four is missing: they are taken one by one.
            x = r[a + j]
            if x == x:
                x -= carry[at + I.EMA_VALUE]
                if phase < 3:
                    carry[at + I.EMA_DISTANCE + phase] = x
                value = factor * x
                if phase == 1:
                    value = first * carry[at + I.EMA_DISTANCE] + value
                elif phase == 2:
                    value = (
                        second * carry[at + I.EMA_DISTANCE] + first * carry[at + I.EMA_DISTANCE + 1]
                    ) + value
                elif phase == 3:
                    value = (third * carry[at + I.EMA_DISTANCE] + second * carry[at + I.EMA_DISTANCE + 1]) + (
                        first * carry[at + I.EMA_DISTANCE + 2] + value
                    )
                value = carry[at + I.EMA_VALUE] + value
                r[to + j] = value
                phase += 1
                if phase == 4:
                    phase = 0
                    carry[at + I.EMA_VALUE] = value
                    # As where four were taken at once: equal states are equal bytes.
                    carry[at + I.EMA_DISTANCE] = 0.0
                    carry[at + I.EMA_DISTANCE + 1] = 0.0
                    carry[at + I.EMA_DISTANCE + 2] = 0.0
            else:
                r[to + j] = NAN
            j += 1
        carry[at + I.EMA_PHASE] = phase
        return j

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _ema_four(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        value: cython.double,
        factor: cython.double,
        first: cython.double,
        second: cython.double,
        third: cython.double,
    ) -> cython.double:
        """Write four averages that belong together, to the bits of `_ema_on` one by one; return the last.

        Where a value is missing the last is NaN, and what was written means nothing.
        """
        d0: cython.double = self.registers[a] - value
        d1: cython.double = self.registers[a + 1] - value
        d2: cython.double = self.registers[a + 2] - value
        d3: cython.double = self.registers[a + 3] - value
        self.registers[to] = value + factor * d0
        self.registers[to + 1] = value + (first * d0 + factor * d1)
        self.registers[to + 2] = value + ((second * d0 + first * d1) + factor * d2)
        value += (third * d0 + second * d1) + (first * d2 + factor * d3)
        self.registers[to + 3] = value
        return value

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _ema_pair(
        self,
        k: cython.Py_ssize_t,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Two independent averages in one loop: each waits for its own previous value, not for the other."""
        c: cython.Py_ssize_t = k * I.CODE_WIDTH
        period2: cython.Py_ssize_t = self.code[c + I.C_B]
        to2: cython.Py_ssize_t = self.code[c + I.C_TO2] * L.PIECE
        a2: cython.Py_ssize_t = self.code[c + I.C_A2] * L.PIECE
        at2: cython.Py_ssize_t = self.code[c + I.C_STATE2]
        factor: cython.double = self.params[2 * k]
        factor2: cython.double = self.params[2 * k + 1]
        keep: cython.double = 1.0 - factor
        keep2: cython.double = 1.0 - factor2
        first: cython.double = factor * keep
        first2: cython.double = factor2 * keep2
        second: cython.double = first * keep
        second2: cython.double = first2 * keep2
        third: cython.double = second * keep
        third2: cython.double = second2 * keep2
        value: cython.double
        value2: cython.double
        after: cython.double
        after2: cython.double
        j: cython.Py_ssize_t
        j2: cython.Py_ssize_t
        if self.carry[at + I.EMA_SEEN] < period or self.carry[at2 + I.EMA_SEEN] < period2:
            self._ema(a, to, at, period, factor, m)
            self._ema(a2, to2, at2, period2, factor2, m)
            return
        j = self._ema_on(a, to, at, factor, 0, m, True)
        j2 = self._ema_on(a2, to2, at2, factor2, 0, m, True)
        value = self.carry[at + I.EMA_VALUE]
        value2 = self.carry[at2 + I.EMA_VALUE]
        while j + 4 <= m and j2 + 4 <= m:
            after = self._ema_four(a + j, to + j, value, factor, first, second, third)
            after2 = self._ema_four(a2 + j2, to2 + j2, value2, factor2, first2, second2, third2)
            if after + after2 != after + after2:
                break  # a value is missing
            value = after
            value2 = after2
            # These averages wait for those before them: meanwhile memory can send the bars of the next block,
            # eight values of a column at a time. Nothing waits for them.
            if cython.compiled and j & 4 == 0 and self.ahead + j < self.size:
                prefetch(cython.address(self.timestamp[self.ahead + j]))  # noqa: F821 - of evaluation.pxd
                prefetch(cython.address(self.open[self.ahead + j]))  # noqa: F821
                prefetch(cython.address(self.high[self.ahead + j]))  # noqa: F821
                prefetch(cython.address(self.low[self.ahead + j]))  # noqa: F821
                prefetch(cython.address(self.close[self.ahead + j]))  # noqa: F821
            j += 4
            j2 += 4
        self.carry[at + I.EMA_VALUE] = value
        self.carry[at2 + I.EMA_VALUE] = value2
        self._ema_on(a, to, at, factor, j, m, False)
        self._ema_on(a2, to2, at2, factor2, j2, m, False)

    # Rolling windows keep a ring of the last `period` values and a running sum of their distance to a
    # reference. Each time the ring comes round, reference and sum are taken anew from the ring, so
    # rounding never accumulates over more than one window; a window of one value, repeated, is exact. The
    # place in the ring is part of the state: a cut changes nothing. A window that holds a missing value
    # is missing.

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _sma(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
        summed: cython.bint,
    ) -> cython.void:
        """Mean, or sum, of the last `period` values."""
        r = self.registers
        carry = self.carry
        ring: cython.Py_ssize_t = at + I.ROLL_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.ROLL_PLACE])
        seen: cython.double = carry[at + I.ROLL_SEEN]
        reference: cython.double = carry[at + I.ROLL_REFERENCE]
        total: cython.double = carry[at + I.ROLL_SUM]
        last: cython.double = carry[at + I.ROLL_LAST]
        run: cython.double = carry[at + I.ROLL_RUN]
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        old: cython.double
        for j in range(m):
            x = r[a + j]
            if x != x:
                seen = 0.0
                place = 0
                run = 0.0
                r[to + j] = NAN
                continue
            run = run + 1.0 if x == last else 1.0
            last = x
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
            if run >= period:
                reference = x
                total = 0.0
            if seen < period:
                r[to + j] = NAN
            elif summed:
                r[to + j] = reference * period + total
            else:
                r[to + j] = reference + total / period
        carry[at + I.ROLL_LAST] = last
        carry[at + I.ROLL_RUN] = run
        carry[at + I.ROLL_SEEN] = seen
        carry[at + I.ROLL_PLACE] = place
        carry[at + I.ROLL_REFERENCE] = reference
        carry[at + I.ROLL_SUM] = total

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
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
        carry = self.carry
        ring: cython.Py_ssize_t = at + I.ROLL_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.ROLL_PLACE])
        seen: cython.double = carry[at + I.ROLL_SEEN]
        reference: cython.double = carry[at + I.ROLL_REFERENCE]
        total: cython.double = carry[at + I.ROLL_SUM]
        weighted: cython.double = carry[at + I.ROLL_SECOND]
        divisor: cython.double = period * (period + 1) / 2.0
        last: cython.double = carry[at + I.ROLL_LAST]
        run: cython.double = carry[at + I.ROLL_RUN]
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        old: cython.double
        for j in range(m):
            x = r[a + j]
            if x != x:
                seen = 0.0
                place = 0
                run = 0.0
                r[to + j] = NAN
                continue
            run = run + 1.0 if x == last else 1.0
            last = x
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
            if run >= period:
                reference = x
                total = 0.0
                weighted = 0.0
            r[to + j] = reference + weighted / divisor if seen >= period else NAN
        carry[at + I.ROLL_LAST] = last
        carry[at + I.ROLL_RUN] = run
        carry[at + I.ROLL_SEEN] = seen
        carry[at + I.ROLL_PLACE] = place
        carry[at + I.ROLL_REFERENCE] = reference
        carry[at + I.ROLL_SUM] = total
        carry[at + I.ROLL_SECOND] = weighted

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _stddev(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
        rooted: cython.bint,
    ) -> cython.void:
        """Population standard deviation, or its square, the variance.

        ROLL_REFERENCE is the mean, ROLL_SECOND the sum of squared distances from it.

        Sliding form of Welford (1962): the new mean is off by (x − old) / n, and the squares change by
        (x − old) × ((x − new mean) + (old − old mean)). No difference of large squares occurs.
        """
        r = self.registers
        carry = self.carry
        ring: cython.Py_ssize_t = at + I.ROLL_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.ROLL_PLACE])
        seen: cython.double = carry[at + I.ROLL_SEEN]
        mean: cython.double = carry[at + I.ROLL_REFERENCE]
        squares: cython.double = carry[at + I.ROLL_SECOND]
        last: cython.double = carry[at + I.ROLL_LAST]
        run: cython.double = carry[at + I.ROLL_RUN]
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
                run = 0.0
                r[to + j] = NAN
                continue
            run = run + 1.0 if x == last else 1.0
            last = x
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
            if run >= period:
                mean = x
                squares = 0.0
            if seen < period:
                r[to + j] = NAN
            elif squares > 0.0:
                r[to + j] = sqrt(squares / period) if rooted else squares / period
            else:
                r[to + j] = 0.0
        carry[at + I.ROLL_LAST] = last
        carry[at + I.ROLL_RUN] = run
        carry[at + I.ROLL_SEEN] = seen
        carry[at + I.ROLL_PLACE] = place
        carry[at + I.ROLL_REFERENCE] = mean
        carry[at + I.ROLL_SECOND] = squares

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
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
        carry = self.carry
        values: cython.Py_ssize_t = at + I.DEQUE_TOP
        bars: cython.Py_ssize_t = values + period
        seen: cython.double = carry[at + I.DEQUE_SEEN]
        head: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.DEQUE_HEAD])
        length: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.DEQUE_LENGTH])
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
        carry[at + I.DEQUE_SEEN] = seen
        carry[at + I.DEQUE_HEAD] = head
        carry[at + I.DEQUE_LENGTH] = length

    # --- higher timeframes -------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _clock(
        self,
        to: cython.Py_ssize_t,
        to2: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        k: cython.Py_ssize_t,
        bar: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """What each bar means to the higher bars (TICK_… bits), and how many it has completed in this piece.

        A higher bar is complete at the first bar whose close reaches its end. If its last bars are missing
        it completes together with whatever the next bar completes. One that began before the first bar is
        passed over: its open and extremes are not known.
        """
        r = self.registers
        carry = self.carry
        timestamp = self.timestamp
        span: cython.longlong = cython.cast(cython.longlong, self.params[2 * k])
        offset: cython.longlong = cython.cast(cython.longlong, self.params[2 * k + 1])
        state: cython.longlong = cython.cast(cython.longlong, carry[at + I.CLOCK_STATE])
        bucket: cython.longlong = cython.cast(cython.longlong, carry[at + I.CLOCK_BUCKET])
        here: cython.longlong
        tick: cython.longlong
        done: cython.longlong = 0
        j: cython.Py_ssize_t
        for j in range(m):
            here = _floored(timestamp[bar + j], span, offset)
            tick = 0
            if state == I.CLOCK_NEW:
                if here == timestamp[bar + j]:
                    state = I.CLOCK_OPEN
                    tick = I.TICK_START
                else:
                    state = I.CLOCK_PARTIAL
            elif here != bucket:
                tick = I.TICK_START
                if state == I.CLOCK_OPEN:
                    tick |= I.TICK_EARLIER
                    done += 1
                state = I.CLOCK_OPEN
            bucket = here
            if state == I.CLOCK_OPEN and timestamp[bar + j] + self.step >= here + span:
                tick |= I.TICK_OWN
                done += 1
                state = I.CLOCK_IDLE
            r[to + j] = cython.cast(cython.double, tick)
            r[to2 + j] = cython.cast(cython.double, done)
        carry[at + I.CLOCK_STATE] = state
        carry[at + I.CLOCK_BUCKET] = bucket

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _gather(
        self,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        k: cython.Py_ssize_t,
        column: cython.Py_ssize_t,
        bar: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """One column of the higher bars that this piece completes, one after the other."""
        r = self.registers
        carry = self.carry
        timestamp = self.timestamp
        source = self.close
        span: cython.longlong = cython.cast(cython.longlong, self.params[2 * k])
        offset: cython.longlong = cython.cast(cython.longlong, self.params[2 * k + 1])
        tick: cython.longlong
        j: cython.Py_ssize_t
        n: cython.Py_ssize_t = 0
        x: cython.double = 0.0
        value: cython.double = carry[at]
        if column == I.COLUMN_OPEN:
            source = self.open
        elif column == I.COLUMN_HIGH:
            source = self.high
        elif column == I.COLUMN_LOW:
            source = self.low
        elif column == I.COLUMN_VOLUME:
            source = self.volume
        for j in range(m):
            tick = cython.cast(cython.longlong, r[a + j])
            if tick & I.TICK_EARLIER:
                r[to + n] = value
                n += 1
            if column == I.COLUMN_TIME:
                value = cython.cast(cython.double, _floored(timestamp[bar + j], span, offset))
            else:
                x = source[bar + j]
                if tick & I.TICK_START or column == I.COLUMN_CLOSE:
                    value = x
                elif column == I.COLUMN_HIGH:
                    value = x if x > value else value
                elif column == I.COLUMN_LOW:
                    value = x if x < value else value
                elif column == I.COLUMN_VOLUME:
                    value += x
            if tick & I.TICK_OWN:
                r[to + n] = value
                n += 1
        carry[at] = value

    # --- times -------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _calendar(
        self, a: cython.Py_ssize_t, to: cython.Py_ssize_t, kind: cython.Py_ssize_t, m: cython.Py_ssize_t
    ) -> cython.void:
        """A part of the UTC date and time of the bar's open; weekdays count from Monday, 0."""
        r = self.registers
        j: cython.Py_ssize_t
        time: cython.longlong
        days: cython.longlong
        shifted: cython.longlong
        year: cython.longlong
        for j in range(m):
            time = cython.cast(cython.longlong, r[a + j])
            days = _floored(time, I.DAY_MS, 0) // I.DAY_MS
            time -= days * I.DAY_MS
            if kind == I.CALENDAR_HOUR:
                r[to + j] = cython.cast(cython.double, time // 3600000)
            elif kind == I.CALENDAR_MINUTE:
                r[to + j] = cython.cast(cython.double, time // 60000 % 60)
            elif kind == I.CALENDAR_WEEKDAY:
                # 1970-01-01 was a Thursday; 7,000,003 days are whole weeks and the three from Monday.
                r[to + j] = cython.cast(cython.double, (days + 7000003) % 7)
            else:
                # Hinnant, "chrono-compatible low-level date algorithms": years begin in March, in eras of
                # 400 years. Dates before the year 0 do not occur.
                days = (days + 719468) % 146097
                year = (days - days // 1460 + days // 36524 - days // 146096) // 365
                days -= 365 * year + year // 4 - year // 100
                shifted = (5 * days + 2) // 153
                if kind == I.CALENDAR_DAY:
                    r[to + j] = cython.cast(cython.double, days - (153 * shifted + 2) // 5 + 1)
                else:
                    r[to + j] = cython.cast(cython.double, shifted + 3 if shifted < 10 else shifted - 9)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _session(
        self,
        a: cython.Py_ssize_t,
        b: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        kind: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Sum, first, highest or lowest value of the UTC day so far, or the last value of the day before.

        A day of which the first bar was not seen has no sum and no extremes.
        """
        r = self.registers
        carry = self.carry
        day: cython.double = carry[at + I.SESSION_DAY]
        known: cython.double = carry[at + I.SESSION_KNOWN]
        value: cython.double = carry[at + I.SESSION_VALUE]
        earlier: cython.double = carry[at + I.SESSION_EARLIER]
        time: cython.longlong
        start: cython.longlong
        today: cython.double
        x: cython.double
        j: cython.Py_ssize_t
        for j in range(m):
            x = r[a + j]
            time = cython.cast(cython.longlong, r[b + j])
            start = _floored(time, I.DAY_MS, 0)
            today = cython.cast(cython.double, start // I.DAY_MS)
            if today != day:
                # At the very first bar `day` is missing.
                known = 1.0 if day == day or time == start else 0.0
                earlier = value
                day = today
                value = x
            elif kind == I.SESSION_BEFORE:
                value = x
            elif x == x:
                if value != value:
                    value = x
                elif kind == I.SESSION_SUM:
                    value += x
                elif kind == I.SESSION_HIGH:
                    value = x if x > value else value
                elif kind == I.SESSION_LOW:
                    value = x if x < value else value
            if kind == I.SESSION_BEFORE:
                r[to + j] = earlier
            else:
                r[to + j] = value if known > 0.0 else NAN
        carry[at + I.SESSION_DAY] = day
        carry[at + I.SESSION_KNOWN] = known
        carry[at + I.SESSION_VALUE] = value
        carry[at + I.SESSION_EARLIER] = earlier

    # --- windows looked through bar by bar ---------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _ringed(
        self,
        op: cython.longlong,
        a: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        share: cython.double,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Mean distance from the mean, percent rank of the newest value, or a quantile of the window."""
        r = self.registers
        carry = self.carry
        ring: cython.Py_ssize_t = at + I.RING_HEAD
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.RING_PLACE])
        seen: cython.double = carry[at + I.RING_SEEN]
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        y: cython.double
        total: cython.double
        for j in range(m):
            x = r[a + j]
            if x != x:
                seen = 0.0
                place = 0
                r[to + j] = NAN
                continue
            if op == I.OP_QUANTILE:
                self._replace_in_order(ring + period, period, seen, carry[ring + place], x)
            carry[ring + place] = x
            place = place + 1 if place + 1 < period else 0
            if seen < period:
                seen += 1.0
            if seen < period:
                r[to + j] = NAN
            elif op == I.OP_DEVIATION:
                total = 0.0
                for k in range(period):
                    total += carry[ring + k] - x
                y = x + total / period
                total = 0.0
                for k in range(period):
                    total += carry[ring + k] - y if carry[ring + k] > y else y - carry[ring + k]
                r[to + j] = total / period
            elif op == I.OP_PERCENTILE:
                total = -1.0  # the newest value is equal to itself
                for k in range(period):
                    y = carry[ring + k]
                    total += (2.0 if y < x else 0.0) + (1.0 if y == x else 0.0)
                r[to + j] = 50.0 * total / (period - 1)
            else:
                y = share * (period - 1)
                k = cython.cast(cython.Py_ssize_t, y)
                if k > period - 2:
                    k = period - 2
                x = carry[ring + period + k]
                r[to + j] = x + (y - k) * (carry[ring + period + k + 1] - x)
        carry[at + I.RING_SEEN] = seen
        carry[at + I.RING_PLACE] = place

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _replace_in_order(
        self,
        values: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        seen: cython.double,
        old: cython.double,
        x: cython.double,
    ) -> cython.void:
        """Put `x` into the values in ascending order, in place of `old` when there are `period` of them."""
        carry = self.carry
        k: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, seen)
        if k >= period:
            k = 0
            while carry[values + k] != old:
                k += 1
        while k > 0 and carry[values + k - 1] > x:
            carry[values + k] = carry[values + k - 1]
            k -= 1
        while seen >= period and k + 1 < period and carry[values + k + 1] < x:
            carry[values + k] = carry[values + k + 1]
            k += 1
        carry[values + k] = x

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _paired(
        self,
        op: cython.longlong,
        a: cython.Py_ssize_t,
        b: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        period: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Covariance (population) or Pearson's correlation of two series, sliding as in `_stddev`.

        With dx = x − old x and dy = y − old y the products of distances change by
        (x − new mean of x) × dy + (old y − old mean of y) × dx.
        """
        r = self.registers
        carry = self.carry
        xs: cython.Py_ssize_t = at + I.PAIR_HEAD
        ys: cython.Py_ssize_t = xs + period
        place: cython.Py_ssize_t = cython.cast(cython.Py_ssize_t, carry[at + I.PAIR_PLACE])
        seen: cython.double = carry[at + I.PAIR_SEEN]
        mean_x: cython.double = carry[at + I.PAIR_MEAN_X]
        mean_y: cython.double = carry[at + I.PAIR_MEAN_Y]
        xx: cython.double = carry[at + I.PAIR_XX]
        yy: cython.double = carry[at + I.PAIR_YY]
        xy: cython.double = carry[at + I.PAIR_XY]
        last_x: cython.double = carry[at + I.PAIR_LAST_X]
        last_y: cython.double = carry[at + I.PAIR_LAST_Y]
        run_x: cython.double = carry[at + I.PAIR_RUN_X]
        run_y: cython.double = carry[at + I.PAIR_RUN_Y]
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        x: cython.double
        y: cython.double
        dx: cython.double
        dy: cython.double
        old_x: cython.double
        old_y: cython.double
        was_x: cython.double
        was_y: cython.double
        for j in range(m):
            x = r[a + j]
            y = r[b + j]
            if (x != x) | (y != y):
                seen = 0.0
                place = 0
                run_x = 0.0
                run_y = 0.0
                r[to + j] = NAN
                continue
            run_x = run_x + 1.0 if x == last_x else 1.0
            run_y = run_y + 1.0 if y == last_y else 1.0
            last_x = x
            last_y = y
            old_x = carry[xs + place]
            old_y = carry[ys + place]
            carry[xs + place] = x
            carry[ys + place] = y
            place += 1
            if seen >= period:
                dx = x - old_x
                dy = y - old_y
                was_x = mean_x
                was_y = mean_y
                mean_x += dx / period
                mean_y += dy / period
                xx += dx * ((x - mean_x) + (old_x - was_x))
                yy += dy * ((y - mean_y) + (old_y - was_y))
                xy += (x - mean_x) * dy + (old_y - was_y) * dx
            else:
                seen += 1.0
            if place == period:
                place = 0
                dx = 0.0
                dy = 0.0
                for k in range(1, period):
                    dx += carry[xs + k] - carry[xs]
                    dy += carry[ys + k] - carry[ys]
                mean_x = carry[xs] + dx / period
                mean_y = carry[ys] + dy / period
                xx = 0.0
                yy = 0.0
                xy = 0.0
                for k in range(period):
                    dx = carry[xs + k] - mean_x
                    dy = carry[ys + k] - mean_y
                    xx += dx * dx
                    yy += dy * dy
                    xy += dx * dy
            if run_x >= period:
                mean_x = x
                xx = 0.0
                xy = 0.0
            if run_y >= period:
                mean_y = y
                yy = 0.0
                xy = 0.0
            if seen < period:
                r[to + j] = NAN
            elif op == I.OP_COVARIANCE:
                r[to + j] = xy / period
            elif xx > 0.0 and yy > 0.0:
                dx = xy / (sqrt(xx) * sqrt(yy))
                r[to + j] = 1.0 if dx > 1.0 else (-1.0 if dx < -1.0 else dx)
            else:
                r[to + j] = NAN
        carry[at + I.PAIR_SEEN] = seen
        carry[at + I.PAIR_PLACE] = place
        carry[at + I.PAIR_MEAN_X] = mean_x
        carry[at + I.PAIR_MEAN_Y] = mean_y
        carry[at + I.PAIR_XX] = xx
        carry[at + I.PAIR_YY] = yy
        carry[at + I.PAIR_XY] = xy
        carry[at + I.PAIR_LAST_X] = last_x
        carry[at + I.PAIR_LAST_Y] = last_y
        carry[at + I.PAIR_RUN_X] = run_x
        carry[at + I.PAIR_RUN_Y] = run_y

    # --- trailing lines ----------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _supertrend(
        self,
        a: cython.Py_ssize_t,
        b: cython.Py_ssize_t,
        a2: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        kind: cython.Py_ssize_t,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """The upper band only falls and the lower only rises until the close crosses it (Seban)."""
        r = self.registers
        carry = self.carry
        direction: cython.double = carry[at + I.TREND_DIRECTION]
        upper: cython.double = carry[at + I.TREND_UPPER]
        lower: cython.double = carry[at + I.TREND_LOWER]
        close: cython.double = carry[at + I.TREND_CLOSE]
        x: cython.double
        y: cython.double
        j: cython.Py_ssize_t
        for j in range(m):
            x = r[a + j]
            y = r[b + j]
            if (x != x) | (y != y):
                r[to + j] = NAN
                close = r[a2 + j]
                continue
            if direction == 0.0:
                direction = -1.0
                upper = x
                lower = y
            else:
                upper = x if x < upper or close > upper else upper
                lower = y if y > lower or close < lower else lower
                if direction < 0.0:
                    direction = 1.0 if r[a2 + j] > upper else -1.0
                else:
                    direction = -1.0 if r[a2 + j] < lower else 1.0
            close = r[a2 + j]
            if kind == I.SUPERTREND_DIRECTION:
                r[to + j] = direction
            else:
                r[to + j] = lower if direction > 0.0 else upper
        carry[at + I.TREND_DIRECTION] = direction
        carry[at + I.TREND_UPPER] = upper
        carry[at + I.TREND_LOWER] = lower
        carry[at + I.TREND_CLOSE] = close

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _psar(
        self,
        a: cython.Py_ssize_t,
        b: cython.Py_ssize_t,
        to: cython.Py_ssize_t,
        at: cython.Py_ssize_t,
        step: cython.double,
        most: cython.double,
        m: cython.Py_ssize_t,
    ) -> cython.void:
        """Wilder's parabolic stop and reverse (1978), begun as TA-Lib's `ta_SAR.c` does."""
        r = self.registers
        carry = self.carry
        seen: cython.double = carry[at + I.SAR_SEEN]
        long: cython.double = carry[at + I.SAR_LONG]
        stop: cython.double = carry[at + I.SAR_STOP]
        extreme: cython.double = carry[at + I.SAR_EXTREME]
        factor: cython.double = carry[at + I.SAR_FACTOR]
        last_high: cython.double = carry[at + I.SAR_HIGH]
        last_low: cython.double = carry[at + I.SAR_LOW]
        high: cython.double
        low: cython.double
        j: cython.Py_ssize_t
        for j in range(m):
            high = r[a + j]
            low = r[b + j]
            if seen == 0.0:
                seen = 1.0
                last_high = high
                last_low = low
                r[to + j] = NAN
                continue
            if seen == 1.0:
                # Down when the second bar's low fell, and fell further than its high rose.
                seen = 2.0
                factor = step
                long = 0.0 if last_low - low > 0.0 and high - last_high < last_low - low else 1.0
                extreme = high if long > 0.0 else low
                stop = last_low if long > 0.0 else last_high
                last_high = high
                last_low = low
            if long > 0.0 and low <= stop:
                long = 0.0
                stop = _larger(_larger(extreme, last_high), high)
                r[to + j] = stop
                factor = step
                extreme = low
                stop = _larger(_larger(stop + factor * (extreme - stop), last_high), high)
            elif long > 0.0:
                r[to + j] = stop
                if high > extreme:
                    extreme = high
                    factor = _smaller(factor + step, most)
                stop = _smaller(_smaller(stop + factor * (extreme - stop), last_low), low)
            elif high >= stop:
                long = 1.0
                stop = _smaller(_smaller(extreme, last_low), low)
                r[to + j] = stop
                factor = step
                extreme = high
                stop = _smaller(_smaller(stop + factor * (extreme - stop), last_low), low)
            else:
                r[to + j] = stop
                if low < extreme:
                    extreme = low
                    factor = _smaller(factor + step, most)
                stop = _larger(_larger(stop + factor * (extreme - stop), last_high), high)
            last_high = high
            last_low = low
        carry[at + I.SAR_SEEN] = seen
        carry[at + I.SAR_LONG] = long
        carry[at + I.SAR_STOP] = stop
        carry[at + I.SAR_EXTREME] = extreme
        carry[at + I.SAR_FACTOR] = factor
        carry[at + I.SAR_HIGH] = last_high
        carry[at + I.SAR_LOW] = last_low


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _evaluate_at(
    evaluator: Evaluator,
    begin: cython.Py_ssize_t,
    length: cython.Py_ssize_t,
    truths_at: cython.Py_ssize_t,
    board_at: cython.Py_ssize_t,
    stride: cython.Py_ssize_t,
) -> cython.void:
    """`Evaluator.evaluate`, as kernel.pxd calls it."""
    done: cython.Py_ssize_t = 0
    m: cython.Py_ssize_t
    while done < length:
        m = length - done
        if m > evaluator.piece:
            m = evaluator.piece
        if begin + done < evaluator.first and begin + done + m > evaluator.first:
            m = evaluator.first - begin - done  # a piece lies on one side of the span's first bar
        evaluator.ahead = begin + length + done
        evaluator._piece(begin + done, m, truths_at + done // L.LANE, board_at + done, stride)
        done += m


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def _floored(time: cython.longlong, span: cython.longlong, offset: cython.longlong) -> cython.longlong:
    """The last border at or before `time`, of borders `span` apart, one of them at `offset`."""
    past: cython.longlong = (time - offset) % span
    # C's remainder is negative before the first border, Python's is not.
    return time - past if past >= 0 else time - past - span


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def _larger(x: cython.double, y: cython.double) -> cython.double:
    return x if x > y else y


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def _smaller(x: cython.double, y: cython.double) -> cython.double:
    return x if x < y else y


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def _later(lane: cython.ulonglong) -> cython.ulonglong:
    """What is true of each row's predecessor in a lane."""
    return (lane << 1) & EVERY  # a number of Python's own has no last bit
