"""Where everything lies in the flat arrays of the fold.

The kernel knows no Python objects: plans, states and logs are arrays of float64 and int64. These numbers
are the only description of them, read by the kernel and by the modules that wrap it. What the rules'
instructions look like is in `engine.instructions`.
"""

from typing import Final

BLOCK: Final = 4096
"""Rows folded at once: their bars, read twice, are still in a core's second cache."""

AHEAD: Final = 8192
"""Rows folded at once where a second thread loads what follows: so many that handing over costs little."""

MOST_AHEAD: Final = 16
"""Blocks that are loaded ahead at most."""

AT_ONCE: Final = 64
"""Blocks folded before the interpreter is asked whether there was an interrupt."""

PIECE: Final = 1024
"""Bars evaluated at once, a divisor of BLOCK: a few registers of 8 KB stay in the first cache."""

CELLS: Final = 5
"""Columns of a block that the fold itself reads: open, high, low, close, volume."""

LANE: Final = 64
"""Rows whose truths of one rule are one whole number, the first its lowest bit; PIECE is a multiple."""

MOST_RULES: Final = 64
"""Rules of a document, whose truths at one row are one whole number too."""

FOREVER: Final = 1 << 62
DAY: Final = 86_400_000
HOUR: Final = 3_600_000

# --- the plan, as the kernel needs it ----------------------------------------------------------

(
    PF_TAKER, PF_MAKER, PF_SLIPPAGE, PF_RANGE, PF_VOLUME, PF_INITIAL, PF_LEVERAGE, PF_MAINTENANCE,
    PF_SIZING, PF_VOLATILITY_SCALE, PF_POSITION_RISK, PF_SYMBOL_CAP, PF_PORTFOLIO_CAP, PF_DAILY_LOSS,
    PF_DAILY_BUDGET, PF_PRICE_MOVE, PF_MIN_HOLD, PF_MIN_FLAT, PF_WALK_AWAY, PF_SIZE,
) = range(20)  # fmt: skip
"""Rates and shares as fractions; limits that are off are infinite (caps) or 0 (minima); times in ms."""

(
    PI_START, PI_STEP, PI_RULES, PI_ENTRIES, PI_DECIDING, PI_SLOTS, PI_ATR_SLOT, PI_VOLATILITY_SLOT,
    PI_SIZING, PI_TRADES_A_DAY, PI_TRIGGERS_A_DAY, PI_CONFLICTS, PI_BINDING, PI_FLATTEN, PI_RICH,
    PI_DAILY, PI_GROSS, PI_SUMMARY, PI_ALL_RULES, PI_SIZE,
) = range(20)  # fmt: skip
"""PI_DECIDING: entry and exit rules together, before the hold rules. PI_RICH: the run uses more than
market orders of a fraction of equity, so fills have extras. PI_DAILY: something counts by UTC days.
PI_GROSS: exposure cannot be derived from equity and is written. PI_SUMMARY: one of several combinations
that share their bars; equity and state alone are written. PI_ALL_RULES: how many rules are evaluated, those
of other combinations too."""

SIZING_FRACTION, SIZING_RISK, SIZING_NOTIONAL, SIZING_VOLATILITY = range(4)
SIZINGS: Final = ("fraction", "risk", "notional", "volatility_target")
CONFLICT_IGNORE, CONFLICT_EXIT, CONFLICT_REVERSE, CONFLICT_DEFER = range(4)
BINDING_NONE, BINDING_CATEGORY, BINDING_EXACT = range(3)

# for each market
MF_STEP, MF_PER_UNIT, MF_MIN_NOTIONAL, MF_SIZE = range(4)
"""quantity step; steps in one unit when that is a whole number, else 0; smallest notional"""
MASK_FLAT, MASK_LONG, MASK_SHORT, MASK_SIZE = range(4)
"""which rules count when the market is flat, long, short"""

# for each rule
(
    RI_TRIGGER, RI_ENTRY, RI_SIGN, RI_CATEGORY, RI_RANK, RI_ORDER, RI_VALID, RI_STOP, RI_TARGET,
    RI_TRAILING, RI_ORDER_SLOT, RI_STOP_SLOT, RI_TARGET_SLOT, RI_TRAILING_SLOT, RI_MAX_BARS, RI_SCALE_IN,
    RI_HOLD, RI_STATE, RI_STATE_ROWS, RI_UNBOUND, RI_RISK_OFF, RI_SIZE,
) = range(22)  # fmt: skip
"""RI_SIGN: +1 long, −1 short, 0 both. RI_HOLD: the hold rule of an entry's trigger, −1 none. RI_UNBOUND:
exit binding does not apply."""
RF_FRACTION, RF_STOP, RF_TARGET, RF_TRAILING, RF_REWARD, RF_MULTIPLIER, RF_SIZE = range(7)

