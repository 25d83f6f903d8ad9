# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: legacy_implicit_noexcept=True
"""The sequential heart: folds decisions, orders and marks over the bars of every market.

Cython pure-Python mode: this one source is compiled (`python -m infra_cdk.kernel`) and also runs as it
is, with lists in place of arrays and the same bits in every result. It knows arrays alone; where what
lies is in `layout`, whose names the build replaces by their numbers. Floating-point operations are
written out in a fixed order and compiled with `-ffp-contract=off`, so that every platform, and every cut
of the bars, gives the same bits. What rules say without looking at the position comes from
`engine.evaluation`, block by block.

One row of time runs as docs/fills.md says: the day and gaps; funding; exits at the open, then entries;
what happens inside the bar; closes mark the positions; rules decide.
"""

# Cython's decorators and C types carry no Python types that mypy could check, and arrays are
# memoryviews compiled but lists uncompiled.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, valid-type, no-any-return"
# mypy: disable-error-code="type-arg, attr-defined, assignment, operator, misc, index, arg-type, return-value"
# mypy: disable-error-code="no-redef, unreachable, import-not-found, import-untyped, union-attr, name-defined"
# mypy: allow-untyped-defs, allow-untyped-calls, no-warn-unused-ignores

from __future__ import annotations

from array import array

try:
    import cython
except ImportError:  # an installation without Cython runs the same source with this stand-in
    from engine import uncompiled as cython

from engine import instructions as I  # noqa: N812 - short names for what stands on every line
from engine import layout as L  # noqa: N812

if cython.compiled:
    from cython.cimports.cpython.pythread import (
        NOWAIT_LOCK,
        WAIT_LOCK,
        PyThread_acquire_lock,
        PyThread_allocate_lock,
        PyThread_free_lock,
        PyThread_release_lock,
    )

COMPILED = cython.compiled

# Every shift of this number by less than 64 places begins with six other bits (a De Bruijn sequence).
DE_BRUIJN = cython.declare(cython.ulonglong, 0x03F79D71B4CB0A89)
EVERY = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
PLACE_OF = array("q", [0] * 64)
for _place in range(64):
    PLACE_OF[((0x03F79D71B4CB0A89 << _place) & 0xFFFFFFFFFFFFFFFF) >> 58] = _place
NAN = cython.declare(cython.double, float("nan"))
INFINITY = cython.declare(cython.double, float("inf"))

# A limit that allows as much as another, but for rounding, does not bind.
TIE = cython.declare(cython.double, 1.0 - 1e-12)

# What the first pass over the rules at a close finds, beside a reason (0 and up) that blocks one.
CANDIDATE = cython.declare(cython.longlong, -1)
SILENT = cython.declare(cython.longlong, -2)
WAITING = cython.declare(cython.longlong, -3)


@cython.cclass
class Market:
    """One market's bars of this segment (read-only), what evaluates its rules, and what else is known of it.

    `finer` are candles of a shorter timeframe that decide inside a bar (or none). Folds of several
    combinations share it.
    """

    timestamp: cython.const[cython.longlong][::1]
    open: cython.const[cython.double][::1]
    high: cython.const[cython.double][::1]
    low: cython.const[cython.double][::1]
    close: cython.const[cython.double][::1]
    volume: cython.const[cython.double][::1]
    finer_timestamp: cython.const[cython.longlong][::1]
    finer_open: cython.const[cython.double][::1]
    finer_high: cython.const[cython.double][::1]
    finer_low: cython.const[cython.double][::1]
    evaluator: object
    # Where its evaluation lies, and it itself (`Evaluator.entry`): good as long as it is held here.
    evaluation_at: cython.size_t
    evaluator_at: cython.size_t
    next_market: Market
    size: cython.Py_ssize_t
    first: cython.Py_ssize_t
    next: cython.Py_ssize_t
    finer_size: cython.Py_ssize_t

    def __init__(self, bars, first, evaluator, finer):
        """`first` is the index of the first bar inside the plan's span; those before it only warm up."""
        self.timestamp, self.open, self.high, self.low, self.close, self.volume = bars
        self.finer_timestamp, self.finer_open, self.finer_high, self.finer_low = finer
        self.evaluator = evaluator
        if cython.compiled:
            self.evaluation_at, self.evaluator_at = evaluator.entry()
        self.size = len(self.timestamp)
        self.first = first
        self.next = 0
        self.finer_size = len(self.finer_timestamp)