ORDER_MARKET, ORDER_LIMIT, ORDER_STOP = range(3)
ORDERS: Final = ("market", "limit", "stop")
LEVEL_NONE, LEVEL_PERCENT, LEVEL_DISTANCE, LEVEL_PRICE, LEVEL_R, LEVEL_STEP = range(6)
LEVELS: Final = ("none", "percent", "distance", "price", "r", "step")

RANK_EMERGENCY, RANK_LATCHED, RANK_CONFIDENT, RANK_RISK_OFF, RANK_RISK_REDUCE, RANK_EXIT, RANK_ENTRY = range(
    7
)
RANK_NONE: Final = 7

# --- state: one run of floats and one of ints for the portfolio, then for each market ----------

(
    GF_CASH, GF_RESERVED, GF_REALISED, GF_EQUITY, GF_PEAK, GF_DRAWDOWN, GF_RETURN_SUM, GF_RETURN_SQUARES,
    GF_DOWN_SQUARES, GF_FEES, GF_SLIPPAGE, GF_WON, GF_LOST, GF_TRADE_BEST, GF_TRADE_WORST, GF_TRADE_SUM,
    GF_BENCHMARK_CASH, GF_BENCHMARK_WAITING, GF_LOWEST, GF_PNL_SQUARES, GF_DAY_EQUITY, GF_DAY_RISK,
    GF_FUNDING, GF_COVERED,
    GF_SIZE,
) = range(25)  # fmt: skip

(
    GI_STARTED, GI_ROWS, GI_FIRST, GI_LAST, GI_DECISIONS, GI_SETS, GI_FILLS, GI_EVENTS, GI_EXPOSED,
    GI_TRADES, GI_WINS, GI_LOSSES, GI_DELAYED, GI_TRADE_BARS, GI_TRADE_BARS_MOST, GI_FINISHED, GI_ENTRIES,
    GI_CASH_BOUND, GI_DAY_ENTRIES, GI_WALKED, GI_COARSE, GI_EXITS,
) = range(22)  # fmt: skip
"""GI_EXITS is the first of one counter for each fill reason, then come those of the block reasons."""

FILL_REASONS: Final = (
    "entry_rule", "exit_rule", "initial_allocation", "stop", "trailing_stop", "target", "liquidation",
    "time_exit", "flatten_daily", "walk_away", "conflict_exit", "reversal",
)  # fmt: skip
(
    FR_ENTRY, FR_EXIT, FR_ALLOCATION, FR_STOP, FR_TRAILING, FR_TARGET, FR_LIQUIDATION, FR_TIME, FR_FLATTEN,
    FR_WALK_AWAY, FR_CONFLICT, FR_REVERSAL, FR_SIZE,
) = range(13)  # fmt: skip

REASONS: Final = (
    "end_of_data", "outranked", "insufficient_cash", "min_notional", "daily_loss", "trades_per_day",
    "triggers_per_symbol_day", "daily_risk_budget", "position_risk", "symbol_exposure",
    "portfolio_exposure", "stop_missing", "stop_beyond_entry", "target_beyond_entry", "price_missing",
    "reward_to_risk", "min_hold", "min_flat", "min_price_move", "hold_rule", "exit_binding",
    "conflict_ignored", "conflict_deferred", "conflict", "risk_off_latched", "walked_away", "replaced",
    "expired", "position_closed",
)  # fmt: skip
(
    R_END_OF_DATA, R_OUTRANKED, R_INSUFFICIENT_CASH, R_MIN_NOTIONAL, R_DAILY_LOSS, R_TRADES_PER_DAY,
    R_TRIGGERS_PER_DAY, R_DAILY_BUDGET, R_POSITION_RISK, R_SYMBOL_EXPOSURE, R_PORTFOLIO_EXPOSURE,
    R_STOP_MISSING, R_STOP_BEYOND, R_TARGET_BEYOND, R_PRICE_MISSING, R_REWARD, R_MIN_HOLD, R_MIN_FLAT,
    R_MIN_MOVE, R_HOLD_RULE, R_BINDING, R_CONFLICT_IGNORED, R_CONFLICT_DEFERRED, R_CONFLICT, R_LATCHED,
    R_WALKED_AWAY, R_REPLACED, R_EXPIRED, R_POSITION_CLOSED, R_SIZE,
) = range(30)  # fmt: skip

GI_BLOCKED: Final = GI_EXITS + FR_SIZE
GI_SIZE: Final = GI_BLOCKED + R_SIZE

(
    SF_QTY, SF_COST, SF_MARGIN, SF_FEES, SF_FUNDING, SF_RISK, SF_MARK, SF_HIGH, SF_LOW, SF_STOP, SF_TARGET,
    SF_TRAIL, SF_TRAIL_VALUE, SF_LIQUIDATION, SF_LAST_PRICE, SF_RESERVED, SF_BENCHMARK_QTY,
    SF_BENCHMARK_WAITING, SF_DECIDED_PRICE, SF_DECIDED_STOP, SF_DECIDED_TARGET, SF_DECIDED_TRAILING,
    SF_DECIDED_ATR, SF_DECIDED_VOLATILITY, SF_TRAIL_ENTRY,
    SF_SIZE,
) = range(26)  # fmt: skip
"""Signed quantity, average cost, isolated margin; entry fees, funding and risk at the stop not yet realised;
last close; extremes since the entry; levels (NaN none) and the price of the last fill (0 none); allocation
and benchmark share that wait for the first open; series values of the bar that decided the entry."""

(
    SI_LAST, SI_PENDING, SI_PENDING_RULE, SI_PENDING_REASON, SI_PENDING_ID, SI_DECIDED, SI_RESTING,
    SI_RESTING_RULE, SI_RESTING_LEFT, SI_RESTING_SINCE, SI_ACTIVE, SI_SET, SI_ENTRY_TIME, SI_ENTRY_RULE,
    SI_ENTRIES, SI_BARS, SI_OPENED, SI_GAPS, SI_MISSING, SI_CHANGED, SI_DAY_ENTRIES, SI_LATCH,
    SI_TRAILING, SI_STOP_HIT, SI_TARGET_HIT, SI_FUNDED, SI_FLAT_ROWS, SI_LONG_ROWS, SI_SHORT_ROWS,
    SI_DONE,
    SI_SIZE,
) = range(31)  # fmt: skip
"""SI_PENDING: bits 1 (a closing leg) and 2 (an entry). SI_RESTING: an ORDER_… or 0. SI_LATCH: the risk-off
rule that latched, plus one. SI_FUNDED: the next funding time. SI_DONE: some rule's NI_DONE is set."""
PENDING_CLOSE, PENDING_ENTRY = 1, 2

# an intention: a rule that fired and whose decision is not settled; one for each market and rule
NF_FIRST_VALUE, NF_SECOND_VALUE, NF_SIZE = range(3)
(
    NI_ID, NI_SUBMITTED, NI_REASON, NI_FIRST, NI_LAST, NI_COUNT, NI_DONE, NI_DEFERRED, NI_EXITED, NI_SIZE,
) = range(10)  # fmt: skip
"""NI_DONE: a partial exit that filled and whose rule has not been false since. NI_EXITED: when the last
position that this entry rule opened was left."""

# counters of each rule over all markets: closes at which it fired, fills, then blocks by reason
TI_FIRED, TI_EXECUTED, TI_BLOCKED = 0, 1, 2
TI_SIZE: Final = TI_BLOCKED + R_SIZE

# --- logs --------------------------------------------------------------------------------------

# Logs are what a run writes most: codes share one int, and what follows from other columns is left out.

(
    FF_PRICE, FF_QTY, FF_FEE, FF_SLIPPAGE, FF_PNL, FF_POSITION, FF_CASH, FF_REALISED, FF_ENTRY_PRICE,
    FF_ENTRY_FEES, FF_MAE, FF_MFE, FF_WIDTH,
) = range(13)  # fmt: skip
FI_CODE, FI_TIME, FI_DECIDED, FI_SET, FI_ENTRY_TIME, FI_BARS, FI_DECISION, FI_WIDTH = range(8)

(
    XF_MARGIN, XF_FUNDING, XF_FRACTION, XF_RISK_USED, XF_RISK, XF_STOP_DISTANCE, XF_ALLOCATED,
    XF_MULTIPLIER, XF_INSIDE, XF_COVERED, XF_WIDTH,
) = range(11)  # fmt: skip
"""Extras of a fill in a rich run: margin after it, funding realised, share of the position that left, risk
used and at the stop, stop distance, risk allowed, multiplier; open time of the finer bar that decided, loss
beyond the margin."""