@cython.cclass
class Turns:
    """Hands blocks from the thread that loads them to the one that folds them; only compiled.

    A place among them is free until a block is loaded into it, and full until that is folded; both threads
    take the places in turn. They wait for a place as its locks say, without the interpreter's: who asks for
    that one while the other has it sleeps for longer than a block takes.
    """

    free: cython.p_void[L.MOST_AHEAD]
    full: cython.p_void[L.MOST_AHEAD]
    places: cython.Py_ssize_t
    stopped: cython.bint

    def __init__(self, places):
        """All `places` are free; at most MOST_AHEAD."""
        k: cython.Py_ssize_t
        if not 0 < places <= L.MOST_AHEAD:
            raise ValueError(f"1 to {L.MOST_AHEAD} blocks, not {places}")
        self.stopped = False
        for k in range(places):
            self.free[k] = PyThread_allocate_lock()
            self.full[k] = PyThread_allocate_lock()
            # Counted as they are made: what there is of them is freed, whatever happens.
            self.places = k + 1
            if self.free[k] == cython.NULL or self.full[k] == cython.NULL:
                raise MemoryError
            PyThread_acquire_lock(self.full[k], WAIT_LOCK)

    def __dealloc__(self):
        k: cython.Py_ssize_t
        for k in range(self.places):
            if self.free[k] != cython.NULL:
                PyThread_free_lock(self.free[k])
            if self.full[k] != cython.NULL:
                PyThread_free_lock(self.full[k])

    def stop(self):
        """Say that nobody folds any more, and wake who loads."""
        k: cython.Py_ssize_t
        self.stopped = True
        for k in range(self.places):
            PyThread_release_lock(self.free[k])

    @cython.cfunc
    @cython.nogil
    def _wait_free(self, place: cython.Py_ssize_t) -> cython.bint:
        """Take a place to load into; false where nobody folds any more."""
        later: cython.Py_ssize_t
        if PyThread_acquire_lock(self.free[place], NOWAIT_LOCK) == 0:
            # All are full. To be woken for each that comes free costs both threads more than it brings, so
            # this waits until half of them are.
            later = (place + self.places // 2) % self.places
            PyThread_acquire_lock(self.free[later], WAIT_LOCK)
            PyThread_release_lock(self.free[later])
            PyThread_acquire_lock(self.free[place], WAIT_LOCK)
        return not self.stopped

    @cython.cfunc
    @cython.nogil
    def _fill(self, place: cython.Py_ssize_t) -> cython.void:
        PyThread_release_lock(self.full[place])

    @cython.cfunc
    @cython.nogil
    def _wait_full(self, place: cython.Py_ssize_t) -> cython.void:
        PyThread_acquire_lock(self.full[place], WAIT_LOCK)

    @cython.cfunc
    @cython.nogil
    def _empty(self, place: cython.Py_ssize_t) -> cython.void:
        PyThread_release_lock(self.free[place])


@cython.cclass
class Fold:
    """One segment in work: the plan, the state that it moves forward, and the logs it fills.

    `f` and `i` are the state (layout: portfolio, markets, intentions, and in `i` the counters of rules).
    One that only `load`s checks and evaluates the bars; one that `follow`s folds what another has loaded.
    """

    plan_f: cython.const[cython.double][::1]
    plan_i: cython.const[cython.longlong][::1]
    market_f: cython.const[cython.double][::1]
    masks: cython.const[cython.ulonglong][::1]
    rule_f: cython.const[cython.double][::1]
    rule_i: cython.const[cython.longlong][::1]
    state_code: cython.const[cython.longlong][::1]
    state_params: cython.const[cython.double][::1]
    f: cython.double[::1]
    i: cython.longlong[::1]
    timeline: cython.const[cython.longlong][::1]
    equity: cython.double[::1]
    gross: cython.double[::1]
    cells: cython.double[::1]
    times: cython.longlong[::1]
    truths: cython.ulonglong[::1]
    signals: cython.ulonglong[::1]
    place_of: cython.const[cython.longlong][::1]
    board: cython.double[::1]
    cursors: cython.longlong[::1]
    gaps: cython.longlong[::1]
    # The same of all places, one after the other, and how much of each is one place's.
    all_cells: cython.double[::1]
    all_times: cython.longlong[::1]
    all_truths: cython.ulonglong[::1]
    all_board: cython.double[::1]
    all_gaps: cython.longlong[::1]
    cells_size: cython.Py_ssize_t
    times_size: cython.Py_ssize_t
    truths_size: cython.Py_ssize_t
    board_size: cython.Py_ssize_t
    heads: cython.longlong[::1]
    good: cython.double[::1]
    verdicts: cython.longlong[::1]
    closings: cython.longlong[::1]
    scalars: cython.double[::1]
    funding_time: cython.const[cython.longlong][::1]
    funding_rate: cython.const[cython.double][::1]
    funding_from: cython.const[cython.longlong][::1]
    fill_f: cython.double[::1]
    fill_i: cython.longlong[::1]
    event_i: cython.longlong[::1]
    detail_f: cython.double[::1]
    detail_i: cython.longlong[::1]
    position_f: cython.double[::1]
    position_i: cython.longlong[::1]
    balance_f: cython.double[::1]
    balance_i: cython.longlong[::1]
    extra_f: cython.double[::1]
    day_f: cython.double[::1]
    day_i: cython.longlong[::1]
    markets: list
    only: Market
    following: Fold
    chained: cython.bint
    turns: Turns
    count: cython.Py_ssize_t
    rules: cython.Py_ssize_t
    entries: cython.Py_ssize_t
    deciding: cython.Py_ssize_t
    slots: cython.Py_ssize_t
    rows: cython.Py_ssize_t
    # Blocks that there is room for, and which of them is at hand.
    places: cython.Py_ssize_t
    place: cython.Py_ssize_t
    # Rows that a block has room for; the row and, of a single market, the bar with which this one begins.
    block: cython.Py_ssize_t
    block_first: cython.Py_ssize_t
    bar_first: cython.Py_ssize_t
    block_rows: cython.Py_ssize_t
    block_at: cython.Py_ssize_t
    gap_count: cython.Py_ssize_t
    gap_next: cython.Py_ssize_t
    fills: cython.Py_ssize_t
    events: cython.Py_ssize_t
    details: cython.Py_ssize_t
    positions: cython.Py_ssize_t
    balances: cython.Py_ssize_t
    extras: cython.Py_ssize_t
    # Rows that each log has room for, by which its columns lie apart.
    fill_size: cython.Py_ssize_t
    event_size: cython.Py_ssize_t
    detail_size: cython.Py_ssize_t
    position_size: cython.Py_ssize_t
    balance_size: cython.Py_ssize_t
    extra_size: cython.Py_ssize_t
    fill_room: cython.Py_ssize_t
    event_room: cython.Py_ssize_t
    bad_market: cython.Py_ssize_t
    bad_bar: cython.Py_ssize_t
    begun: cython.bint
    rich: cython.bint
    daily: cython.bint
    summary: cython.bint
    curved: cython.bint
    extremes: cython.bint
    simple: cython.bint
    step: cython.longlong
    # The UTC day at hand: its number, first row and end (ms), and what its rows added up to so far.
    days: cython.Py_ssize_t
    day: cython.longlong
    day_from: cython.Py_ssize_t
    day_end: cython.longlong
    day_high: cython.double
    day_low: cython.double
    day_exposed: cython.longlong
    # Rules evaluated for each market, which of them is this fold's first, and the lanes of each in a block.
    all_rules: cython.Py_ssize_t
    first_rule: cython.Py_ssize_t
    lanes: cython.Py_ssize_t
    # The signal after the one at hand: from which row, to which and by which mask it was looked for, where it
    # is, and the open behind it.
    coming_from: cython.Py_ssize_t
    coming_end: cython.Py_ssize_t
    coming_mask: cython.Py_ssize_t
    coming_at: cython.Py_ssize_t
    coming: cython.double
    # What the fills of one row share, and what sizing one entry finds.
    usable: cython.double
    open_equity: cython.double
    stop: cython.double
    target: cython.double
    trail: cython.double
    distance: cython.double
    risk_distance: cython.double
    own: cython.double
    allowed: cython.double
    bound: cython.longlong

    def __init__(self, plan, first_rule, state, markets, funding, timeline, equity, gross, days, workspace):
        """Each argument is a tuple of arrays (compiled) or lists (uncompiled), see `engine.machine`.

        `first_rule` is this fold's first of all rules that are evaluated.
        `funding` is (times, rates) of all markets one after the other, and where each market's begin. `days`
        (floats, ints) has room for a row for each UTC day of the timeline; a summary writes none.
        """
        (
            self.plan_f,
            self.plan_i,
            self.market_f,
            self.masks,
            self.rule_f,
            self.rule_i,
            self.state_code,
            self.state_params,
        ) = plan
        self.f, self.i = state
        self.markets = markets
        self.only = markets[0]
        self.funding_time, self.funding_rate, self.funding_from = funding
        self.timeline = timeline
        self.equity = equity
        self.gross = gross
        self.day_f, self.day_i = days
        (
            self.all_cells,
            self.all_times,
            self.all_truths,
            self.all_board,
            self.all_gaps,
            self.heads,
            self.good,
            self.cursors,
            self.signals,
            self.verdicts,
            self.closings,
            self.scalars,
        ) = workspace
        self._prepare(first_rule)

    def twin(self, first_rule, state, equity, cursors):
        """Return a fold of the same plan and bars that has not begun, with rules and a state of its own.

        `state`, `equity` and `cursors` are arrays or lists as in `Fold()`. All else is shared, without taking
        hold of every array once more: in a sweep that is what a fold costs.
        """
        fold: Fold = Fold.__new__(Fold)
        fold._share(self)
        fold.f, fold.i = state
        fold.equity = equity
        fold.cursors = cursors
        fold._prepare(first_rule)
        return fold

    @cython.cfunc
    def _share(self, other: Fold):
        """Read the arrays that another fold reads."""
        self.plan_f = other.plan_f
        self.plan_i = other.plan_i
        self.market_f = other.market_f
        self.masks = other.masks
        self.rule_f = other.rule_f
        self.rule_i = other.rule_i
        self.state_code = other.state_code
        self.state_params = other.state_params
        self.markets = other.markets
        self.only = other.only
        self.funding_time = other.funding_time
        self.funding_rate = other.funding_rate
        self.funding_from = other.funding_from
        self.timeline = other.timeline
        self.gross = other.gross
        self.day_f = other.day_f
        self.day_i = other.day_i
        self.all_cells = other.all_cells
        self.all_times = other.all_times
        self.all_truths = other.all_truths
        self.all_board = other.all_board
        self.all_gaps = other.all_gaps
        self.heads = other.heads
        self.good = other.good
        self.signals = other.signals
        self.verdicts = other.verdicts
        self.closings = other.closings
        self.scalars = other.scalars

    @cython.cfunc
    def _prepare(self, first_rule: cython.Py_ssize_t):
        """Set all numbers by the arrays that were given, before the first bar."""
        s: cython.Py_ssize_t
        market: Market
        self.place_of = PLACE_OF
        self.count = len(self.markets)
        self.places = len(self.heads) // (L.HEAD_SIZE + self.count)
        self.place = 0
        self.block = 0  # of who folds, as long as the leader's
        if self.places > 0:
            self.block = len(self.all_times) // (self.places * self.count)
            self.cells_size = self.count * L.CELLS * self.block
            self.times_size = self.count * self.block
            self.truths_size = self.count * self.plan_i[L.PI_ALL_RULES] * (self.block // L.LANE)
            self.board_size = self.count * self.plan_i[L.PI_SLOTS] * self.block
            self._stand_at(self)
            for market in self.markets:
                market.evaluator.write_to(self.all_truths, self.all_board)
        if self.places > 1:
            self.turns = Turns(self.places)
        self.rules = self.plan_i[L.PI_RULES]
        self.entries = self.plan_i[L.PI_ENTRIES]
        self.deciding = self.plan_i[L.PI_DECIDING]
        self.slots = self.plan_i[L.PI_SLOTS]
        self.rich = self.plan_i[L.PI_RICH] != 0
        self.daily = self.plan_i[L.PI_DAILY] != 0
        self.summary = self.plan_i[L.PI_SUMMARY] != 0
        # Of a summary equity is only written where it is wanted, and extremes where something asks for them.
        self.curved = len(self.equity) > 0
        self.extremes = self.rich or not self.summary
        # Whether a rule that speaks alone is already decided on.
        self.simple = self.slots == 0
        for s in range(self.rules):
            if self.rule_i[s * L.RI_SIZE + L.RI_STATE_ROWS] > 0:
                self.extremes = True
                self.simple = False
        self.all_rules = self.plan_i[L.PI_ALL_RULES]
        self.first_rule = first_rule
        self.lanes = self.block // L.LANE
        self.step = self.plan_i[L.PI_STEP]
        self.rows = len(self.timeline)
        self.block_first = 0
        self.block_rows = 0
        self.block_at = 0
        self.bar_first = 0
        self.gap_count = 0
        self.gap_next = 0
        self.bad_market = -1
        self.bad_bar = -1
        self.begun = False
        self.chained = False
        self.days = 0
        self.day = -L.FOREVER
        self.day_from = 0
        self.day_end = L.FOREVER if self.summary else -L.FOREVER
        self.day_high = -INFINITY
        self.day_low = INFINITY
        self.day_exposed = 0
        self._count_from_nothing()
        # A summary writes no logs, so that they are never full.
        self.fill_room = L.FOREVER
        self.event_room = L.FOREVER
        for s in range(self.count):
            market = self.markets[s]
            market.next_market = self.markets[s + 1] if s + 1 < self.count else None
            self.cursors[3 * s + 2] = 0 if market.finer_size > 0 else -1

    def set_logs(self, floats, ints, sizes, fill_room, event_room):
        """Give empty logs, each a sequence of arrays in the order of layout's LOG_…, column by column."""
        (
            self.fill_size,
            self.event_size,
            self.detail_size,
            self.position_size,
            self.balance_size,
            self.extra_size,
        ) = sizes
        self.fill_f, _, self.detail_f, self.position_f, self.balance_f, self.extra_f = floats
        self.fill_i, self.event_i, self.detail_i, self.position_i, self.balance_i, _ = ints
        self.fill_room = fill_room
        self.event_room = event_room
        self._count_from_nothing()

    @cython.cfunc
    def _count_from_nothing(self) -> cython.void:
        """Count the rows of the logs anew."""
        self.fills = 0
        self.events = 0
        self.details = 0
        self.positions = 0
        self.balances = 0
        self.extras = 0

    def days_logged(self):
        """Return how many days the bars so far were of."""
        return self.days

    def logged(self):
        """Return how many rows each log holds."""
        return self.fills, self.events, self.details, self.positions, self.balances, self.extras

    def folded(self):
        """Return how many rows of the timeline are done."""
        return self.block_first + self.block_at

    def state_value(self, s, name):
        """Return a position-dependent name of a market as rules saw it at the last close."""
        return self._state_value(s, self.i[L.GI_LAST], name)

    def bad(self):
        """Return the market and the index of the bar that stopped the run."""
        return self.bad_market, self.bad_bar

    def load(self, row):
        """Check the block of bars that begins with this row of the timeline and evaluate the rules on it.

        Return RUN_LOADED, RUN_DONE behind the last row, or RUN_BAD_BAR. Who loads does not fold.
        """
        answer: cython.longlong
        first: cython.Py_ssize_t = row
        with cython.nogil:
            answer = self._load_from(first)
        return answer

    def behind(self):
        """Return the row behind the block that was loaded."""
        return self.block_first + self.block_rows

    def load_ahead(self):
        """Load block after block, each into the place whose turn it is, for one that keeps up.

        Ends with the bars, with one that is bad, or when told to stop.
        """
        answer: cython.longlong = L.RUN_LOADED
        with cython.nogil:
            while answer == L.RUN_LOADED and self.turns._wait_free(self.place):
                self._stand_at(self)
                answer = self._load_from(self.block_first + self.block_rows)
                self.turns._fill(self.place)
                self.place = (self.place + 1) % self.places

    def stop_loading(self):
        """Have `load_ahead` end, whatever is left."""
        self.turns.stop()

    def keep_up(self, leader):
        """Fold what `leader` loads ahead, in another thread, until it ends.

        Return RUN_LOGS_FULL when a log has to be emptied (`set_logs`) before it goes on, RUN_LOADED now and
        then, so that the interpreter can hear of an interrupt: both want another call. RUN_DONE when all is
        folded, or RUN_BAD_BAR.
        """
        lead: Fold = leader
        answer: cython.longlong
        self._begin(lead)
        with cython.nogil:
            answer = self._keep_up(lead)
        return answer

    @cython.cfunc
    @cython.nogil
    def _keep_up(self, lead: Fold) -> cython.longlong:
        answer: cython.longlong
        left: cython.Py_ssize_t = L.AT_ONCE
        while left > 0:
            left -= 1
            if self.block_at == self.block_rows:
                lead.turns._wait_full(self.place)
                answer = lead.heads[self.place * (L.HEAD_SIZE + self.count) + L.H_ANSWER]
                if answer != L.RUN_LOADED:
                    return answer
                self._adopt(lead)
            if not self._fold_block():
                return L.RUN_LOGS_FULL
            lead.turns._empty(self.place)
            self.place = (self.place + 1) % lead.places
        return L.RUN_LOADED

    def chain(self, follower):
        """Let another fold follow the same leader after this one; only for a summary."""
        self.following = follower
        self.chained = True

    def follow(self, leader):
        """Fold the block that `leader` has loaded; false when a log has to be emptied (`set_logs`) first.

        After that `go_on`.
        """
        lead: Fold = leader
        self._begin(lead)
        self._adopt(lead)
        return self.go_on()

    def fold_all(self, leader, end):
        """Fold all that `leader` loads, with the folds chained to this one, and close their books (`finish`).

        For summaries, whose logs stay empty. Return RUN_DONE, or RUN_BAD_BAR with the books open. Several
        threads may do so, each with a leader and folds of its own; none needs the interpreter meanwhile.
        """
        lead: Fold = leader
        fold: Fold = self
        answer: cython.longlong
        while lead.rows > 0:  # without rows nothing begins, but in `finish`
            fold._begin(lead)
            if not fold.chained:
                break
            fold = fold.following
        with cython.nogil:
            answer = lead._load_from(0)
            while answer == L.RUN_LOADED:
                self._fold_chain(lead)
                answer = lead._load_from(lead.block_first + lead.block_rows)
        fold = self
        while answer == L.RUN_DONE:
            fold.finish(end)
            if not fold.chained:
                break
            fold = fold.following
        return answer

    def go_on(self):
        """Fold the rest of the block; false when a log has to be emptied first."""
        done: cython.bint
        with cython.nogil:
            done = self._fold_block()
        return done

    def end_of_bars(self):
        """Say that the segment ends here: the day at hand is logged, and may go on in the next."""
        self._end_day(self.rows)

    @cython.cfunc
    def _begin(self, lead: Fold):
        """Begin the segment, before its first block."""
        s: cython.Py_ssize_t
        market: Market
        if not self.begun:
            self._start()
            for s in range(self.count):
                market = lead.markets[s]
                if market.first > 0:
                    self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_LAST] = market.timestamp[market.first - 1]

    @cython.cfunc
    @cython.nogil
    def _adopt(self, lead: Fold) -> cython.void:
        """Stand before the block that the leader has loaded into the place at hand."""
        head: cython.Py_ssize_t = self.place * (L.HEAD_SIZE + self.count)
        s: cython.Py_ssize_t
        self._stand_at(lead)
        self.coming_from = -1
        self.block = lead.block
        self.lanes = lead.lanes
        self.block_first = lead.heads[head + L.H_ROW]
        self.block_rows = lead.heads[head + L.H_ROWS]
        self.bar_first = lead.heads[head + L.H_BAR]
        self.block_at = 0
        self.gap_count = lead.heads[head + L.H_GAPS]
        self.gap_next = 0
        for s in range(self.count):
            self.cursors[3 * s] = 0
            self.cursors[3 * s + 1] = lead.heads[head + L.HEAD_SIZE + s]

    @cython.cfunc
    @cython.nogil
    def _stand_at(self, lead: Fold) -> cython.void:
        """Take the arrays of the place at hand, from those of all where there are several."""
        if lead.places == 1:
            self.cells = lead.all_cells
            self.times = lead.all_times
            self.truths = lead.all_truths
            self.board = lead.all_board
            self.gaps = lead.all_gaps
            return
        self.cells = lead.all_cells[self.place * lead.cells_size : (self.place + 1) * lead.cells_size]
        self.times = lead.all_times[self.place * lead.times_size : (self.place + 1) * lead.times_size]
        self.truths = lead.all_truths[self.place * lead.truths_size : (self.place + 1) * lead.truths_size]
        self.board = lead.all_board[self.place * lead.board_size : (self.place + 1) * lead.board_size]
        self.gaps = lead.all_gaps[self.place * lead.block : (self.place + 1) * lead.block]

    @cython.cfunc
    @cython.nogil
    def _gather_signals(self) -> cython.void:
        """Note at which rows any rule is true that counts when a market is flat, long or short."""
        s: cython.Py_ssize_t
        k: cython.Py_ssize_t
        n: cython.Py_ssize_t
        rule: cython.Py_ssize_t
        first: cython.Py_ssize_t
        to: cython.Py_ssize_t
        lanes: cython.Py_ssize_t
        for s in range(self.count):
            lanes = (self.cursors[3 * s + 1] + L.LANE - 1) // L.LANE
            for k in range(L.MASK_SIZE):
                to = (s * L.MASK_SIZE + k) * self.lanes
                for n in range(lanes):
                    self.signals[to + n] = 0
                for rule in range(self.rules):
                    if (self.masks[s * L.MASK_SIZE + k] >> rule) & 1:
                        first = (s * self.all_rules + self.first_rule + rule) * self.lanes
                        for n in range(lanes):
                            self.signals[to + n] |= self.truths[first + n]

    @cython.cfunc
    @cython.nogil
    def _fold_chain(self, lead: Fold) -> cython.void:
        """Fold the block that the leader has loaded, and let those chained to this one do so."""
        self._adopt(lead)
        self._fold_block()
        if self.chained:
            self.following._fold_chain(lead)

    @cython.cfunc
    @cython.nogil
    def _start(self) -> cython.void:
        self.begun = True
        if self.i[L.GI_STARTED] == 0:
            self.i[L.GI_STARTED] = 1
            self._event(L.E_PLAN, self.plan_i[L.PI_START], -1, -1, -1, -1)

    # --- blocks ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _load_from(self, row: cython.Py_ssize_t) -> cython.longlong:
        """Load the block that begins with this row into the place at hand, and write its head."""
        s: cython.Py_ssize_t
        answer: cython.longlong = L.RUN_LOADED
        head: cython.Py_ssize_t = self.place * (L.HEAD_SIZE + self.count)
        self.block_first = row
        self.block_rows = 0
        if row == 0 and not self._warm_up(self.only, 0):
            answer = L.RUN_BAD_BAR
        elif row >= self.rows:
            answer = L.RUN_DONE
        elif not self._load_block():
            answer = L.RUN_BAD_BAR
        self.heads[head + L.H_ANSWER] = answer
        self.heads[head + L.H_ROW] = self.block_first
        self.heads[head + L.H_ROWS] = self.block_rows
        self.heads[head + L.H_BAR] = self.bar_first
        self.heads[head + L.H_GAPS] = self.gap_count
        for s in range(self.count):
            self.heads[head + L.HEAD_SIZE + s] = self.cursors[3 * s + 1]
        return answer

    # Markets follow each other: without the interpreter there is no list of them.

    @cython.cfunc
    @cython.nogil
    def _warm_up(self, market: Market, s: cython.Py_ssize_t) -> cython.bint:
        """Evaluate the bars of a market, and of those behind it, before the start, for what they leave in
        the carried values."""
        length: cython.Py_ssize_t
        while market.next < market.first:
            length = market.first - market.next
            if length > self.block:
                length = self.block
            if not self._load_next(market, s, length):
                return False
        return s + 1 == self.count or self._warm_up(market.next_market, s + 1)

    @cython.cfunc
    @cython.nogil
    def _load_block(self) -> cython.bint:
        """Take the next rows of the timeline and every market's bars that fall into them."""
        self.block_rows = self.rows - self.block_first
        if self.block_rows > self.block:
            self.block_rows = self.block
        if self.count == 1:
            self.bar_first = self.only.next
            self.cursors[1] = self.block_rows
            return self._load_next(self.only, 0, self.block_rows)
        return self._load_until(self.only, 0, self.timeline[self.block_first + self.block_rows - 1])

    @cython.cfunc
    @cython.nogil
    def _load_until(self, market: Market, s: cython.Py_ssize_t, last: cython.longlong) -> cython.bint:
        """Take the bars of a market, and of those behind it, up to a time."""
        index: cython.Py_ssize_t = market.next
        length: cython.Py_ssize_t = 0
        timestamp = market.timestamp
        # The timeline holds every bar of every market, so no market has more bars than rows.
        while length < self.block_rows and index + length < market.size and timestamp[index + length] <= last:
            length += 1
        self.cursors[3 * s + 1] = length
        if length > 0 and not self._load_next(market, s, length):
            return False
        return s + 1 == self.count or self._load_until(market.next_market, s + 1, last)

    @cython.cfunc
    @cython.nogil
    def _load_next(self, market: Market, s: cython.Py_ssize_t, length: cython.Py_ssize_t) -> cython.bint:
        """Check the next bars of a market, and evaluate the rules on them."""
        if not self._check_and_copy(market, s, length):
            return False
        self._evaluate(market, s, length)
        market.next += length
        # The next bars are checked against this one.
        self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_LAST] = market.timestamp[market.next - 1]
        return True

    @cython.cfunc
    @cython.nogil
    def _evaluate(self, market: Market, s: cython.Py_ssize_t, length: cython.Py_ssize_t) -> cython.void:
        truths: cython.Py_ssize_t = self.place * self.truths_size + s * self.all_rules * self.lanes
        board: cython.Py_ssize_t = self.place * self.board_size + s * self.slots * self.block
        if cython.compiled:
            cython.cast(Evaluation, market.evaluation_at)(  # noqa: F821 - of kernel.pxd
                cython.cast(cython.p_void, market.evaluator_at),
                market.next,
                length,
                truths,
                board,
                self.block,
            )
        else:
            market.evaluator.evaluate(market.next, length, truths, board, self.block)

    @cython.cfunc
    @cython.nogil
    def _check_and_copy(self, market: Market, s: cython.Py_ssize_t, length: cython.Py_ssize_t) -> cython.bint:
        """Check the next bars, and copy them where markets meet.

        A single market is read where it lies; only `_row` wants its bar in the block (see `_take`), and
        folds that share it.
        """
        cells = self.cells
        times = self.times
        timestamp = market.timestamp
        opens = market.open
        highs = market.high
        lows = market.low
        closes = market.close
        first: cython.Py_ssize_t = market.next
        base: cython.Py_ssize_t = s * self.block
        c0: cython.Py_ssize_t = s * L.CELLS * self.block
        if not self._note_gaps(market, s, first, length) or not self._check(market, s, first, length):
            return False
        if self.count > 1 or self.summary:
            times[base : base + length] = timestamp[first : first + length]
            cells[c0 : c0 + length] = opens[first : first + length]
            cells[c0 + self.block : c0 + self.block + length] = highs[first : first + length]
            cells[c0 + 2 * self.block : c0 + 2 * self.block + length] = lows[first : first + length]
            cells[c0 + 3 * self.block : c0 + 3 * self.block + length] = closes[first : first + length]
            cells[c0 + 4 * self.block : c0 + 4 * self.block + length] = market.volume[first : first + length]
        return True

    @cython.cfunc
    @cython.nogil
    def _note_gaps(
        self, market: Market, s: cython.Py_ssize_t, first: cython.Py_ssize_t, length: cython.Py_ssize_t
    ) -> cython.bint:
        """Note where one of some bars does not follow the last; false where one comes too early."""
        timestamp = market.timestamp
        j: cython.Py_ssize_t
        step: cython.longlong = self.step
        odd: cython.longlong = 0
        for j in range(first + 1, first + length):
            odd |= (timestamp[j] - timestamp[j - 1]) ^ step
        self.gap_next = 0
        self.gaps[0] = 0
        self.gap_count = 1  # the first row of a block always goes the careful way
        if timestamp[first] < self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_LAST] + step:
            self.bad_market = s
            self.bad_bar = first
            return False
        if odd != 0 or self.daily:
            for j in range(first + 1, first + length):
                if timestamp[j] - timestamp[j - 1] < step:
                    self.bad_market = s
                    self.bad_bar = j
                    return False
                # Where days count, their first and last bars go the careful way too.
                if timestamp[j] - timestamp[j - 1] != step or (
                    self.daily
                    and (
                        timestamp[j] // L.DAY != timestamp[j - 1] // L.DAY
                        or timestamp[j] // L.DAY != (timestamp[j] + step) // L.DAY
                    )
                ):
                    self.gaps[self.gap_count] = j - first
                    self.gap_count += 1
        return True

    @cython.cfunc
    @cython.nogil
    def _check(
        self, market: Market, s: cython.Py_ssize_t, first: cython.Py_ssize_t, length: cython.Py_ssize_t
    ) -> cython.bint:
        """Whether some bars are candles: finite prices above 0, low the smallest and high the largest."""
        good = self.good
        opens = market.open
        highs = market.high
        lows = market.low
        closes = market.close
        last: cython.Py_ssize_t = first + length
        j: cython.Py_ssize_t
        k: cython.Py_ssize_t
        least: cython.double
        most: cython.double
        # Candle by candle a product of ones; a zero stays. The least and most are picked so that a
        # missing value is picked too, and then no comparison holds. Runs of 256 keep it in vector form.
        for j in range(256):
            good[j] = 1.0
        k = first
        while k + 256 <= last:
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
        while j < last:
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
        return True

    @cython.cfunc
    @cython.nogil
    def _take(self) -> cython.void:
        """Copy the single market's bar at hand into the block."""
        q: cython.Py_ssize_t = self.cursors[0]
        at: cython.Py_ssize_t = self.bar_first + q
        self.times[q] = self.only.timestamp[at]
        self.cells[q] = self.only.open[at]
        self.cells[self.block + q] = self.only.high[at]
        self.cells[2 * self.block + q] = self.only.low[at]
        self.cells[3 * self.block + q] = self.only.close[at]
        if self.plan_f[L.PF_VOLUME] != 0.0:
            # Nobody else reads volumes: each would be fetched from memory for nothing.
            self.cells[4 * self.block + q] = self.only.volume[at]

    # --- the fold ----------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _fold_block(self) -> cython.bint:
        """Fold the rest of the block; false when a log has to be emptied first."""
        if self.block_at == 0:
            self._gather_signals()
        while self.block_at < self.block_rows:
            # What one turn can write is kept free (see the margins in engine.machine).
            if self.fills >= self.fill_room or self.events >= self.event_room:
                return False
            if self.count == 1:
                if not self.rich:
                    self._plain_rows()
                elif self.i[L.GI_SIZE + L.SI_PENDING] == 0:
                    self._quiet_rows()
                if self.block_at == self.block_rows:
                    break
                if self.fills >= self.fill_room or self.events >= self.event_room:
                    return False
                if not self.summary:
                    self._take()
            self._row()
        return True

    @cython.cfunc
    @cython.nogil
    def _quiet_rows(self) -> cython.void:
        """With one rich market, take the bars up to the next thing that can happen in a loop that only marks.

        What can happen is a signal, whose bar is the last of them, or a gap, a day that counts, a payment, a
        level that the bar touches, an extreme that moves a trailing stop: those bars go through `_row`.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE
        start: cython.Py_ssize_t = self.block_at
        end: cython.Py_ssize_t = self.block_rows
        j: cython.Py_ssize_t
        row: cython.Py_ssize_t = self.block_first
        at: cython.Py_ssize_t = self.bar_first
        signal: cython.Py_ssize_t
        until: cython.longlong
        mask: cython.Py_ssize_t = L.MASK_FLAT
        word: cython.ulonglong = 0
        qty: cython.double = self.f[fb + L.SF_QTY]
        base: cython.double = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        walk: cython.double = INFINITY
        lower: cython.double = -INFINITY
        upper: cython.double = INFINITY
        lowest_trailed: cython.double = -INFINITY
        highest_trailed: cython.double = INFINITY
        value: cython.double
        previous: cython.double
        change: cython.double
        down: cython.double
        peak: cython.double
        deepest: cython.double
        most: cython.double = -INFINITY
        least: cython.double = INFINITY
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
            or self.i[ib + L.SI_ACTIVE] != 0
            or self.i[ib + L.SI_OPENED] == 0
            or self.i[ib + L.SI_RESTING] != 0
            or ((self.i[ib + L.SI_LATCH] != 0 or self.i[ib + L.SI_DONE] != 0) and qty != 0.0)
        ):
            return
        end = self._until_midnight(start, end)
        if qty == 0.0:
            if self.f[L.GF_EQUITY] != base:
                return
            self._note_extremes(base, base)
            # Flat: equity stands still, every return is zero and changes no sum.
            signal = self._next_signal(mask, start, end)
            end = signal + 1 if signal < end else end
            if self.curved:
                for j in range(start, end):
                    self.equity[row + j] = base
            if self.plan_i[L.PI_GROSS] != 0:
                for j in range(start, end):
                    self.gross[row + j] = 0.0
            self.i[ib + L.SI_FLAT_ROWS] += end - start
        else:
            mask = L.MASK_LONG if qty > 0.0 else L.MASK_SHORT
            if self.i[ib + L.SI_FUNDED] < self.funding_from[1]:
                until = self.funding_time[self.i[ib + L.SI_FUNDED]] - self.only.timestamp[at + start]
                if until < self.step:
                    return
                if until // self.step < end - start:
                    end = start + until // self.step
            if self.i[ib + L.SI_ENTRY_RULE] >= 0:
                until = self.rule_i[self.i[ib + L.SI_ENTRY_RULE] * L.RI_SIZE + L.RI_MAX_BARS]
                if until > 0:
                    until -= self.i[ib + L.SI_BARS] + 1
                    if until <= 0:
                        return
                    if until < end - start:
                        end = start + until
            if self.i[L.GI_WALKED] == 0:
                walk = self.plan_f[L.PF_WALK_AWAY]
            # A missing level is NaN, and no comparison with it holds.
            if qty > 0.0:
                lower = self.f[fb + L.SF_STOP] if self.f[fb + L.SF_STOP] > lower else lower
                lower = self.f[fb + L.SF_TRAIL] if self.f[fb + L.SF_TRAIL] > lower else lower
                lower = self.f[fb + L.SF_LIQUIDATION] if self.f[fb + L.SF_LIQUIDATION] > lower else lower
                if self.f[fb + L.SF_TARGET] < upper:
                    upper = self.f[fb + L.SF_TARGET]
                if self.i[ib + L.SI_TRAILING] != L.LEVEL_NONE:
                    highest_trailed = self.f[fb + L.SF_HIGH]
            else:
                upper = self.f[fb + L.SF_STOP] if self.f[fb + L.SF_STOP] < upper else upper
                upper = self.f[fb + L.SF_TRAIL] if self.f[fb + L.SF_TRAIL] < upper else upper
                upper = self.f[fb + L.SF_LIQUIDATION] if self.f[fb + L.SF_LIQUIDATION] < upper else upper
                if self.f[fb + L.SF_TARGET] > lower:
                    lower = self.f[fb + L.SF_TARGET]
                if self.i[ib + L.SI_TRAILING] != L.LEVEL_NONE:
                    lowest_trailed = self.f[fb + L.SF_LOW]
            base += self.f[fb + L.SF_MARGIN] - qty * self.f[fb + L.SF_COST]
            previous = self.f[L.GF_EQUITY]
            peak = self.f[L.GF_PEAK]
            deepest = self.f[L.GF_DRAWDOWN]
            total = self.f[L.GF_RETURN_SUM]
            squares = self.f[L.GF_RETURN_SQUARES]
            down_squares = self.f[L.GF_DOWN_SQUARES]
            high = self.f[fb + L.SF_HIGH]
            low = self.f[fb + L.SF_LOW]
            # First how far it goes, then what these bars add up to: each loop has little to keep in mind.
            signal = self._next_signal(mask, start, end)
            end = signal + 1 if signal < end else end
            j = start
            while j < end:
                if (
                    self.only.low[at + j] <= lower
                    or self.only.high[at + j] >= upper
                    or self.only.high[at + j] > highest_trailed
                    or self.only.low[at + j] < lowest_trailed
                ):
                    break
                j += 1
            end = j
            for j in range(start, end):
                value = base + qty * self.only.close[at + j]
                change = value / previous - 1.0
                previous = value
                total += change
                squares += change * change
                down = change if change < 0.0 else 0.0
                down_squares += down * down
                peak = value if value > peak else peak
                most = value if value > most else most
                least = value if value < least else least
                if peak - value > deepest * peak:
                    deepest = (peak - value) / peak
                if value >= walk:
                    # The profit to walk away with is reached at this close, whatever rules say later.
                    end = j + 1
                    break
            if end == start:
                return
            if self.curved:
                for j in range(start, end):
                    self.equity[row + j] = base + qty * self.only.close[at + j]
            if self.extremes:
                for j in range(start, end):
                    high = self.only.high[at + j] if self.only.high[at + j] > high else high
                    low = self.only.low[at + j] if self.only.low[at + j] < low else low
            if self.plan_i[L.PI_GROSS] != 0:
                for j in range(start, end):
                    self.gross[row + j] = (qty if qty > 0.0 else -qty) * self.only.close[at + j]
            self.f[L.GF_EQUITY] = previous
            self.f[L.GF_PEAK] = peak
            self.f[L.GF_DRAWDOWN] = deepest
            self._note_extremes(most, least)
            if least < self.f[L.GF_LOWEST]:
                self.f[L.GF_LOWEST] = least
            self.f[L.GF_RETURN_SUM] = total
            self.f[L.GF_RETURN_SQUARES] = squares
            self.f[L.GF_DOWN_SQUARES] = down_squares
            self.f[fb + L.SF_HIGH] = high
            self.f[fb + L.SF_LOW] = low
            self.i[L.GI_EXPOSED] += end - start
            self.day_exposed += end - start
            self.i[ib + L.SI_BARS] += end - start
            self.i[ib + (L.SI_LONG_ROWS if qty > 0.0 else L.SI_SHORT_ROWS)] += end - start
        self.i[ib + L.SI_STOP_HIT] = 0
        self.i[ib + L.SI_TARGET_HIT] = 0
        self.f[fb + L.SF_MARK] = self.only.close[at + end - 1]
        self.i[ib + L.SI_LAST] = self.only.timestamp[at + end - 1]
        self.i[L.GI_LAST] = self.only.timestamp[at + end - 1]
        self.i[L.GI_ROWS] += end - start
        self.cursors[0] = end
        self.block_at = end
        if signal == end - 1:
            word = self._word(0, signal) & self.masks[mask]
        if self.f[L.GF_EQUITY] >= walk:
            self._walk_away(self.only.timestamp[at + end - 1])
            self._decide(0, self.only.timestamp[at + end - 1], end - 1, word)
        elif word != 0:
            self._decide(0, self.only.timestamp[at + end - 1], end - 1, word)

    @cython.cfunc
    @cython.nogil
    def _row(self) -> cython.void:
        """One row of the timeline, in the order of docs/fills.md."""
        count: cython.Py_ssize_t = self.count
        s: cython.Py_ssize_t
        q: cython.Py_ssize_t
        fb: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        cell: cython.Py_ssize_t
        row: cython.Py_ssize_t = self.block_first + self.block_at
        now: cython.longlong = self.timeline[row]
        entering: cython.Py_ssize_t = 0
        pending: cython.bint = False
        changed: cython.bint = False
        exposed: cython.bint = False
        value: cython.double
        gross: cython.double = 0.0
        mask: cython.Py_ssize_t
        word: cython.ulonglong
        if self.i[L.GI_ROWS] == 0:
            self.i[L.GI_FIRST] = now
        if now >= self.day_end:
            self._end_day(row)
            self._enter_day(now)
        if self.daily:
            self._begin_day(now)
        # A market is here when its next bar in the block is of this time.
        for s in range(count):
            if not self._here(s, now):
                continue
            ib = L.GI_SIZE + s * L.SI_SIZE
            self.i[ib + L.SI_STOP_HIT] = 0
            self.i[ib + L.SI_TARGET_HIT] = 0
            self._note_gap(s, now)
            if self.rich:
                changed = self._settle_funding(s, now, now) or changed
            if self.i[ib + L.SI_OPENED] == 0:
                self._open_market(s, now, self._cell(s, 0))
                changed = True
            if self.i[ib + L.SI_PENDING] != 0:
                pending = True
        if pending:
            for s in range(count):
                ib = L.GI_SIZE + s * L.SI_SIZE
                if self.i[ib + L.SI_PENDING] == 0 or not self._here(s, now):
                    continue
                if self.i[ib + L.SI_DECIDED] + self.step != now:
                    self.i[L.GI_DELAYED] += 1
                if self.i[ib + L.SI_PENDING] & L.PENDING_CLOSE:
                    changed = self._fill_close(s, now) or changed
                if self.i[ib + L.SI_PENDING] & L.PENDING_ENTRY:
                    entering += 1
        self.usable = self.f[L.GF_CASH]
        if entering > 0 or self.rich:
            self._value_at_open(now)
        if entering > 0:
            changed = self._fill_entries(now, entering) or changed
        if self.rich:
            for s in range(count):
                if not self._here(s, now):
                    continue
                changed = self._settle_funding(s, now, now + self.step - 1) or changed
                if (
                    self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_QTY] != 0.0
                    or self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_RESTING] != 0
                ):
                    changed = self._inside(s, now) or changed
        if changed and (count > 1 or self.rich):
            self._log_positions(now, row)
        value = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        for s in range(count):
            fb = L.GF_SIZE + s * L.SF_SIZE
            if self.f[fb + L.SF_QTY] != 0.0:
                value += self.f[fb + L.SF_MARGIN] - self.f[fb + L.SF_QTY] * self.f[fb + L.SF_COST]
        for s in range(count):
            fb = L.GF_SIZE + s * L.SF_SIZE
            ib = L.GI_SIZE + s * L.SI_SIZE
            if self._here(s, now):
                cell = s * L.CELLS * self.block + self.cursors[3 * s]
                self.f[fb + L.SF_MARK] = self.cells[cell + 3 * self.block]
                self.i[ib + L.SI_LAST] = now
                if self.f[fb + L.SF_QTY] == 0.0:
                    self.i[ib + L.SI_FLAT_ROWS] += 1
                else:
                    self.i[ib + L.SI_BARS] += 1
                    self.i[ib + (L.SI_LONG_ROWS if self.f[fb + L.SF_QTY] > 0.0 else L.SI_SHORT_ROWS)] += 1
                    if self.cells[cell + self.block] > self.f[fb + L.SF_HIGH]:
                        self.f[fb + L.SF_HIGH] = self.cells[cell + self.block]
                    if self.cells[cell + 2 * self.block] < self.f[fb + L.SF_LOW]:
                        self.f[fb + L.SF_LOW] = self.cells[cell + 2 * self.block]
                    if self.i[ib + L.SI_TRAILING] != L.LEVEL_NONE:
                        self._trail(s)
            if self.f[fb + L.SF_QTY] != 0.0:
                exposed = True
                value += self.f[fb + L.SF_QTY] * self.f[fb + L.SF_MARK]
                gross += abs(self.f[fb + L.SF_QTY]) * self.f[fb + L.SF_MARK]
        if self.plan_i[L.PI_GROSS] != 0:
            self.gross[row] = gross
        self._value_row(row, now, value)
        self.i[L.GI_EXPOSED] += exposed
        self.day_exposed += exposed
        if value >= self.plan_f[L.PF_WALK_AWAY] and self.i[L.GI_WALKED] == 0:
            self._walk_away(now)
        for s in range(count):
            if not self._here(s, now):
                continue
            ib = L.GI_SIZE + s * L.SI_SIZE
            q = self.cursors[3 * s]
            # Flat, entries count (and what may latch); in a position exits, and entries at odds with it.
            mask = L.MASK_FLAT
            if self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_QTY] != 0.0:
                mask = L.MASK_LONG if self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_QTY] > 0.0 else L.MASK_SHORT
            mask += s * L.MASK_SIZE
            word = 0
            if (self.signals[mask * self.lanes + q // L.LANE] >> (q % L.LANE)) & 1:
                word = self._word(s, q) & self.masks[mask]
            if word != 0 or self.rich or self.i[ib + L.SI_ACTIVE] != 0:
                self._decide(s, now, q, word)
        for s in range(count):
            if self._here(s, now):
                self.cursors[3 * s] += 1
        self.block_at += 1

    # --- one market, market orders alone ------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _plain_rows(self) -> cython.void:
        """`_row` for the bars of one plain market up to the next that needs it: what most runs are made of.

        A bar that does not follow the one before, an order that is blocked, and a close at which more
        than one rule speaks go the long way, with the same bits.
        """
        ib: cython.Py_ssize_t = L.GI_SIZE
        last: cython.Py_ssize_t = self.block_rows
        end: cython.Py_ssize_t = self.block_at
        while self.gap_next < self.gap_count and self.gaps[self.gap_next] < self.block_at:
            self.gap_next += 1
        if self.gap_next < self.gap_count:
            last = self.gaps[self.gap_next]
        if self.i[ib + L.SI_OPENED] == 0:
            return
        while self.block_at < last and self.fills < self.fill_room and self.events < self.event_room:
            if self.block_at == end:
                end = self._until_midnight(end, last)
            if self.i[ib + L.SI_PENDING] != 0:
                if self.i[ib + L.SI_ACTIVE] != 1 or not self._plain_fill():
                    return
            elif self.i[ib + L.SI_ACTIVE] != 0:
                return
            self._plain_marks(end)

    @cython.cfunc
    @cython.nogil
    def _plain_fill(self) -> cython.bint:
        """Fill the pending order at the open of the bar at hand; false, with nothing changed, if it may
        be blocked."""
        fb: cython.Py_ssize_t = L.GF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE
        at: cython.Py_ssize_t = self.bar_first + self.block_at
        # The bar follows the one before: its time need not be fetched from memory.
        now: cython.longlong = self.i[ib + L.SI_LAST] + self.step
        rule: cython.longlong = self.i[ib + L.SI_PENDING_RULE]
        nb: cython.Py_ssize_t = self._intention(0, rule)
        base: cython.double = self.only.open[at]
        rate: cython.double = self.plan_f[L.PF_TAKER]
        least: cython.double = self.market_f[L.MF_MIN_NOTIONAL]
        slippage: cython.double = self.plan_f[L.PF_SLIPPAGE] if self.plan_f[L.PF_SLIPPAGE] < 0.5 else 0.5
        cash: cython.double = self.f[L.GF_CASH]
        cost: cython.double = self.f[fb + L.SF_COST]
        fees: cython.double = self.f[fb + L.SF_FEES]
        size: cython.double
        qty: cython.double
        price: cython.double
        fee: cython.double
        moved: cython.double
        pnl: cython.double
        part: cython.double
        extreme: cython.double
        bound: cython.longlong = L.B_OWN
        n: cython.Py_ssize_t = self.fills
        if self.i[nb + L.NI_REASON] >= 0:
            return False
        if self.i[ib + L.SI_PENDING] == L.PENDING_CLOSE:
            qty = self.f[fb + L.SF_QTY]
            price = base * (1.0 - slippage)
            fee = qty * price * rate
            moved = (self.f[fb + L.SF_MARGIN] - qty * cost) + qty * price - fee
            if qty * price < least or moved < 0.0:
                return False
            # As `_close` adds it up, where funding and what a margin left uncovered are nothing.
            pnl = qty * (price - cost) - fee - fees + 0.0
            part = pnl / (qty * cost)
            cash += moved
            self.f[L.GF_SLIPPAGE] += qty * (base - price)
            self.f[L.GF_REALISED] += pnl
            self.f[L.GF_TRADE_SUM] += part
            self.f[L.GF_PNL_SQUARES] += pnl * pnl
            if self.i[L.GI_TRADES] == 0 or part > self.f[L.GF_TRADE_BEST]:
                self.f[L.GF_TRADE_BEST] = part
            if self.i[L.GI_TRADES] == 0 or part < self.f[L.GF_TRADE_WORST]:
                self.f[L.GF_TRADE_WORST] = part
            self.i[L.GI_TRADES] += 1
            # Without a branch: which trade wins cannot be predicted.
            self.i[L.GI_WINS] += pnl > 0.0
            self.i[L.GI_LOSSES] += pnl < 0.0
            self.f[L.GF_WON] += pnl if pnl > 0.0 else 0.0
            self.f[L.GF_LOST] -= pnl if pnl < 0.0 else 0.0
            self.i[L.GI_TRADE_BARS] += self.i[ib + L.SI_BARS]
            if self.i[ib + L.SI_BARS] > self.i[L.GI_TRADE_BARS_MOST]:
                self.i[L.GI_TRADE_BARS_MOST] = self.i[ib + L.SI_BARS]
            self.i[L.GI_EXITS + L.FR_EXIT] += 1
            self.f[fb + L.SF_QTY] = 0.0
            self.f[fb + L.SF_COST] = 0.0
            self.f[fb + L.SF_MARGIN] = 0.0
            self.f[fb + L.SF_FEES] = 0.0
            self.i[ib + L.SI_ENTRIES] = 0
            if not self.summary:
                self.fill_f[L.FF_SLIPPAGE * self.fill_size + n] = qty * (base - price)
                self.fill_f[L.FF_PNL * self.fill_size + n] = pnl
                self.fill_f[L.FF_POSITION * self.fill_size + n] = 0.0
                self.fill_f[L.FF_ENTRY_PRICE * self.fill_size + n] = cost
                self.fill_f[L.FF_ENTRY_FEES * self.fill_size + n] = fees
                extreme = self.f[fb + L.SF_LOW]
                extreme = price if price < extreme else extreme
                extreme = cost if extreme > cost else extreme
                self.fill_f[L.FF_MAE * self.fill_size + n] = qty * (extreme - cost)
                extreme = self.f[fb + L.SF_HIGH]
                extreme = price if price > extreme else extreme
                extreme = cost if extreme < cost else extreme
                self.fill_f[L.FF_MFE * self.fill_size + n] = qty * (extreme - cost)
        else:
            price = base * (1.0 + slippage)
            # As `_size` finds it, where leverage is 1 and no limit but cash is set.
            size = self.rule_f[rule * L.RF_SIZE + L.RF_MULTIPLIER] * self.plan_f[L.PF_SIZING]
            size = size * (cash + self.f[L.GF_RESERVED]) / price
            part = cash / (price * (1.0 + rate))
            moved = size
            if part < size * TIE:
                moved = part
                bound = L.B_CASH
            qty = self._round_down(0, moved, 0.0)
            if qty * price + qty * price * rate > cash or qty <= 0.0 or qty * price < least:
                return False
            fee = qty * price * rate
            cash -= qty * price + fee
            self.f[L.GF_SLIPPAGE] += qty * (price - base)
            self.i[L.GI_ENTRIES] += 1
            self.i[L.GI_CASH_BOUND] += bound == L.B_CASH
            self.i[L.GI_DAY_ENTRIES] += 1
            self.i[ib + L.SI_DAY_ENTRIES] += 1
            self._open_position(0, now, rule, qty, price)
            self.f[fb + L.SF_TRAIL_ENTRY] = price
            self.f[fb + L.SF_MARGIN] = qty * price
            self.f[fb + L.SF_FEES] = fee
            self.i[L.GI_EXITS + L.FR_ENTRY] += 1
            if not self.summary:
                self.fill_f[L.FF_SLIPPAGE * self.fill_size + n] = qty * (price - base)
                self.fill_f[L.FF_PNL * self.fill_size + n] = 0.0
                self.fill_f[L.FF_POSITION * self.fill_size + n] = qty
                self.fill_f[L.FF_ENTRY_PRICE * self.fill_size + n] = price
                self.fill_f[L.FF_ENTRY_FEES * self.fill_size + n] = fee
                self.fill_f[L.FF_MAE * self.fill_size + n] = 0.0
                self.fill_f[L.FF_MFE * self.fill_size + n] = 0.0
                if bound != L.B_OWN:
                    self._detail(0, 0, 0, size, moved)
        self.f[L.GF_CASH] = cash
        self.f[L.GF_FEES] += fee
        self.f[fb + L.SF_LAST_PRICE] = price
        self.i[ib + L.SI_CHANGED] = 1
        self.i[self._counter(rule) + L.TI_EXECUTED] += 1
        if self.summary:
            self.i[L.GI_FILLS] += 1
            self.i[L.GI_EVENTS] += 1
        else:
            self.fill_f[L.FF_PRICE * self.fill_size + n] = price
            self.fill_f[L.FF_QTY * self.fill_size + n] = qty
            self.fill_f[L.FF_FEE * self.fill_size + n] = fee
            self.fill_f[L.FF_CASH * self.fill_size + n] = cash
            self.fill_f[L.FF_REALISED * self.fill_size + n] = self.f[L.GF_REALISED]
            self._log_fill_code(
                0,
                now,
                rule,
                (L.FILL_ENTRY if bound == L.B_OWN else L.FILL_BOUND)
                if self.i[ib + L.SI_PENDING] == L.PENDING_ENTRY
                else L.FILL_EXIT,
                L.FR_ENTRY if self.i[ib + L.SI_PENDING] == L.PENDING_ENTRY else L.FR_EXIT,
                self.i[ib + L.SI_DECIDED],
                self.i[nb + L.NI_ID],
                bound if self.i[ib + L.SI_PENDING] == L.PENDING_ENTRY else -1,
                0 if self.i[ib + L.SI_PENDING] == L.PENDING_ENTRY else 1,
            )
        self.i[ib + L.SI_PENDING] = 0
        self.i[nb + L.NI_ID] = -1
        self.i[nb + L.NI_SUBMITTED] = 0
        self.i[ib + L.SI_ACTIVE] = 0
        return True

    @cython.cfunc
    @cython.nogil
    def _plain_marks(self, end: cython.Py_ssize_t) -> cython.void:
        """Mark the bars from the one at hand to the next at which a rule speaks, and hear it there."""
        fb: cython.Py_ssize_t = L.GF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE
        begin: cython.Py_ssize_t = self.block_at
        j: cython.Py_ssize_t = begin
        at: cython.Py_ssize_t = self.bar_first
        row: cython.Py_ssize_t = self.block_first
        mask: cython.Py_ssize_t = L.MASK_FLAT
        now: cython.longlong
        rule: cython.longlong
        nb: cython.Py_ssize_t
        k: cython.Py_ssize_t
        word: cython.ulonglong = 0
        qty: cython.double = self.f[fb + L.SF_QTY]
        base: cython.double = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        value: cython.double = base
        previous: cython.double
        change: cython.double
        total: cython.double
        squares: cython.double
        down: cython.double
        most: cython.double
        least: cython.double
        high: cython.double
        low: cython.double
        if qty == 0.0:
            if self.f[L.GF_EQUITY] != base:
                self._value_change(base)
            self._note_extremes(base, base)
            # Flat: equity stands still, every return is zero and changes no sum.
            j = self._signal_ahead(mask, L.MASK_LONG, begin, end)
            if j < end:
                word = self._word(0, j) & self.masks[mask]
                j += 1
            if self.curved:
                for k in range(begin, j):
                    self.equity[row + k] = base
            self.i[ib + L.SI_FLAT_ROWS] += j - begin
        else:
            mask = L.MASK_LONG
            base += self.f[fb + L.SF_MARGIN] - qty * self.f[fb + L.SF_COST]
            previous = self.f[L.GF_EQUITY]
            total = self.f[L.GF_RETURN_SUM]
            squares = self.f[L.GF_RETURN_SQUARES]
            down = self.f[L.GF_DOWN_SQUARES]
            most = -INFINITY
            least = INFINITY
            j = self._signal_ahead(mask, L.MASK_FLAT, begin, end)
            if j < end:
                word = self._word(0, j) & self.masks[mask]
                j += 1
            if self.curved:
                high = self.f[fb + L.SF_HIGH]
                low = self.f[fb + L.SF_LOW]
                for k in range(begin, j):
                    value = base + qty * self.only.close[at + k]
                    self.equity[row + k] = value
                    change = value / previous - 1.0
                    previous = value
                    total += change
                    squares += change * change
                    change = change if change < 0.0 else 0.0
                    down += change * change
                    most = value if value > most else most
                    least = value if value < least else least
                    high = self.only.high[at + k] if self.only.high[at + k] > high else high
                    low = self.only.low[at + k] if self.only.low[at + k] < low else low
                self.f[fb + L.SF_HIGH] = high
                self.f[fb + L.SF_LOW] = low
            else:
                for k in range(begin, j):
                    value = base + qty * self.only.close[at + k]
                    change = value / previous - 1.0
                    previous = value
                    total += change
                    squares += change * change
                    change = change if change < 0.0 else 0.0
                    down += change * change
                    most = value if value > most else most
                    least = value if value < least else least
                if self.extremes:
                    high = self.f[fb + L.SF_HIGH]
                    low = self.f[fb + L.SF_LOW]
                    for k in range(begin, j):
                        high = self.only.high[at + k] if self.only.high[at + k] > high else high
                        low = self.only.low[at + k] if self.only.low[at + k] < low else low
                    self.f[fb + L.SF_HIGH] = high
                    self.f[fb + L.SF_LOW] = low
            self.f[L.GF_EQUITY] = value
            self.f[L.GF_RETURN_SUM] = total
            self.f[L.GF_RETURN_SQUARES] = squares
            self.f[L.GF_DOWN_SQUARES] = down
            self._note_extremes(most, least)
            self.day_exposed += j - begin
            if least < self.f[L.GF_LOWEST]:
                self.f[L.GF_LOWEST] = least
            if most > self.f[L.GF_PEAK]:
                # Where the peak moves on, how deep each bar lies depends on those before it.
                for k in range(begin, j):
                    self._deepen(base + qty * self.only.close[at + k])
            else:
                self._deepen(least)
            self.i[L.GI_EXPOSED] += j - begin
            self.i[ib + L.SI_BARS] += j - begin
            self.i[ib + L.SI_LONG_ROWS] += j - begin
        now = self.i[ib + L.SI_LAST] + (j - begin) * self.step
        self.f[fb + L.SF_MARK] = self.only.close[at + j - 1]
        self.i[ib + L.SI_LAST] = now
        self.i[L.GI_LAST] = now
        self.i[L.GI_ROWS] += j - begin
        self.cursors[0] = j
        self.block_at = j
        if word == 0:
            return
        if word & (word - 1) != 0 or not self.simple:
            self._decide(0, now, j - 1, word)
            return
        # `_decide`, where one rule speaks and has nobody to compete with.
        rule = 0
        while word != 1:
            word >>= 1
            rule += 1
        nb = self._intention(0, rule)
        self.i[nb + L.NI_ID] = self.i[L.GI_DECISIONS]
        self.i[nb + L.NI_SUBMITTED] = 1
        self.i[ib + L.SI_ACTIVE] = 1
        self.i[ib + L.SI_PENDING] = L.PENDING_ENTRY if rule < self.entries else L.PENDING_CLOSE
        self.i[ib + L.SI_PENDING_RULE] = rule
        self.i[ib + L.SI_PENDING_REASON] = -1 if rule < self.entries else L.FR_EXIT
        self.i[ib + L.SI_DECIDED] = now
        self.i[self._counter(rule) + L.TI_FIRED] += 1
        if not self.summary:
            self._event(L.E_DECIDED, now, 0, rule, self.i[L.GI_DECISIONS], -1)
            self.i[L.GI_EVENTS] -= 1
        self.i[L.GI_EVENTS] += 2  # it stands for two
        self.i[L.GI_DECISIONS] += 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _deepen(self, value: cython.double) -> cython.void:
        """Follow the peak of equity and the deepest fall below it."""
        if value > self.f[L.GF_PEAK]:
            self.f[L.GF_PEAK] = value
        if self.f[L.GF_PEAK] - value > self.f[L.GF_DRAWDOWN] * self.f[L.GF_PEAK]:
            self.f[L.GF_DRAWDOWN] = (self.f[L.GF_PEAK] - value) / self.f[L.GF_PEAK]

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _value_change(self, value: cython.double) -> cython.void:
        """Note another equity than that of the row before."""
        # A margin that was lost to the last cent may leave no equity at all.
        change: cython.double = value / self.f[L.GF_EQUITY] - 1.0 if self.f[L.GF_EQUITY] != 0.0 else 0.0
        self.f[L.GF_EQUITY] = value
        self.f[L.GF_RETURN_SUM] += change
        self.f[L.GF_RETURN_SQUARES] += change * change
        if change < 0.0:
            self.f[L.GF_DOWN_SQUARES] += change * change
        if value < self.f[L.GF_LOWEST]:
            self.f[L.GF_LOWEST] = value
        self._deepen(value)

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _value_row(self, row: cython.Py_ssize_t, now: cython.longlong, value: cython.double) -> cython.void:
        """Note the equity of a row's closes, and what it changes."""
        if self.curved:
            self.equity[row] = value
        self._value_change(value)
        self._note_extremes(value, value)
        self.i[L.GI_ROWS] += 1
        self.i[L.GI_LAST] = now

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _next_signal(
        self, mask: cython.Py_ssize_t, j: cython.Py_ssize_t, end: cython.Py_ssize_t
    ) -> cython.Py_ssize_t:
        """The single market's first row from `j` on with a signal that counts by this mask, or `end`."""
        at: cython.Py_ssize_t = mask * self.lanes
        lane: cython.Py_ssize_t = j // L.LANE
        word: cython.ulonglong
        if j >= end:
            return end
        word = self.signals[at + lane] >> (j % L.LANE) << (j % L.LANE)
        while word == 0:
            lane += 1
            if lane * L.LANE >= end:
                return end
            word = self.signals[at + lane]
        j = lane * L.LANE + self._lowest(word)
        return j if j < end else end

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _signal_ahead(
        self,
        mask: cython.Py_ssize_t,
        following: cython.Py_ssize_t,
        begin: cython.Py_ssize_t,
        end: cython.Py_ssize_t,
    ) -> cython.Py_ssize_t:
        """`_next_signal`; and where the one after it fills, by the mask that follows, its open is read early.

        Prices come from far away: what is read here is there when it is wanted. Nothing is decided by it.
        """
        j: cython.Py_ssize_t
        if begin == self.coming_from and end == self.coming_end and mask == self.coming_mask:
            j = self.coming_at
        else:
            j = self._next_signal(mask, begin, end)
        if j < end:
            self.coming_from = j + 1
            self.coming_end = end
            self.coming_mask = following
            self.coming_at = self._next_signal(following, j + 1, end)
            if self.bar_first + self.coming_at + 1 < self.only.size:
                self.coming = self.only.open[self.bar_first + self.coming_at + 1]
        return j

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _lowest(self, word: cython.ulonglong) -> cython.longlong:
        """The place of the lowest bit of a word that has any (Leiserson, Prokop and Randall 1998)."""
        return self.place_of[(((word & (~word + 1)) * DE_BRUIJN) & EVERY) >> 58]

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _word(self, s: cython.Py_ssize_t, q: cython.Py_ssize_t) -> cython.ulonglong:
        """The truths of this fold's rules for a market at a row of the block, one bit a rule."""
        at: cython.Py_ssize_t = (s * self.all_rules + self.first_rule) * self.lanes + q // L.LANE
        word: cython.ulonglong = 0
        one: cython.ulonglong
        rule: cython.Py_ssize_t
        for rule in range(self.rules):
            one = (self.truths[at + rule * self.lanes] >> (q % L.LANE)) & 1
            word |= one << rule
        return word

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _here(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.bint:
        q: cython.Py_ssize_t = self.cursors[3 * s]
        return q < self.cursors[3 * s + 1] and self.times[s * self.block + q] == now

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _cell(self, s: cython.Py_ssize_t, column: cython.Py_ssize_t) -> cython.double:
        """A column (open, high, low, close, volume) of the market's bar at hand."""
        return self.cells[(s * L.CELLS + column) * self.block + self.cursors[3 * s]]

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _note_extremes(self, most: cython.double, least: cython.double) -> cython.void:
        """Take the highest and the lowest equity of some rows of the day at hand."""
        self.day_high = most if most > self.day_high else self.day_high
        self.day_low = least if least < self.day_low else self.day_low

    @cython.cfunc
    @cython.nogil
    def _enter_day(self, now: cython.longlong) -> cython.void:
        """Stand in the UTC day of a time, which may lie before 1970."""
        inside: cython.longlong = (now % L.DAY + L.DAY) % L.DAY
        self.day = (now - inside) // L.DAY
        self.day_end = now - inside + L.DAY

    @cython.cfunc
    @cython.nogil
    def _end_day(self, row: cython.Py_ssize_t) -> cython.void:
        """Log the day whose rows end before this one, if it has any."""
        if self.summary or row == self.day_from:
            return
        self.day_f[self.days * L.DAY_FLOATS + L.DF_HIGH] = self.day_high
        self.day_f[self.days * L.DAY_FLOATS + L.DF_LOW] = self.day_low
        self.day_f[self.days * L.DAY_FLOATS + L.DF_CLOSE] = self.f[L.GF_EQUITY]
        self.day_i[self.days * L.DAY_INTS + L.DI_DAY] = self.day
        self.day_i[self.days * L.DAY_INTS + L.DI_BARS] = row - self.day_from
        self.day_i[self.days * L.DAY_INTS + L.DI_EXPOSED] = self.day_exposed
        self.days += 1
        self.day_from = row
        self.day_high = -INFINITY
        self.day_low = INFINITY
        self.day_exposed = 0

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _until_midnight(self, begin: cython.Py_ssize_t, end: cython.Py_ssize_t) -> cython.Py_ssize_t:
        """Where one market's rows [begin, end) of the block, which follow each other, leave the day of the
        first."""
        at: cython.Py_ssize_t = self.bar_first
        if self.only.timestamp[at + begin] >= self.day_end:
            self._end_day(self.block_first + begin)
            self._enter_day(self.only.timestamp[at + begin])
        if self.only.timestamp[at + end - 1] >= self.day_end:
            return begin + (self.day_end - self.only.timestamp[at + begin] + self.step - 1) // self.step
        return end

    @cython.cfunc
    @cython.nogil
    def _begin_day(self, now: cython.longlong) -> cython.void:
        """Begin the counts of a UTC day with its first row; latches of the day before are released."""
        s: cython.Py_ssize_t
        if self.i[L.GI_ROWS] != 0 and now // L.DAY == self.i[L.GI_LAST] // L.DAY:
            return
        self.f[L.GF_DAY_EQUITY] = self.f[L.GF_EQUITY]
        self.f[L.GF_DAY_RISK] = 0.0
        self.i[L.GI_DAY_ENTRIES] = 0
        for s in range(self.count):
            self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_DAY_ENTRIES] = 0
            self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_LATCH] = 0

    @cython.cfunc
    @cython.nogil
    def _walk_away(self, now: cython.longlong) -> cython.void:
        """The profit that the run walks away with is reached: from here on positions only close."""
        s: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        self.i[L.GI_WALKED] = 1
        self._event(L.E_WALKED, now, -1, -1, -1, -1)
        self._detail(0, 0, 0, self.f[L.GF_EQUITY], self.plan_f[L.PF_WALK_AWAY])
        for s in range(self.count):
            ib = L.GI_SIZE + s * L.SI_SIZE
            if self.i[ib + L.SI_RESTING] != 0:
                self._cancel_resting(s, now, L.R_WALKED_AWAY)
            if self.i[ib + L.SI_PENDING] & L.PENDING_ENTRY:
                # Its market has no bar here; a reversal still closes.
                self.i[ib + L.SI_PENDING] &= L.PENDING_CLOSE
                self._block(
                    s,
                    self.i[ib + L.SI_PENDING_RULE],
                    now,
                    L.R_WALKED_AWAY,
                    self.f[L.GF_EQUITY],
                    self.plan_f[L.PF_WALK_AWAY],
                )

    @cython.cfunc
    @cython.nogil
    def _note_gap(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.void:
        """Report bars that should have stood between the last one (or the start) and this one."""
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        expected: cython.longlong = self.plan_i[L.PI_START]
        missing: cython.longlong
        if self.i[ib + L.SI_LAST] + self.step > expected:
            expected = self.i[ib + L.SI_LAST] + self.step
        missing = (now - expected) // self.step if now > expected else 0
        if missing > 0:
            self.i[ib + L.SI_GAPS] += 1
            self.i[ib + L.SI_MISSING] += missing
            self._event(L.E_GAP, now, s, -1, -1, -1)
            self._detail(now - missing * self.step, now - self.step, missing, 0.0, 0.0)

    @cython.cfunc
    @cython.nogil
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
            self._open_position(s, now, -1, qty, price)
            self.f[fb + L.SF_MARGIN] = qty * price
            self._log_fill(s, now, -1, L.FILL_ENTRY, L.FR_ALLOCATION, now, -1, price, qty, 0.0, 0.0, -1, 0)
            self._log_extra(qty * price, 0.0, 1.0, NAN, NAN, NAN, NAN, NAN, NAN, 0.0)

    @cython.cfunc
    @cython.nogil
    def _settle_funding(
        self, s: cython.Py_ssize_t, now: cython.longlong, until: cython.longlong
    ) -> cython.bint:
        """Pay (or receive) what is due up to `until` on the position at hand; true when there was any.

        The exchange takes it out of the position's margin, so it moves the liquidation price.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        begin: cython.longlong = self.funding_from[s]
        end: cython.longlong = self.funding_from[s + 1]
        at: cython.longlong = begin + self.i[ib + L.SI_FUNDED]
        first: cython.longlong = at
        price: cython.double = self._cell(s, 0)
        due: cython.double = 0.0
        rates: cython.double = 0.0
        while at < end and self.funding_time[at] <= until:
            due += self.f[fb + L.SF_QTY] * price * self.funding_rate[at]
            rates += self.funding_rate[at]
            at += 1
        self.i[ib + L.SI_FUNDED] = at - begin
        if at == first or self.f[fb + L.SF_QTY] == 0.0:
            return False
        self.f[fb + L.SF_MARGIN] -= due
        self.f[fb + L.SF_FUNDING] += due
        self.f[L.GF_FUNDING] += due
        self._set_liquidation(s)
        self._event(L.E_FUNDING, now, s, -1, -1, -1)
        self._detail(self.funding_time[first], self.funding_time[at - 1], at - first, due, rates)
        self.i[ib + L.SI_CHANGED] = 1
        return True

    @cython.cfunc
    @cython.nogil
    def _round_down(self, s: cython.Py_ssize_t, qty: cython.double, less: cython.double) -> cython.double:
        """Whole quantity steps in `qty`, less `less` of them; without a step, units in the last place."""
        step: cython.double = self.market_f[s * L.MF_SIZE + L.MF_STEP]
        per_unit: cython.double = self.market_f[s * L.MF_SIZE + L.MF_PER_UNIT]
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

    # --- exits -------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _fill_close(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.bint:
        """Fill the closing leg of the pending order at this open."""
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        rule: cython.longlong = self.i[ib + L.SI_PENDING_RULE]
        reason: cython.longlong = self.i[ib + L.SI_PENDING_REASON]
        fraction: cython.double = 1.0
        self.i[ib + L.SI_PENDING] &= L.PENDING_ENTRY
        if reason == L.FR_EXIT:
            fraction = self.rule_f[rule * L.RF_SIZE + L.RF_FRACTION]
        if not self._close(s, now, self._cell(s, 0), False, fraction, reason, rule, NAN):
            self.i[ib + L.SI_PENDING] = 0
            return False
        if fraction < 1.0:
            self.i[ib + L.SI_DONE] = self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_QTY] != 0.0
            self.i[self._intention(s, rule) + L.NI_DONE] = self.i[ib + L.SI_DONE]
        return True

    @cython.cfunc
    @cython.nogil
    def _close(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        base: cython.double,
        maker: cython.bint,
        fraction: cython.double,
        reason: cython.longlong,
        rule: cython.longlong,
        inside: cython.double,
    ) -> cython.bint:
        """Leave a fraction of the position; false when the order was too small and is blocked.

        `rule` is the rule whose decision it is, -1 for protective orders and the system's own.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        sign: cython.double = 1.0 if self.f[fb + L.SF_QTY] > 0.0 else -1.0
        size: cython.double = abs(self.f[fb + L.SF_QTY])
        qty: cython.double = size
        cost: cython.double = self.f[fb + L.SF_COST]
        share: cython.double = 1.0
        step: cython.double = self.market_f[s * L.MF_SIZE + L.MF_STEP]
        least: cython.double = self.market_f[s * L.MF_SIZE + L.MF_MIN_NOTIONAL]
        price: cython.double = base
        margin: cython.double
        fees: cython.double
        funding: cython.double
        risk: cython.double
        fee: cython.double
        back: cython.double
        pnl: cython.double
        part: cython.double
        covered: cython.double = 0.0
        extreme: cython.double
        decision: cython.longlong = -1
        decided: cython.longlong = now
        k: cython.Py_ssize_t
        n: cython.Py_ssize_t
        if fraction < 1.0:
            # 0.29 / 0.01 is 28.999999999999996: a share of whole steps that should be whole is.
            qty = self._round_down(s, size * fraction * (1.0 + 1e-12) + 1e-9 * step, 0.0)
            if qty > size:
                qty = size
            if size - qty < 0.5 * step:
                qty = size
            share = qty / size
        if not maker and reason != L.FR_LIQUIDATION:
            price = base * (1.0 - sign * self._slippage(s, base, qty))
        # Only what a rule decided can be too small: a stop that is not sent protects nobody.
        if (reason == L.FR_EXIT or reason == L.FR_CONFLICT or reason == L.FR_REVERSAL) and (
            qty <= 0.0 or qty * price < least
        ):
            self._block(s, rule, now, L.R_MIN_NOTIONAL, qty * price, least)
            return False
        margin = self.f[fb + L.SF_MARGIN] * share
        fees = self.f[fb + L.SF_FEES] * share
        funding = self.f[fb + L.SF_FUNDING] * share
        risk = self.f[fb + L.SF_RISK] * share
        fee = qty * price * self.plan_f[L.PF_MAKER if maker else L.PF_TAKER]
        # What it put up beyond its cost comes back (nothing for an unleveraged long), then the sale.
        back = (margin - sign * qty * cost) + sign * qty * price - fee
        if back < 0.0:
            covered = -back  # isolated margin: what it does not cover is not charged
            back = 0.0
        pnl = sign * qty * (price - cost) - fee - fees - funding + covered
        part = pnl / (qty * cost)
        self.f[L.GF_CASH] += back
        self.f[L.GF_FEES] += fee
        self.f[L.GF_COVERED] += covered
        self.f[L.GF_SLIPPAGE] += sign * qty * (base - price)
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
        self.i[L.GI_EXITS + reason] += 1
        self.f[fb + L.SF_LAST_PRICE] = price
        if qty == size:
            self.f[fb + L.SF_QTY] = 0.0
            self.f[fb + L.SF_MARGIN] = 0.0
            self.f[fb + L.SF_FEES] = 0.0
            self.f[fb + L.SF_FUNDING] = 0.0
            self.f[fb + L.SF_RISK] = 0.0
        else:
            self.f[fb + L.SF_QTY] = sign * self._round_down(s, size - qty + 0.5 * step, 0.0)
            self.f[fb + L.SF_MARGIN] -= margin
            self.f[fb + L.SF_FEES] -= fees
            self.f[fb + L.SF_FUNDING] -= funding
            self.f[fb + L.SF_RISK] -= risk
        self.i[ib + L.SI_CHANGED] = 1
        if reason == L.FR_STOP or reason == L.FR_TRAILING:
            self.i[ib + L.SI_STOP_HIT] = 1
        elif reason == L.FR_TARGET:
            self.i[ib + L.SI_TARGET_HIT] = 1
        if rule >= 0:
            decided = self.i[ib + L.SI_DECIDED]
            decision = self.i[self._intention(s, rule) + L.NI_ID]
            if reason != L.FR_REVERSAL:  # its entry is the second leg of the same order
                self.i[self._counter(rule) + L.TI_EXECUTED] += 1
                decision = self._settle(s, rule, now)
        if reason == L.FR_TIME or reason == L.FR_FLATTEN or reason == L.FR_WALK_AWAY:
            decided = self.i[ib + L.SI_DECIDED]
            decision = self.i[ib + L.SI_PENDING_ID]
        n = self.fills
        self._log_fill(
            s,
            now,
            rule,
            L.FILL_EXIT,
            reason,
            decided,
            decision,
            price,
            qty,
            fee,
            sign * qty * (base - price),
            -1,
            (1 if sign > 0.0 else 0) + (2 if maker else 0),
        )
        if not self.summary:
            # The worst and the best that what leaves has seen, the price at which it leaves included.
            extreme = self.f[fb + L.SF_LOW] if sign > 0.0 else self.f[fb + L.SF_HIGH]
            extreme = price if sign * (price - extreme) < 0.0 else extreme
            self.fill_f[L.FF_PNL * self.fill_size + n] = pnl
            self.fill_f[L.FF_ENTRY_FEES * self.fill_size + n] = fees
            # An addition may lift the cost beyond what the bars before showed: at the cost was nothing.
            extreme = cost if sign * (extreme - cost) > 0.0 else extreme
            self.fill_f[L.FF_MAE * self.fill_size + n] = sign * qty * (extreme - cost)
            extreme = self.f[fb + L.SF_HIGH] if sign > 0.0 else self.f[fb + L.SF_LOW]
            extreme = price if sign * (price - extreme) > 0.0 else extreme
            extreme = cost if sign * (extreme - cost) < 0.0 else extreme
            self.fill_f[L.FF_MFE * self.fill_size + n] = sign * qty * (extreme - cost)
        self._log_extra(
            self.f[fb + L.SF_MARGIN],
            funding,
            share,
            NAN,
            risk if risk > 0.0 else NAN,
            NAN,
            NAN,
            NAN,
            inside,
            covered,
        )
        if self.f[fb + L.SF_QTY] != 0.0:
            self._set_liquidation(s)
            return True
        self.f[fb + L.SF_COST] = 0.0
        self.f[fb + L.SF_STOP] = NAN
        self.f[fb + L.SF_TARGET] = NAN
        self.f[fb + L.SF_TRAIL] = NAN
        self.f[fb + L.SF_LIQUIDATION] = NAN
        self.i[ib + L.SI_TRAILING] = L.LEVEL_NONE
        self.i[ib + L.SI_ENTRIES] = 0
        if self.rich:
            if self.i[ib + L.SI_ENTRY_RULE] >= 0:
                self.i[self._intention(s, self.i[ib + L.SI_ENTRY_RULE]) + L.NI_EXITED] = now
            self.i[ib + L.SI_DONE] = 0
            for k in range(self.entries, self.deciding):
                self.i[self._intention(s, k) + L.NI_DONE] = 0
            if self.i[ib + L.SI_RESTING] != 0:
                self._cancel_resting(s, now, L.R_POSITION_CLOSED)
        return True

    @cython.cfunc
    @cython.nogil
    def _slippage(self, s: cython.Py_ssize_t, base: cython.double, qty: cython.double) -> cython.double:
        """Share of the price by which an order of this size is worse than the bar's price."""
        share: cython.double = self.plan_f[L.PF_SLIPPAGE]
        volume: cython.double
        if self.plan_f[L.PF_RANGE] != 0.0:
            share += self.plan_f[L.PF_RANGE] * (self._cell(s, 1) - self._cell(s, 2)) / base
        if self.plan_f[L.PF_VOLUME] != 0.0:
            volume = self._cell(s, 4)
            share += self.plan_f[L.PF_VOLUME] * (qty / volume if qty < volume else 1.0)
        return share if share < 0.5 else 0.5

    # --- entries -----------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _fill_entries(self, now: cython.longlong, waiting: cython.Py_ssize_t) -> cython.bint:
        """Fill the entries decided for this open, by rule and, within a rule, by market."""
        s: cython.Py_ssize_t
        rule: cython.Py_ssize_t
        ib: cython.Py_ssize_t
        changed: cython.bint = False
        for rule in range(self.entries):
            for s in range(self.count):
                ib = L.GI_SIZE + s * L.SI_SIZE
                if (
                    self.i[ib + L.SI_PENDING] == 0
                    or self.i[ib + L.SI_PENDING_RULE] != rule
                    or not self._here(s, now)
                ):
                    continue
                self.i[ib + L.SI_PENDING] = 0
                if self._enter(s, now, self._cell(s, 0), rule, False, NAN):
                    changed = True
                waiting -= 1
            if waiting == 0:
                break
        return changed

    @cython.cfunc
    @cython.nogil
    def _value_at_open(self, now: cython.longlong) -> cython.void:
        """One equity for all entries of a row, so that their order changes no size unless a limit binds."""
        s: cython.Py_ssize_t
        fb: cython.Py_ssize_t
        value: cython.double = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        for s in range(self.count):
            fb = L.GF_SIZE + s * L.SF_SIZE
            if self.f[fb + L.SF_QTY] != 0.0:
                value += self.f[fb + L.SF_MARGIN] - self.f[fb + L.SF_QTY] * self.f[fb + L.SF_COST]
                value += self.f[fb + L.SF_QTY] * (
                    self._cell(s, 0) if self._here(s, now) else self.f[fb + L.SF_MARK]
                )
        self.open_equity = value

    @cython.cfunc
    @cython.nogil
    def _enter(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        base: cython.double,
        rule: cython.Py_ssize_t,
        maker: cython.bint,
        inside: cython.double,
    ) -> cython.bint:
        """Open a position or add to it, as large as all limits allow; false when something blocks it."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        sign: cython.longlong = self.rule_i[rule * L.RI_SIZE + L.RI_SIGN]
        rate: cython.double = self.plan_f[L.PF_MAKER if maker else L.PF_TAKER]
        leverage: cython.double = self.plan_f[L.PF_LEVERAGE]
        least: cython.double = self.market_f[s * L.MF_SIZE + L.MF_MIN_NOTIONAL]
        equity: cython.double = self.open_equity
        price: cython.double = base
        most: cython.double
        qty: cython.double
        before: cython.double
        less: cython.double = 0.0
        fee: cython.double
        margin: cython.double
        risk: cython.double
        wanted: cython.double
        bound: cython.longlong
        reason: cython.longlong = -1
        decision: cython.longlong
        if equity <= self.f[L.GF_DAY_EQUITY] * (1.0 - self.plan_f[L.PF_DAILY_LOSS]):
            self._block(
                s,
                rule,
                now,
                L.R_DAILY_LOSS,
                equity,
                self.f[L.GF_DAY_EQUITY] * (1.0 - self.plan_f[L.PF_DAILY_LOSS]),
            )
            return False
        if self.i[L.GI_DAY_ENTRIES] >= self.plan_i[L.PI_TRADES_A_DAY]:
            self._block(
                s, rule, now, L.R_TRADES_PER_DAY, self.i[L.GI_DAY_ENTRIES], self.plan_i[L.PI_TRADES_A_DAY]
            )
            return False
        if self.i[ib + L.SI_DAY_ENTRIES] >= self.plan_i[L.PI_TRIGGERS_A_DAY]:
            self._block(
                s,
                rule,
                now,
                L.R_TRIGGERS_PER_DAY,
                self.i[ib + L.SI_DAY_ENTRIES],
                self.plan_i[L.PI_TRIGGERS_A_DAY],
            )
            return False
        if not maker:
            price = base * (1.0 + sign * self._slippage(s, base, 0.0))
        reason = self._levels(s, rule, price)
        if reason >= 0:
            self._block(
                s, rule, now, reason, self.target if reason == L.R_TARGET_BEYOND else self.stop, price
            )
            return False
        most = self._size(s, rule, price, rate, equity, now)
        if not maker and self.plan_f[L.PF_VOLUME] != 0.0 and most > 0.0:
            # The order's own size moves the price, and the worse price may only make it smaller.
            price = base * (1.0 + sign * self._slippage(s, base, self._round_down(s, most, 0.0)))
            reason = self._levels(s, rule, price)
            if reason >= 0:
                self._block(
                    s, rule, now, reason, self.target if reason == L.R_TARGET_BEYOND else self.stop, price
                )
                return False
            before = most
            wanted = self.own
            bound = self.bound
            most = self._size(s, rule, price, rate, equity, now)
            if before < most:
                most = before
                self.own = wanted
                self.bound = bound
        qty = self._round_down(s, most, 0.0)
        while less < 4.0 and qty * price / leverage + qty * price * rate > self.usable:
            less += 1.0
            qty = self._round_down(s, most, less)
        if qty <= 0.0 or qty * price < least:
            if self.bound == L.B_OWN:
                self._block(s, rule, now, L.R_MIN_NOTIONAL, self.own * price, least)
            elif self.bound < 0:
                self._block(
                    s, rule, now, L.R_STOP_MISSING if self.bound == -1 else L.R_PRICE_MISSING, NAN, price
                )
            elif self.bound == L.B_CASH:
                self._block(
                    s,
                    rule,
                    now,
                    L.R_INSUFFICIENT_CASH,
                    self.own * price * (1.0 / leverage + rate),
                    self.usable,
                )
            else:
                if self.bound == L.B_POSITION_RISK:
                    reason = L.R_POSITION_RISK
                elif self.bound == L.B_SYMBOL:
                    reason = L.R_SYMBOL_EXPOSURE
                elif self.bound == L.B_PORTFOLIO:
                    reason = L.R_PORTFOLIO_EXPOSURE
                else:
                    reason = L.R_DAILY_BUDGET
                self._block(s, rule, now, reason, self.own * price, most * price)
            return False
        fee = qty * price * rate
        margin = qty * price / leverage
        self.f[L.GF_CASH] -= margin + fee
        self.usable -= margin + fee
        self.f[L.GF_FEES] += fee
        self.f[L.GF_SLIPPAGE] += sign * qty * (price - base)
        self.i[L.GI_ENTRIES] += 1
        self.i[L.GI_CASH_BOUND] += self.bound == L.B_CASH
        self.i[L.GI_DAY_ENTRIES] += 1
        self.i[ib + L.SI_DAY_ENTRIES] += 1
        risk = qty * self.risk_distance
        if risk == risk:
            self.f[L.GF_DAY_RISK] += risk
        if self.f[fb + L.SF_QTY] == 0.0:
            self._open_position(s, now, rule, sign * qty, price)
            self.f[fb + L.SF_STOP] = self.stop
            self.f[fb + L.SF_TARGET] = self.target
            self.f[fb + L.SF_TRAIL] = self.trail
            self.f[fb + L.SF_TRAIL_ENTRY] = price
            self.i[ib + L.SI_TRAILING] = self.rule_i[rule * L.RI_SIZE + L.RI_TRAILING]
            if self.i[ib + L.SI_TRAILING] == L.LEVEL_DISTANCE:
                self.f[fb + L.SF_TRAIL_VALUE] = self.f[fb + L.SF_DECIDED_TRAILING]
            else:
                self.f[fb + L.SF_TRAIL_VALUE] = self.rule_f[rule * L.RF_SIZE + L.RF_TRAILING]
        else:
            before = abs(self.f[fb + L.SF_QTY])
            self.f[fb + L.SF_COST] = (before * self.f[fb + L.SF_COST] + qty * price) / (before + qty)
            # Rounded, so that the sum of two whole numbers of steps is one again.
            self.f[fb + L.SF_QTY] = sign * self._round_down(
                s, before + qty + 0.5 * self.market_f[s * L.MF_SIZE + L.MF_STEP], 0.0
            )
            self.i[ib + L.SI_ENTRIES] += 1
            self.i[ib + L.SI_CHANGED] = 1
        self.f[fb + L.SF_MARGIN] += margin
        self.f[fb + L.SF_FEES] += fee
        if self.distance == self.distance:
            self.f[fb + L.SF_RISK] += qty * self.distance
        self._set_liquidation(s)
        self.f[fb + L.SF_LAST_PRICE] = price
        self.i[self._counter(rule) + L.TI_EXECUTED] += 1
        self.i[L.GI_EXITS + L.FR_ENTRY] += 1
        decision = self._settle(s, rule, now)
        self._log_fill(
            s,
            now,
            rule,
            L.FILL_ENTRY if self.bound == L.B_OWN else L.FILL_BOUND,
            L.FR_ENTRY,
            self.i[ib + L.SI_DECIDED],
            decision,
            price,
            qty,
            fee,
            sign * qty * (price - base),
            self.bound,
            (0 if sign > 0 else 1) + (2 if maker else 0),
        )
        if self.bound != L.B_OWN:
            self._detail(0, 0, 0, self.own, most)
        self._log_extra(
            self.f[fb + L.SF_MARGIN],
            0.0,
            NAN,
            risk,
            qty * self.distance,
            self.distance,
            self.allowed,
            self.rule_f[rule * L.RF_SIZE + L.RF_MULTIPLIER],
            inside,
            0.0,
        )
        return True

    @cython.cfunc
    @cython.nogil
    def _levels(self, s: cython.Py_ssize_t, rule: cython.Py_ssize_t, price: cython.double) -> cython.longlong:
        """Set stop, target, trail and distance of an entry at this price; return what blocks it, or -1.

        An addition to a position keeps the position's levels, and is measured against its stop.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ri: cython.Py_ssize_t = rule * L.RI_SIZE
        rf: cython.Py_ssize_t = rule * L.RF_SIZE
        sign: cython.double = self.rule_i[ri + L.RI_SIGN]
        kind: cython.longlong
        self.distance = NAN
        if self.f[fb + L.SF_QTY] != 0.0:
            self.stop = self.f[fb + L.SF_STOP]
            self.trail = self.f[fb + L.SF_TRAIL]
            self.target = self.f[fb + L.SF_TARGET]
            kind = L.LEVEL_NONE
        else:
            self.stop = self._level(
                self.rule_i[ri + L.RI_STOP],
                self.rule_f[rf + L.RF_STOP],
                self.f[fb + L.SF_DECIDED_STOP],
                price,
                -sign,
            )
            self.trail = self._level(
                self.rule_i[ri + L.RI_TRAILING],
                self.rule_f[rf + L.RF_TRAILING],
                self.f[fb + L.SF_DECIDED_TRAILING],
                price,
                -sign,
            )
            if self.rule_i[ri + L.RI_STOP] != L.LEVEL_NONE and self.stop != self.stop:
                return L.R_STOP_MISSING
            if self.rule_i[ri + L.RI_TRAILING] != L.LEVEL_NONE and self.trail != self.trail:
                self.stop = self.trail
                return L.R_STOP_MISSING
            kind = self.rule_i[ri + L.RI_TARGET]
            self.target = NAN
        if self.stop == self.stop:
            self.distance = sign * (price - self.stop)
            if not self.distance > 0.0:
                return L.R_STOP_BEYOND
        if self.trail == self.trail:
            if not sign * (price - self.trail) > 0.0:
                self.stop = self.trail
                return L.R_STOP_BEYOND
            if not self.distance <= sign * (price - self.trail):
                self.distance = sign * (price - self.trail)
        if kind == L.LEVEL_NONE:
            return L.R_TARGET_BEYOND if sign * (self.target - price) <= 0.0 else -1
        if kind == L.LEVEL_R:
            self.target = price + sign * self.rule_f[rf + L.RF_TARGET] * self.distance
        else:
            self.target = self._level(
                kind, self.rule_f[rf + L.RF_TARGET], self.f[fb + L.SF_DECIDED_TARGET], price, sign
            )
        if self.target != self.target:
            self.stop = self.target
            return L.R_STOP_MISSING
        if not sign * (self.target - price) > 0.0:
            return L.R_TARGET_BEYOND
        return -1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _level(
        self,
        kind: cython.longlong,
        value: cython.double,
        series: cython.double,
        price: cython.double,
        side: cython.double,
    ) -> cython.double:
        """The price of a level on this side (+1 above) of an entry's price; NaN for none or a missing one."""
        if kind == L.LEVEL_PERCENT or kind == L.LEVEL_STEP:
            return price * (1.0 + side * value)
        if kind == L.LEVEL_DISTANCE:
            return price + side * series
        if kind == L.LEVEL_PRICE:
            return series
        return NAN

    @cython.cfunc
    @cython.nogil
    def _size(
        self,
        s: cython.Py_ssize_t,
        rule: cython.Py_ssize_t,
        price: cython.double,
        rate: cython.double,
        equity: cython.double,
        now: cython.longlong,
    ) -> cython.double:
        """The smallest of the rule's own size and what each limit allows; `bound` says which one it is."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        multiplier: cython.double = self.rule_f[rule * L.RF_SIZE + L.RF_MULTIPLIER]
        leverage: cython.double = self.plan_f[L.PF_LEVERAGE]
        value: cython.double = self.plan_f[L.PF_SIZING]
        mode: cython.longlong = self.plan_i[L.PI_SIZING]
        k: cython.Py_ssize_t
        size: cython.double
        other: cython.double
        self.risk_distance = self.distance
        if not self.distance > 0.0 and self.plan_i[L.PI_ATR_SLOT] >= 0:
            self.risk_distance = self.f[fb + L.SF_DECIDED_ATR]
            if not self.risk_distance > 0.0:
                self.bound = -1
                return 0.0
        if mode == L.SIZING_FRACTION:
            size = multiplier * value * equity / price
        elif mode == L.SIZING_RISK:
            size = multiplier * value * equity / self.risk_distance
        elif mode == L.SIZING_NOTIONAL:
            size = multiplier * value / price
        else:
            other = self.f[fb + L.SF_DECIDED_VOLATILITY] * self.plan_f[L.PF_VOLATILITY_SCALE]
            if other != other:
                self.bound = -2
                return 0.0
            # Where nothing has moved the leverage alone bounds the size.
            other = value / other if other > 0.0 else leverage
            size = multiplier * (other if other < leverage else leverage) * equity / price
        self.own = size
        self.bound = L.B_OWN
        self.allowed = NAN
        if self.rich:
            if self.plan_f[L.PF_POSITION_RISK] < INFINITY:
                self.allowed = multiplier * self.plan_f[L.PF_POSITION_RISK] * equity
                other = self.allowed / self.risk_distance
                if other < size * TIE:
                    size = other
                    self.bound = L.B_POSITION_RISK
            if self.plan_f[L.PF_SYMBOL_CAP] < INFINITY:
                other = (self.plan_f[L.PF_SYMBOL_CAP] * equity - abs(self.f[fb + L.SF_QTY]) * price) / price
                if other < size * TIE:
                    size = other
                    self.bound = L.B_SYMBOL
            if self.plan_f[L.PF_PORTFOLIO_CAP] < INFINITY:
                other = self.plan_f[L.PF_PORTFOLIO_CAP] * equity
                for k in range(self.count):
                    fb = L.GF_SIZE + k * L.SF_SIZE
                    if self.f[fb + L.SF_QTY] != 0.0:
                        other -= abs(self.f[fb + L.SF_QTY]) * (
                            self._cell(k, 0) if self._here(k, now) else self.f[fb + L.SF_MARK]
                        )
                other /= price
                if other < size * TIE:
                    size = other
                    self.bound = L.B_PORTFOLIO
            if self.plan_f[L.PF_DAILY_BUDGET] < INFINITY:
                other = self.plan_f[L.PF_DAILY_BUDGET] * self.f[L.GF_DAY_EQUITY] - self.f[L.GF_DAY_RISK]
                other /= self.risk_distance
                if other < size * TIE:
                    size = other
                    self.bound = L.B_BUDGET
        other = self.usable / (price * (1.0 / leverage + rate))
        if other < size * TIE:
            size = other
            self.bound = L.B_CASH
        return size

    @cython.cfunc
    @cython.nogil
    def _open_position(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        rule: cython.longlong,
        qty: cython.double,
        price: cython.double,
    ) -> cython.void:
        """Begin a position without margin, fees and levels."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        self.f[fb + L.SF_QTY] = qty
        self.f[fb + L.SF_COST] = price
        self.f[fb + L.SF_HIGH] = price
        self.f[fb + L.SF_LOW] = price
        self.f[fb + L.SF_LAST_PRICE] = price
        self.i[ib + L.SI_SET] = self.i[L.GI_SETS]
        self.i[L.GI_SETS] += 1
        self.i[ib + L.SI_ENTRY_TIME] = now
        self.i[ib + L.SI_ENTRY_RULE] = rule
        self.i[ib + L.SI_ENTRIES] = 1
        self.i[ib + L.SI_BARS] = 0
        self.i[ib + L.SI_CHANGED] = 1

    @cython.cfunc
    @cython.nogil
    def _set_liquidation(self, s: cython.Py_ssize_t) -> cython.void:
        """The price at which the margin left is the maintenance margin.

        A long that was paid in full has none until funding has taken from its margin.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        qty: cython.double = self.f[fb + L.SF_QTY]
        rate: cython.double = self.plan_f[L.PF_MAINTENANCE]
        level: cython.double
        if qty == 0.0 or (
            qty > 0.0 and self.plan_f[L.PF_LEVERAGE] == 1.0 and not self.f[fb + L.SF_FUNDING] > 0.0
        ):
            self.f[fb + L.SF_LIQUIDATION] = NAN
            return
        level = self.f[fb + L.SF_COST] - self.f[fb + L.SF_MARGIN] / qty
        level /= 1.0 - rate if qty > 0.0 else 1.0 + rate
        if level > 0.0:
            self.f[fb + L.SF_LIQUIDATION] = level
        else:
            # A short whose margin is gone is beyond it at any price.
            self.f[fb + L.SF_LIQUIDATION] = NAN if qty > 0.0 else 0.0

    # --- inside the bar ----------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _inside(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.bint:
        """Let the bar at hand meet the position's levels and the resting entry; true when any filled.

        Finer candles decide what came first, if they tell of the same bar; else the worse is assumed.
        """
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        changed: cython.bint = False
        answer: cython.longlong = -1
        if self.cursors[3 * s + 2] >= 0:
            answer = self._walk_finer(s, now)
            changed = answer > 0
        if answer < 0:
            changed = self._meet(s, now, self._cell(s, 0), self._cell(s, 1), self._cell(s, 2), NAN)
            self.i[L.GI_COARSE] += changed
        if self.i[ib + L.SI_RESTING] != 0:
            self.i[ib + L.SI_RESTING_LEFT] -= 1
            if self.i[ib + L.SI_RESTING_LEFT] <= 0:
                self._cancel_resting(s, now, L.R_EXPIRED)
        return changed

    @cython.cfunc
    @cython.with_gil
    def _walk_finer(self, s: cython.Py_ssize_t, now: cython.longlong) -> cython.longlong:
        """Let the finer candles of the bar at hand be met one by one; -1 when they tell of another bar.

        1 when any filled. The first to look at is kept in `cursors`: time only goes on.
        """
        market: Market = self.markets[s]
        first: cython.Py_ssize_t = self.cursors[3 * s + 2]
        last: cython.Py_ssize_t
        k: cython.Py_ssize_t
        high: cython.double = -INFINITY
        low: cython.double = INFINITY
        changed: cython.bint = False
        while first < market.finer_size and market.finer_timestamp[first] < now:
            first += 1
        last = first
        while last < market.finer_size and market.finer_timestamp[last] < now + self.step:
            high = market.finer_high[last] if market.finer_high[last] > high else high
            low = market.finer_low[last] if market.finer_low[last] < low else low
            last += 1
        self.cursors[3 * s + 2] = last
        if high != self._cell(s, 1) or low != self._cell(s, 2):
            return -1
        for k in range(first, last):
            changed = (
                self._meet(
                    s,
                    now,
                    market.finer_open[k],
                    market.finer_high[k],
                    market.finer_low[k],
                    cython.cast(cython.double, market.finer_timestamp[k]),
                )
                or changed
            )
        return changed

    @cython.cfunc
    @cython.nogil
    def _meet(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        open_: cython.double,
        high: cython.double,
        low: cython.double,
        inside: cython.double,
    ) -> cython.bint:
        """One (finer) bar: the position's levels first, then the resting entry, then that entry's levels."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        kind: cython.longlong
        rule: cython.longlong
        sign: cython.double
        price: cython.double
        at_open: cython.bint
        touched: cython.bint
        changed: cython.bint = False
        if self.f[fb + L.SF_QTY] != 0.0:
            changed = self._protect(s, now, open_, high, low, True, True, inside)
        kind = self.i[ib + L.SI_RESTING]
        if kind == L.ORDER_MARKET:
            return changed
        rule = self.i[ib + L.SI_RESTING_RULE]
        sign = self.rule_i[rule * L.RI_SIZE + L.RI_SIGN]
        price = self.f[fb + L.SF_DECIDED_PRICE]
        if kind == L.ORDER_LIMIT:
            at_open = sign * (open_ - price) <= 0.0
            touched = low <= price if sign > 0.0 else high >= price
        else:
            at_open = sign * (open_ - price) >= 0.0
            touched = high >= price if sign > 0.0 else low <= price
        if not at_open and not touched:
            return changed
        self.i[ib + L.SI_RESTING] = L.ORDER_MARKET
        self.i[ib + L.SI_DECIDED] = self.i[ib + L.SI_RESTING_SINCE]
        if self.f[fb + L.SF_QTY] != 0.0 and (
            self.f[fb + L.SF_QTY] * sign < 0.0
            or self.i[ib + L.SI_ENTRIES] >= self.rule_i[rule * L.RI_SIZE + L.RI_SCALE_IN]
        ):
            self._block(s, rule, now, L.R_CONFLICT, price, self.f[fb + L.SF_QTY])
            return changed
        if not self._enter(s, now, open_ if at_open else price, rule, kind == L.ORDER_LIMIT, inside):
            return changed
        # Entered inside the bar, its extremes may lie before the entry: the loss is assumed, and a gain
        # only where the price had to pass the entry to reach it.
        self._protect(s, now, open_, high, low, at_open, at_open or kind == L.ORDER_STOP, inside)
        return True

    @cython.cfunc
    @cython.nogil
    def _protect(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        open_: cython.double,
        high: cython.double,
        low: cython.double,
        whole: cython.bint,
        gains: cython.bint,
        inside: cython.double,
    ) -> cython.bint:
        """Close the position where the bar meets its stop, trailing stop, liquidation or target.

        `whole`: the position saw the bar's open; `gains`: the bar may grant the target.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        sign: cython.double = 1.0 if self.f[fb + L.SF_QTY] > 0.0 else -1.0
        level: cython.double = -INFINITY
        target: cython.double = INFINITY
        against: cython.double = low if sign > 0.0 else -high
        favour: cython.double = high if sign > 0.0 else -low
        reason: cython.longlong = L.FR_STOP
        # Of a short everything is mirrored: prices count negative, so "below" is "against" for both.
        if sign * self.f[fb + L.SF_STOP] > level:
            level = sign * self.f[fb + L.SF_STOP]
        if sign * self.f[fb + L.SF_TRAIL] > level:
            level = sign * self.f[fb + L.SF_TRAIL]
            reason = L.FR_TRAILING
        if sign * self.f[fb + L.SF_LIQUIDATION] > level or (
            whole and sign * open_ <= sign * self.f[fb + L.SF_LIQUIDATION]
        ):
            # Beyond it at the open, the exchange was there first.
            level = sign * self.f[fb + L.SF_LIQUIDATION]
            reason = L.FR_LIQUIDATION
        if sign * self.f[fb + L.SF_TARGET] < target:
            target = sign * self.f[fb + L.SF_TARGET]
        if whole and sign * open_ <= level:
            self._close(s, now, open_, False, 1.0, reason, -1, inside)
        elif whole and gains and sign * open_ >= target:
            self._close(s, now, open_, True, 1.0, L.FR_TARGET, -1, inside)
        elif against <= level:
            self._close(s, now, sign * level, False, 1.0, reason, -1, inside)
        elif gains and favour >= target:
            self._close(s, now, sign * target, True, 1.0, L.FR_TARGET, -1, inside)
        else:
            return False
        return True

    @cython.cfunc
    @cython.nogil
    def _trail(self, s: cython.Py_ssize_t) -> cython.void:
        """Move the trailing stop after a close, by the best price until now; it never moves back."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        kind: cython.longlong = self.i[L.GI_SIZE + s * L.SI_SIZE + L.SI_TRAILING]
        sign: cython.double = 1.0 if self.f[fb + L.SF_QTY] > 0.0 else -1.0
        best: cython.double = self.f[fb + L.SF_HIGH] if sign > 0.0 else self.f[fb + L.SF_LOW]
        value: cython.double = self.f[fb + L.SF_TRAIL_VALUE]
        entry: cython.double
        level: cython.double
        if kind == L.LEVEL_PERCENT:
            level = best * (1.0 - sign * value)
        elif kind == L.LEVEL_DISTANCE:
            level = best - sign * value
        else:
            # From the entry, a whole number of steps behind the best price; SF_TRAIL_ENTRY is its price.
            entry = self.f[fb + L.SF_TRAIL_ENTRY]
            value *= entry
            level = sign * (best - entry) / value + 1e-9
            level = cython.cast(cython.double, cython.cast(cython.longlong, level))
            level = entry + sign * value * (level - 1.0)
        if sign * (level - self.f[fb + L.SF_TRAIL]) > 0.0:
            self.f[fb + L.SF_TRAIL] = level

    @cython.cfunc
    @cython.nogil
    def _cancel_resting(
        self, s: cython.Py_ssize_t, now: cython.longlong, reason: cython.longlong
    ) -> cython.void:
        """The resting entry is no more: the rule's decision is blocked for this reason."""
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        rule: cython.longlong = self.i[ib + L.SI_RESTING_RULE]
        self.i[ib + L.SI_RESTING] = L.ORDER_MARKET
        if reason == L.R_WALKED_AWAY:
            self._block(s, rule, now, reason, self.f[L.GF_EQUITY], self.plan_f[L.PF_WALK_AWAY])
        else:
            self._block(
                s,
                rule,
                now,
                reason,
                self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_DECIDED_PRICE],
                self.rule_i[rule * L.RI_SIZE + L.RI_VALID],
            )
        self.i[self._intention(s, rule) + L.NI_SUBMITTED] = 0

    # --- decisions ---------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _intention(self, s: cython.Py_ssize_t, rule: cython.Py_ssize_t) -> cython.Py_ssize_t:
        return L.GI_SIZE + self.count * L.SI_SIZE + (s * self.rules + rule) * L.NI_SIZE

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _counter(self, rule: cython.Py_ssize_t) -> cython.Py_ssize_t:
        return L.GI_SIZE + self.count * (L.SI_SIZE + self.rules * L.NI_SIZE) + rule * L.TI_SIZE

    @cython.cfunc
    @cython.nogil
    def _decide(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        q: cython.Py_ssize_t,
        word: cython.ulonglong,
    ) -> cython.void:
        """At a close: what ranks highest becomes the order for the next open, the rest is blocked.

        `q` is the bar's place in the block. A rule that fires again because it was blocked keeps its
        intention: one id, one trigger_fired, and its identical blocks are one event.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        qty: cython.double = self.f[fb + L.SF_QTY]
        opener: cython.longlong = -1
        barred: cython.longlong = -1
        system: cython.longlong = -1
        winner: cython.Py_ssize_t = -1
        best: cython.longlong = L.RANK_NONE
        rank: cython.longlong
        verdict: cython.longlong
        rule: cython.Py_ssize_t
        ri: cython.Py_ssize_t
        nb: cython.Py_ssize_t
        fired: cython.bint
        latched: cython.bint
        latch: cython.longlong = self.i[ib + L.SI_LATCH]
        done: cython.longlong = 0
        if qty != 0.0 and self.rich:
            opener = self.i[ib + L.SI_ENTRY_RULE]
            if opener >= 0 and self._holds(s, now, opener, q):
                barred = L.R_HOLD_RULE
            elif now + self.step - self.i[ib + L.SI_ENTRY_TIME] < self.plan_f[L.PF_MIN_HOLD]:
                barred = L.R_MIN_HOLD
            if self.i[L.GI_WALKED] != 0:
                system = L.FR_WALK_AWAY
                best = L.RANK_EMERGENCY
            elif self.plan_i[L.PI_FLATTEN] != 0 and (
                (now + self.step) // L.DAY != now // L.DAY
                or self.i[ib + L.SI_ENTRY_TIME] // L.DAY != now // L.DAY
            ):
                system = L.FR_FLATTEN
                best = L.RANK_EMERGENCY
            elif (
                opener >= 0
                and barred < 0
                and self.rule_i[opener * L.RI_SIZE + L.RI_MAX_BARS] > 0
                and self.i[ib + L.SI_BARS] >= self.rule_i[opener * L.RI_SIZE + L.RI_MAX_BARS]
            ):
                system = L.FR_TIME
                best = L.RANK_EXIT
        if word == 0 and system < 0 and self.i[ib + L.SI_ACTIVE] == 0 and not self.rich:
            return
        # First, what each rule says and how it ranks.
        for rule in range(self.deciding):
            ri = rule * L.RI_SIZE
            nb = self._intention(s, rule)
            self.verdicts[rule] = SILENT
            fired = (word >> rule) & 1
            if fired and self.rule_i[ri + L.RI_STATE_ROWS] > 0:
                fired = self._state_true(s, now, rule, q)
            if rule < self.entries and self.i[nb + L.NI_DEFERRED] != 0 and qty == 0.0:
                self.i[nb + L.NI_DEFERRED] = 0
                fired = True
            latched = latch == rule + 1 and qty != 0.0 and qty * self.rule_i[ri + L.RI_SIGN] >= 0.0
            if not fired:
                self.i[nb + L.NI_DONE] = 0
                if not latched:
                    continue
            done |= self.i[nb + L.NI_DONE]
            self.closings[rule] = -1
            verdict = CANDIDATE
            rank = self.rule_i[ri + L.RI_RANK]
            if rule >= self.entries:
                if self.rule_i[ri + L.RI_RISK_OFF] != 0 and fired and self.i[ib + L.SI_LATCH] == 0:
                    self.i[ib + L.SI_LATCH] = rule + 1
                    self._event(L.E_LATCHED, now, s, rule, -1, -1)
                if qty == 0.0 or qty * self.rule_i[ri + L.RI_SIGN] < 0.0 or self.i[nb + L.NI_DONE] != 0:
                    continue
                self.closings[rule] = L.FR_EXIT
                if latched:
                    rank = L.RANK_LATCHED
                if rank != L.RANK_EMERGENCY:
                    if barred >= 0:
                        verdict = barred
                    elif opener >= 0 and self._is_bound(rule, opener):
                        verdict = L.R_BINDING
            elif self.rich:
                if self.i[ib + L.SI_RESTING] != 0 and self.i[ib + L.SI_RESTING_RULE] == rule:
                    # Its order rests already: it competes, and if it wins nothing changes.
                    self.verdicts[rule] = WAITING
                    if rank < best:
                        best = rank
                        winner = rule
                        system = -1
                    continue
                # In its own direction an entry counts only while it may add to the position.
                if (
                    qty * self.rule_i[ri + L.RI_SIGN] > 0.0
                    and self.i[ib + L.SI_ENTRIES] >= self.rule_i[ri + L.RI_SCALE_IN]
                ):
                    continue
                verdict = self._entry_verdict(s, now, q, rule, barred, latch)
                if self.closings[rule] == L.FR_CONFLICT:
                    rank = L.RANK_EXIT
            self.i[self._counter(rule) + L.TI_FIRED] += 1
            self.verdicts[rule] = verdict
            if verdict == CANDIDATE and rank < best:
                best = rank
                winner = rule
                system = -1
        self.i[ib + L.SI_DONE] = done
        # Then, in the rules' order, what became of each.
        for rule in range(self.deciding):
            nb = self._intention(s, rule)
            verdict = self.verdicts[rule]
            if verdict == SILENT:
                if (
                    self.i[nb + L.NI_ID] >= 0
                    and self.i[nb + L.NI_DEFERRED] == 0
                    and not (self.i[ib + L.SI_RESTING] != 0 and self.i[ib + L.SI_RESTING_RULE] == rule)
                ):
                    self._settle(s, rule, now)
                continue
            if verdict == WAITING:
                continue
            fired = self.i[nb + L.NI_ID] < 0
            if fired:
                self.i[nb + L.NI_ID] = self.i[L.GI_DECISIONS]
                self.i[L.GI_DECISIONS] += 1
                self.i[nb + L.NI_SUBMITTED] = 0
                self.i[ib + L.SI_ACTIVE] += 1
            if rule == winner:
                if fired:
                    self._event(L.E_DECIDED, now, s, rule, self.i[nb + L.NI_ID], -1)
                    self.i[L.GI_EVENTS] += 1  # it stands for two
                elif self.i[nb + L.NI_SUBMITTED] == 0:
                    self._report_block(s, rule, now)
                    self._event(L.E_SUBMITTED, now, s, rule, self.i[nb + L.NI_ID], -1)
                self.i[nb + L.NI_SUBMITTED] = 1
                self._submit(s, now, q, rule)
                continue
            if fired:
                self._event(L.E_FIRED, now, s, rule, self.i[nb + L.NI_ID], -1)
            if verdict == CANDIDATE:
                self._block(s, rule, now, L.R_OUTRANKED, winner if system < 0 else -1 - system, 0.0)
            else:
                self._block_decision(s, rule, now, q, verdict)
            self.i[nb + L.NI_SUBMITTED] = 0
        if system >= 0:
            self.i[ib + L.SI_PENDING] = L.PENDING_CLOSE
            self.i[ib + L.SI_PENDING_RULE] = -1
            self.i[ib + L.SI_PENDING_REASON] = system
            self.i[ib + L.SI_PENDING_ID] = self.i[L.GI_DECISIONS]
            self.i[ib + L.SI_DECIDED] = now
            self.i[L.GI_DECISIONS] += 1
            self._event(L.E_SUBMITTED, now, s, -1, self.i[ib + L.SI_PENDING_ID], system)

    @cython.cfunc
    @cython.nogil
    def _is_bound(self, rule: cython.Py_ssize_t, opener: cython.longlong) -> cython.bint:
        """Whether this exit rule may not close what the opener's trigger opened."""
        binding: cython.longlong = self.plan_i[L.PI_BINDING]
        own: cython.Py_ssize_t = rule * L.RI_SIZE
        other: cython.Py_ssize_t = opener * L.RI_SIZE
        if binding == L.BINDING_NONE or self.rule_i[own + L.RI_UNBOUND] != 0:
            return False
        if binding == L.BINDING_EXACT:
            return self.rule_i[own + L.RI_TRIGGER] != self.rule_i[other + L.RI_TRIGGER]
        return self.rule_i[own + L.RI_CATEGORY] != self.rule_i[other + L.RI_CATEGORY]

    @cython.cfunc
    @cython.nogil
    def _holds(
        self, s: cython.Py_ssize_t, now: cython.longlong, opener: cython.longlong, q: cython.Py_ssize_t
    ) -> cython.bint:
        """Whether the hold rule of the trigger that opened the position is true at this close."""
        rule: cython.longlong = self.rule_i[opener * L.RI_SIZE + L.RI_HOLD]
        if rule < 0 or (self._word(s, q) >> rule) & 1 == 0:
            return False
        if self.rule_i[rule * L.RI_SIZE + L.RI_STATE_ROWS] == 0:
            return True
        return self._state_true(s, now, rule, q)

    @cython.cfunc
    @cython.nogil
    def _entry_verdict(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        q: cython.Py_ssize_t,
        rule: cython.Py_ssize_t,
        barred: cython.longlong,
        latch: cython.longlong,
    ) -> cython.longlong:
        """What keeps an entry that fired from being a candidate, or CANDIDATE; sets its closing leg."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ri: cython.Py_ssize_t = rule * L.RI_SIZE
        mode: cython.longlong = self.plan_i[L.PI_CONFLICTS]
        order: cython.longlong = self.rule_i[ri + L.RI_ORDER]
        price: cython.double
        if self.i[L.GI_WALKED] != 0:
            return L.R_WALKED_AWAY
        if latch != 0:
            return L.R_LATCHED
        if self.f[fb + L.SF_QTY] * self.rule_i[ri + L.RI_SIGN] < 0.0:
            if mode == L.CONFLICT_DEFER:
                self.i[self._intention(s, rule) + L.NI_DEFERRED] = 1
                return L.R_CONFLICT_DEFERRED
            if mode == L.CONFLICT_IGNORE or (mode == L.CONFLICT_REVERSE and order != L.ORDER_MARKET):
                return L.R_CONFLICT_IGNORED
            if barred >= 0:
                return barred
            if mode == L.CONFLICT_EXIT:
                self.closings[rule] = L.FR_CONFLICT
                return CANDIDATE
            self.closings[rule] = L.FR_REVERSAL
        if now + self.step - self.i[self._intention(s, rule) + L.NI_EXITED] < self.plan_f[L.PF_MIN_FLAT]:
            return L.R_MIN_FLAT
        if self.f[fb + L.SF_LAST_PRICE] > 0.0 and self._move(s, q) < self.plan_f[L.PF_PRICE_MOVE]:
            return L.R_MIN_MOVE
        if self.rule_f[rule * L.RF_SIZE + L.RF_REWARD] > 0.0 and not (
            # 10 % to 5 % is 2 whatever the last bit of the close.
            self._reward(s, rule, q) >= self.rule_f[rule * L.RF_SIZE + L.RF_REWARD] * (1.0 - 1e-9)
        ):
            return L.R_REWARD
        if order != L.ORDER_MARKET:
            price = self._series(s, self.rule_i[ri + L.RI_ORDER_SLOT], q)
            if not (price > 0.0 and price < INFINITY):
                return L.R_PRICE_MISSING
        return CANDIDATE

    @cython.cfunc
    @cython.nogil
    @cython.inline
    def _series(self, s: cython.Py_ssize_t, slot: cython.longlong, q: cython.Py_ssize_t) -> cython.double:
        """A series value of the rules at the bar; NaN where there is none, and for an infinite one."""
        value: cython.double
        if slot < 0:
            return NAN
        value = self.board[(s * self.slots + slot) * self.block + q]
        return value if value < INFINITY and value > -INFINITY else NAN

    @cython.cfunc
    @cython.nogil
    def _closed_at(self, s: cython.Py_ssize_t, q: cython.Py_ssize_t) -> cython.double:
        """The close of the bar at hand, which one market does not copy into the block."""
        if self.count == 1:
            return self.only.close[self.bar_first + q]
        return self.cells[(s * L.CELLS + 3) * self.block + q]

    @cython.cfunc
    @cython.nogil
    def _move(self, s: cython.Py_ssize_t, q: cython.Py_ssize_t) -> cython.double:
        """How far the close is from the symbol's last fill, as a share of that price."""
        return abs(self._closed_at(s, q) / self.f[L.GF_SIZE + s * L.SF_SIZE + L.SF_LAST_PRICE] - 1.0)

    @cython.cfunc
    @cython.nogil
    def _reward(self, s: cython.Py_ssize_t, rule: cython.Py_ssize_t, q: cython.Py_ssize_t) -> cython.double:
        """Target distance over stop distance of an entry at this close; NaN where either is missing."""
        ri: cython.Py_ssize_t = rule * L.RI_SIZE
        rf: cython.Py_ssize_t = rule * L.RF_SIZE
        sign: cython.double = self.rule_i[ri + L.RI_SIGN]
        price: cython.double = self._closed_at(s, q)
        stop: cython.double
        trail: cython.double
        target: cython.double
        stop = sign * (
            price
            - self._level(
                self.rule_i[ri + L.RI_STOP],
                self.rule_f[rf + L.RF_STOP],
                self._series(s, self.rule_i[ri + L.RI_STOP_SLOT], q),
                price,
                -sign,
            )
        )
        trail = sign * (
            price
            - self._level(
                self.rule_i[ri + L.RI_TRAILING],
                self.rule_f[rf + L.RF_TRAILING],
                self._series(s, self.rule_i[ri + L.RI_TRAILING_SLOT], q),
                price,
                -sign,
            )
        )
        if (self.rule_i[ri + L.RI_STOP] != L.LEVEL_NONE and stop != stop) or (
            self.rule_i[ri + L.RI_TRAILING] != L.LEVEL_NONE and trail != trail
        ):
            return NAN
        if not stop <= trail and trail == trail:
            stop = trail
        if not stop > 0.0:
            return NAN
        if self.rule_i[ri + L.RI_TARGET] == L.LEVEL_R:
            return self.rule_f[rf + L.RF_TARGET]
        target = self._level(
            self.rule_i[ri + L.RI_TARGET],
            self.rule_f[rf + L.RF_TARGET],
            self._series(s, self.rule_i[ri + L.RI_TARGET_SLOT], q),
            price,
            sign,
        )
        return sign * (target - price) / stop

    @cython.cfunc
    @cython.nogil
    def _submit(
        self, s: cython.Py_ssize_t, now: cython.longlong, q: cython.Py_ssize_t, rule: cython.Py_ssize_t
    ) -> cython.void:
        """Make the winner the symbol's order: for the next open, or resting from the next bar on."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        ri: cython.Py_ssize_t = rule * L.RI_SIZE
        closing: cython.longlong = self.closings[rule]
        if closing != L.FR_EXIT and closing != L.FR_CONFLICT:
            if self.i[ib + L.SI_RESTING] != 0:
                self._cancel_resting(s, now, L.R_REPLACED)
            if self.slots > 0:
                self.f[fb + L.SF_DECIDED_PRICE] = self._series(s, self.rule_i[ri + L.RI_ORDER_SLOT], q)
                self.f[fb + L.SF_DECIDED_STOP] = self._series(s, self.rule_i[ri + L.RI_STOP_SLOT], q)
                self.f[fb + L.SF_DECIDED_TARGET] = self._series(s, self.rule_i[ri + L.RI_TARGET_SLOT], q)
                self.f[fb + L.SF_DECIDED_TRAILING] = self._series(s, self.rule_i[ri + L.RI_TRAILING_SLOT], q)
                self.f[fb + L.SF_DECIDED_ATR] = self._series(s, self.plan_i[L.PI_ATR_SLOT], q)
                self.f[fb + L.SF_DECIDED_VOLATILITY] = self._series(s, self.plan_i[L.PI_VOLATILITY_SLOT], q)
            if self.rule_i[ri + L.RI_ORDER] != L.ORDER_MARKET:
                self.i[ib + L.SI_RESTING] = self.rule_i[ri + L.RI_ORDER]
                self.i[ib + L.SI_RESTING_RULE] = rule
                self.i[ib + L.SI_RESTING_LEFT] = self.rule_i[ri + L.RI_VALID]
                self.i[ib + L.SI_RESTING_SINCE] = now
                return
        if closing < 0:
            self.i[ib + L.SI_PENDING] = L.PENDING_ENTRY
        elif closing == L.FR_REVERSAL:
            self.i[ib + L.SI_PENDING] = L.PENDING_CLOSE | L.PENDING_ENTRY
        else:
            self.i[ib + L.SI_PENDING] = L.PENDING_CLOSE
        self.i[ib + L.SI_PENDING_RULE] = rule
        self.i[ib + L.SI_PENDING_REASON] = closing
        self.i[ib + L.SI_DECIDED] = now

    @cython.cfunc
    @cython.nogil
    def _state_true(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        rule: cython.Py_ssize_t,
        q: cython.Py_ssize_t,
    ) -> cython.bint:
        """Interpret what a rule says of the position at this close; the rest of it is known to be true."""
        r = self.scalars
        k: cython.Py_ssize_t
        c: cython.Py_ssize_t
        first: cython.Py_ssize_t = self.rule_i[rule * L.RI_SIZE + L.RI_STATE]
        op: cython.longlong
        to: cython.Py_ssize_t
        x: cython.double
        y: cython.double
        for k in range(first, first + self.rule_i[rule * L.RI_SIZE + L.RI_STATE_ROWS]):
            c = k * I.STATE_WIDTH
            op = self.state_code[c + I.S_OP]
            to = self.state_code[c + I.S_TO]
            if op == I.S_CONST:
                r[to] = self.state_params[k]
                continue
            if op == I.S_BOARD:
                r[to] = self.board[(s * self.slots + self.state_code[c + I.S_A]) * self.block + q]
                continue
            if op == I.S_STATE:
                r[to] = self._state_value(s, now, self.state_code[c + I.S_A])
                continue
            x = r[self.state_code[c + I.S_A]]
            y = r[self.state_code[c + I.S_B]]
            if op == I.S_ADD:
                r[to] = x + y
            elif op == I.S_SUB:
                r[to] = x - y
            elif op == I.S_MUL or op == I.S_AND:
                r[to] = x * y
            elif op == I.S_DIV:
                r[to] = x / y if y != 0.0 else NAN
            elif op == I.S_NEG:
                r[to] = -x
            elif op == I.S_ABS:
                r[to] = -x if x < 0.0 else x
            elif op == I.S_MIN:
                r[to] = x if (x < y) | (x != x) else y
            elif op == I.S_MAX:
                r[to] = x if (x > y) | (x != x) else y
            elif op == I.S_LT:
                r[to] = 1.0 if x < y else 0.0
            elif op == I.S_LE:
                r[to] = 1.0 if x <= y else 0.0
            elif op == I.S_GT:
                r[to] = 1.0 if x > y else 0.0
            elif op == I.S_GE:
                r[to] = 1.0 if x >= y else 0.0
            elif op == I.S_EQ:
                r[to] = 1.0 if x == y else 0.0
            elif op == I.S_NE:
                r[to] = 1.0 if (x < y) | (x > y) else 0.0
            elif op == I.S_OR:
                r[to] = 1.0 if x + y > 0.0 else 0.0
            else:  # OP_NOT
                r[to] = 1.0 - x
        return r[0] > 0.0

    @cython.cfunc
    @cython.nogil
    def _state_value(
        self, s: cython.Py_ssize_t, now: cython.longlong, name: cython.longlong
    ) -> cython.double:
        """A position-dependent name at this close, in the order of instructions.STATE_NAMES."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        k: cython.Py_ssize_t
        qty: cython.double = self.f[fb + L.SF_QTY]
        cost: cython.double = self.f[fb + L.SF_COST]
        value: cython.double
        if name == I.STATE_POSITION:
            return 1.0 if qty > 0.0 else (-1.0 if qty < 0.0 else 0.0)
        if name == I.STATE_STOP_HIT:
            return self.i[ib + L.SI_STOP_HIT]
        if name == I.STATE_TARGET_HIT:
            return self.i[ib + L.SI_TARGET_HIT]
        if name == I.STATE_CASH:
            return self.f[L.GF_CASH]
        if name == I.STATE_EQUITY:
            return self.f[L.GF_EQUITY]
        if name == I.STATE_EXPOSURE:
            value = 0.0
            for k in range(self.count):
                fb = L.GF_SIZE + k * L.SF_SIZE
                value += abs(self.f[fb + L.SF_QTY]) * self.f[fb + L.SF_MARK]
            return value / self.f[L.GF_EQUITY] if self.f[L.GF_EQUITY] != 0.0 else NAN
        if name == I.STATE_ENTRIES:
            return self.i[ib + L.SI_ENTRIES]
        if qty == 0.0:
            return NAN
        if name == I.STATE_AGE:
            return self.i[ib + L.SI_BARS]
        if name == I.STATE_AGE_HOURS:
            value = now + self.step - self.i[ib + L.SI_ENTRY_TIME]
            return value / L.HOUR
        if name == I.STATE_ENTRY_PRICE:
            return cost
        if name == I.STATE_MFE_R:
            value = qty * ((self.f[fb + L.SF_HIGH] if qty > 0.0 else self.f[fb + L.SF_LOW]) - cost)
        elif name == I.STATE_MAE_R:
            value = qty * ((self.f[fb + L.SF_LOW] if qty > 0.0 else self.f[fb + L.SF_HIGH]) - cost)
        else:
            value = qty * (self.f[fb + L.SF_MARK] - cost) - self.f[fb + L.SF_FEES] - self.f[fb + L.SF_FUNDING]
            if name == I.STATE_PNL:
                return value
            if name == I.STATE_PNL_PCT:
                return 100.0 * value / (abs(qty) * cost)
        return value / self.f[fb + L.SF_RISK] if self.f[fb + L.SF_RISK] > 0.0 else NAN

    @cython.cfunc
    @cython.nogil
    def _block_decision(
        self,
        s: cython.Py_ssize_t,
        rule: cython.Py_ssize_t,
        now: cython.longlong,
        q: cython.Py_ssize_t,
        reason: cython.longlong,
    ) -> cython.void:
        """Block a rule at a close, with the values that say why."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        found: cython.double = 0.0
        wanted: cython.double = 0.0
        if reason == L.R_MIN_HOLD:
            found = cython.cast(cython.double, now + self.step - self.i[ib + L.SI_ENTRY_TIME]) / L.HOUR
            wanted = self.plan_f[L.PF_MIN_HOLD] / L.HOUR
        elif reason == L.R_MIN_FLAT:
            found = (
                cython.cast(cython.double, now + self.step - self.i[self._intention(s, rule) + L.NI_EXITED])
                / L.HOUR
            )
            wanted = self.plan_f[L.PF_MIN_FLAT] / L.HOUR
        elif reason == L.R_MIN_MOVE:
            found = 100.0 * self._move(s, q)
            wanted = 100.0 * self.plan_f[L.PF_PRICE_MOVE]
        elif reason == L.R_REWARD:
            found = self._reward(s, rule, q)
            wanted = self.rule_f[rule * L.RF_SIZE + L.RF_REWARD]
        elif reason == L.R_CONFLICT_IGNORED or reason == L.R_CONFLICT_DEFERRED:
            found = self.f[fb + L.SF_QTY]
        elif reason == L.R_HOLD_RULE or reason == L.R_BINDING:
            found = cython.cast(cython.double, self.i[ib + L.SI_ENTRY_RULE])
        elif reason == L.R_LATCHED:
            found = cython.cast(cython.double, self.i[ib + L.SI_LATCH] - 1)
        elif reason == L.R_WALKED_AWAY:
            found = self.f[L.GF_EQUITY]
            wanted = self.plan_f[L.PF_WALK_AWAY]
        self._block(s, rule, now, reason, found, wanted)

    @cython.cfunc
    @cython.nogil
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
    @cython.nogil
    def _block(
        self,
        s: cython.Py_ssize_t,
        rule: cython.Py_ssize_t,
        now: cython.longlong,
        reason: cython.longlong,
        first_value: cython.double,
        second_value: cython.double,
    ) -> cython.void:
        """Count a blocked decision; a block like the one before, on the same day, only lengthens it."""
        nb: cython.Py_ssize_t = self._intention(s, rule)
        nf: cython.Py_ssize_t = L.GF_SIZE + self.count * L.SF_SIZE + (s * self.rules + rule) * L.NF_SIZE
        self.i[L.GI_BLOCKED + reason] += 1
        self.i[self._counter(rule) + L.TI_BLOCKED + reason] += 1
        if self.i[nb + L.NI_REASON] != reason or self.i[nb + L.NI_FIRST] // L.DAY != now // L.DAY:
            self._report_block(s, rule, now)
            self.i[nb + L.NI_REASON] = reason
            self.i[nb + L.NI_FIRST] = now
            self.i[nb + L.NI_COUNT] = 0
            self.f[nf + L.NF_FIRST_VALUE] = first_value
            self.f[nf + L.NF_SECOND_VALUE] = second_value
        self.i[nb + L.NI_LAST] = now
        self.i[nb + L.NI_COUNT] += 1

    @cython.cfunc
    @cython.nogil
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
                if self.i[ib + L.SI_PENDING_RULE] >= 0:
                    self._block(s, self.i[ib + L.SI_PENDING_RULE], now, L.R_END_OF_DATA, 0.0, 0.0)
                else:
                    self.i[L.GI_BLOCKED + L.R_END_OF_DATA] += 1
                    self._event(L.E_BLOCKED, now, s, -1, self.i[ib + L.SI_PENDING_ID], L.R_END_OF_DATA)
                    self._detail(now, now, 1, 0.0, 0.0)
            if self.i[ib + L.SI_RESTING] != 0:
                self._cancel_resting(s, now, L.R_END_OF_DATA)
            for rule in range(self.rules):
                if self.i[self._intention(s, rule) + L.NI_ID] >= 0:
                    self._settle(s, rule, now)
            expected = start
            if self.i[ib + L.SI_LAST] + self.step > expected:
                expected = self.i[ib + L.SI_LAST] + self.step
            if until > expected:
                missing = (until - expected + self.step - 1) // self.step
                self.i[ib + L.SI_GAPS] += 1
                self.i[ib + L.SI_MISSING] += missing
                self._event(L.E_GAP, now, s, -1, -1, -1)
                self._detail(expected, expected + (missing - 1) * self.step, missing, 0.0, 0.0)
        self._event(L.E_COMPLETED, now, -1, -1, -1, -1)
        self.i[L.GI_FINISHED] = 1

    # --- logs --------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    def _event(
        self,
        kind: cython.longlong,
        now: cython.longlong,
        s: cython.longlong,
        rule: cython.longlong,
        decision: cython.longlong,
        reason: cython.longlong,
    ) -> cython.void:
        at: cython.Py_ssize_t = self.events
        self.i[L.GI_EVENTS] += 1
        if self.summary:
            return
        self.event_i[L.EI_CODE * self.event_size + at] = (
            (kind + 1) << L.CODE_TYPE
            | (s + 1) << L.CODE_MARKET
            | (rule + 1) << L.CODE_RULE
            | (reason + 1) << L.CODE_REASON
        )
        self.event_i[L.EI_TIME * self.event_size + at] = now
        self.event_i[L.EI_DECISION * self.event_size + at] = decision
        self.events += 1

    @cython.cfunc
    @cython.nogil
    def _detail(
        self,
        first: cython.longlong,
        last: cython.longlong,
        count: cython.longlong,
        first_value: cython.double,
        second_value: cython.double,
    ) -> cython.void:
        """What the event just written (a block, a gap, a payment) has to say beyond its code."""
        at: cython.Py_ssize_t = self.details
        if self.summary:
            return
        self.detail_i[L.DI_FIRST * self.detail_size + at] = first
        self.detail_i[L.DI_LAST * self.detail_size + at] = last
        self.detail_i[L.DI_COUNT * self.detail_size + at] = count
        self.detail_f[L.DF_FIRST_VALUE * self.detail_size + self.details] = first_value
        self.detail_f[L.DF_SECOND_VALUE * self.detail_size + self.details] = second_value
        self.details += 1

    @cython.cfunc
    @cython.nogil
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
        bound: cython.longlong,
        side: cython.longlong,
    ) -> cython.void:
        """Log a fill with the position as it is now; an exit adds its P&L and extremes itself.

        What no rule decided is told of the trigger that opened the position.
        """
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        at: cython.Py_ssize_t = self.fills
        if not self.summary:
            self.fill_f[L.FF_PRICE * self.fill_size + at] = price
            self.fill_f[L.FF_QTY * self.fill_size + at] = qty
            self.fill_f[L.FF_FEE * self.fill_size + at] = fee
            self.fill_f[L.FF_SLIPPAGE * self.fill_size + at] = slippage
            self.fill_f[L.FF_PNL * self.fill_size + at] = 0.0
            self.fill_f[L.FF_POSITION * self.fill_size + at] = self.f[fb + L.SF_QTY]
            self.fill_f[L.FF_CASH * self.fill_size + at] = self.f[L.GF_CASH]
            self.fill_f[L.FF_REALISED * self.fill_size + at] = self.f[L.GF_REALISED]
            self.fill_f[L.FF_ENTRY_PRICE * self.fill_size + at] = self.f[fb + L.SF_COST]
            self.fill_f[L.FF_ENTRY_FEES * self.fill_size + at] = self.f[fb + L.SF_FEES]
            self.fill_f[L.FF_MAE * self.fill_size + at] = 0.0
            self.fill_f[L.FF_MFE * self.fill_size + at] = 0.0
        self._log_fill_code(s, now, rule, kind, reason, decided, decision, bound, side)

    @cython.cfunc
    @cython.nogil
    def _log_fill_code(
        self,
        s: cython.Py_ssize_t,
        now: cython.longlong,
        rule: cython.longlong,
        kind: cython.longlong,
        reason: cython.longlong,
        decided: cython.longlong,
        decision: cython.longlong,
        bound: cython.longlong,
        side: cython.longlong,
    ) -> cython.void:
        """End the fill whose numbers were just logged with what it was, and its event."""
        ib: cython.Py_ssize_t = L.GI_SIZE + s * L.SI_SIZE
        at: cython.Py_ssize_t = self.fills
        self.i[L.GI_FILLS] += 1
        if self.summary:
            self.i[L.GI_EVENTS] += 1
            return
        self.fill_i[L.FI_CODE * self.fill_size + at] = (
            (kind + 1) << L.CODE_TYPE
            | (s + 1) << L.CODE_MARKET
            | ((rule if rule >= 0 else self.i[ib + L.SI_ENTRY_RULE]) + 1) << L.CODE_RULE
            | (reason + 1) << L.CODE_REASON
            | (self.i[ib + L.SI_ENTRY_RULE] + 1) << L.CODE_ENTRY_RULE
            | (bound + 1) << L.CODE_BOUND
            | (side + 1) << L.CODE_SIDE
        )
        self.fill_i[L.FI_TIME * self.fill_size + at] = now
        self.fill_i[L.FI_DECIDED * self.fill_size + at] = decided
        self.fill_i[L.FI_SET * self.fill_size + at] = self.i[ib + L.SI_SET]
        self.fill_i[L.FI_ENTRY_TIME * self.fill_size + at] = self.i[ib + L.SI_ENTRY_TIME]
        self.fill_i[L.FI_BARS * self.fill_size + at] = self.i[ib + L.SI_BARS]
        self.fill_i[L.FI_DECISION * self.fill_size + at] = decision
        self.fills += 1
        self._event(L.E_FILL, now, s, rule, decision, -1)

    @cython.cfunc
    @cython.nogil
    def _log_extra(
        self,
        margin: cython.double,
        funding: cython.double,
        fraction: cython.double,
        risk_used: cython.double,
        risk: cython.double,
        distance: cython.double,
        allowed: cython.double,
        multiplier: cython.double,
        inside: cython.double,
        covered: cython.double,
    ) -> cython.void:
        """What a rich run knows of the fill just logged."""
        at: cython.Py_ssize_t = self.extras
        if not self.rich or self.summary:
            return
        self.extra_f[L.XF_MARGIN * self.extra_size + at] = margin
        self.extra_f[L.XF_FUNDING * self.extra_size + at] = funding
        self.extra_f[L.XF_FRACTION * self.extra_size + at] = fraction
        self.extra_f[L.XF_RISK_USED * self.extra_size + at] = risk_used
        self.extra_f[L.XF_RISK * self.extra_size + at] = risk
        self.extra_f[L.XF_STOP_DISTANCE * self.extra_size + at] = distance
        self.extra_f[L.XF_ALLOCATED * self.extra_size + at] = allowed
        self.extra_f[L.XF_MULTIPLIER * self.extra_size + at] = multiplier
        self.extra_f[L.XF_INSIDE * self.extra_size + at] = inside
        self.extra_f[L.XF_COVERED * self.extra_size + at] = covered
        self.extras += 1

    @cython.cfunc
    @cython.nogil
    def _log_positions(self, now: cython.longlong, row: cython.Py_ssize_t) -> cython.void:
        """Write every market that is open, or was closed in this row: a whole state in a few rows."""
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
            if (
                changed
                and not self.summary
                and (self.f[fb + L.SF_QTY] != 0.0 or self.i[ib + L.SI_CHANGED] != 0)
            ):
                at = self.positions
                self.position_f[L.LF_QTY * self.position_size + at] = self.f[fb + L.SF_QTY]
                self.position_f[L.LF_COST * self.position_size + at] = self.f[fb + L.SF_COST]
                self.position_f[L.LF_REALISED * self.position_size + at] = self.f[L.GF_REALISED]
                self.position_f[L.LF_CASH * self.position_size + at] = self.f[L.GF_CASH]
                self.position_f[L.LF_MARGIN * self.position_size + at] = self.f[fb + L.SF_MARGIN]
                self.position_f[L.LF_STOP * self.position_size + at] = self._nearest_stop(s)
                self.position_f[L.LF_TARGET * self.position_size + at] = self.f[fb + L.SF_TARGET]
                self.position_f[L.LF_LIQUIDATION * self.position_size + at] = self.f[fb + L.SF_LIQUIDATION]
                at = self.positions
                self.position_i[L.LI_TIME * self.position_size + at] = now
                self.position_i[L.LI_MARKET * self.position_size + at] = s
                self.position_i[L.LI_SET * self.position_size + at] = self.i[ib + L.SI_SET]
                self.positions += 1
            self.i[ib + L.SI_CHANGED] = 0
        if self.summary:
            return
        at = self.balances
        self.balance_f[L.BF_CASH * self.balance_size + at] = self.f[L.GF_CASH]
        self.balance_f[L.BF_BASE * self.balance_size + at] = self.f[L.GF_CASH] + self.f[L.GF_RESERVED]
        self.balance_f[L.BF_REALISED * self.balance_size + at] = self.f[L.GF_REALISED]
        self.balance_i[self.balances] = row
        self.balances += 1

    @cython.cfunc
    @cython.nogil
    def _nearest_stop(self, s: cython.Py_ssize_t) -> cython.double:
        """The stop or trailing stop that the price meets first; NaN for none."""
        fb: cython.Py_ssize_t = L.GF_SIZE + s * L.SF_SIZE
        stop: cython.double = self.f[fb + L.SF_STOP]
        trail: cython.double = self.f[fb + L.SF_TRAIL]
        if stop != stop or self.f[fb + L.SF_QTY] * (trail - stop) > 0.0:
            return trail
        return stop


def expand_equity(
    equity: cython.const[cython.double][::1],
    gross: cython.const[cython.double][::1],
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

    `balances` has layout's BF_WIDTH columns; `gross` (notional of all positions) may be empty where nothing
    is leveraged or short: it is then equity less what lies in cash. `peak` is the highest equity before the
    first row.
    """
    rows: cython.Py_ssize_t = len(equity)
    count: cython.Py_ssize_t = len(starts)
    given: cython.bint = len(gross) > 0
    n: cython.Py_ssize_t
    j: cython.Py_ssize_t
    last: cython.Py_ssize_t
    value: cython.double
    held: cython.double
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
            held = gross[j] if given else value - base
            if value > peak:
                peak = value
            cash_out[j] = cash
            exposure_out[j] = held / value if value != 0.0 else 0.0
            drawdown_out[j] = (peak - value) / peak
            realised_out[j] = realised
            # Flat, what the subtraction leaves is rounding and no profit.
            unrealised_out[j] = value - initial - realised if held != 0.0 else 0.0