# Bits of a code: (first bit, number of bits); a value of -1 (none) is written as 0, so all are one more.
CODE_TYPE, CODE_MARKET, CODE_RULE, CODE_REASON, CODE_ENTRY_RULE, CODE_BOUND, CODE_SIDE = (
    0, 4, 20, 28, 36, 44, 50
)  # fmt: skip
CODE_BITS: Final = {
    CODE_TYPE: 4,
    CODE_MARKET: 16,
    CODE_RULE: 8,
    CODE_REASON: 8,
    CODE_ENTRY_RULE: 8,
    CODE_BOUND: 6,
    CODE_SIDE: 4,
}
"""CODE_SIDE: 0 buy as taker, 1 sell as taker, 2 buy as maker, 3 sell as maker."""
FILL_EXIT, FILL_ENTRY, FILL_BOUND = range(3)
"""The type of a fill; FILL_BOUND is an entry that a limit made smaller than its own size."""
BOUNDS: Final = (
    "own", "position_risk", "symbol_exposure", "portfolio_exposure", "daily_risk_budget", "cash",
)  # fmt: skip
B_OWN, B_POSITION_RISK, B_SYMBOL, B_PORTFOLIO, B_BUDGET, B_CASH = range(6)

EI_CODE, EI_TIME, EI_DECISION, EI_WIDTH = range(4)
EVENT_TYPES: Final = (
    "trigger_fired",
    "order_submitted",
    "fill",
    "trade_blocked",
    "gap",
    "funding",
    "risk_off_latched",
    "walked_away",
    "plan_generated",
    "run_completed",
)
(
    E_FIRED, E_SUBMITTED, E_FILL, E_BLOCKED, E_GAP, E_FUNDING, E_LATCHED, E_WALKED, E_PLAN, E_COMPLETED,
    E_DECIDED,
) = range(11)  # fmt: skip
"""E_DECIDED is the pair of E_FIRED and E_SUBMITTED in one entry of the log: nearly every order begins so.
The reason of an E_SUBMITTED without a rule of its own is a fill reason."""

DF_FIRST_VALUE, DF_SECOND_VALUE, DF_WIDTH = range(3)
DI_FIRST, DI_LAST, DI_COUNT, DI_WIDTH = range(4)
"""details of blocks, gaps, funding, latches and fills that a limit made smaller, in the order of events"""

LF_QTY, LF_COST, LF_REALISED, LF_CASH, LF_MARGIN, LF_STOP, LF_TARGET, LF_LIQUIDATION, LF_WIDTH = range(9)
LI_TIME, LI_MARKET, LI_SET, LI_WIDTH = range(4)
"""positions after a change, in rich runs and where there are several markets; else they stand in the fills"""

BF_CASH, BF_BASE, BF_REALISED, BF_WIDTH = range(4)
"""balances from a row on (one int, the row): cash, cash with what is reserved, realised P&L"""

LOG_FILLS, LOG_EVENTS, LOG_DETAILS, LOG_POSITIONS, LOG_BALANCES, LOG_EXTRAS, LOG_COUNT = range(7)
FLOAT_WIDTHS: Final = (FF_WIDTH, 0, DF_WIDTH, LF_WIDTH, BF_WIDTH, XF_WIDTH)
INT_WIDTHS: Final = (FI_WIDTH, EI_WIDTH, DI_WIDTH, LI_WIDTH, 1, 0)

DF_HIGH, DF_LOW, DF_CLOSE, DAY_FLOATS = range(4)
DI_DAY, DI_BARS, DI_EXPOSED, DAY_INTS = range(4)
"""UTC days of the segment (number since 1970): highest, lowest and last equity of their closes; bars, and
those at whose close a position was open"""

H_ANSWER, H_ROW, H_ROWS, H_BAR, H_GAPS, HEAD_SIZE = range(6)
"""the head of a block: what loading it answered, its first row of the timeline, how many it has, of a single
market the bar that it begins with, and how many of its rows go the careful way; behind it how many bars each
market has in it"""

# what Fold.load, Fold.keep_up and Fold.fold_all answer
RUN_DONE, RUN_BAD_BAR, RUN_LOADED, RUN_LOGS_FULL = range(4)
