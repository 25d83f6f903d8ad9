"""Where everything lies in the flat arrays that the kernel works on.

The kernel knows no Python objects: programs, states and logs are arrays of float64 and int64. These
numbers are the only description of them, read by the kernel and by the modules that wrap it.
"""

from typing import Final

BLOCK: Final = 4096
"""Rows folded at once: their bars, read twice, are still in a core's second cache."""

PIECE: Final = 1024
"""Bars evaluated at once, a divisor of BLOCK: a few registers of 8 KB stay in the first cache."""

CELLS: Final = 4
"""Columns of a block that the fold itself reads: open, high, low, close."""

FOREVER: Final = 1 << 62

# --- instructions: rows of CODE_WIDTH int64 and of two float64 ---------------------------------

CODE_WIDTH: Final = 9
C_OP, C_TO, C_A, C_B, C_PERIOD, C_STATE, C_TO2, C_A2, C_STATE2 = range(9)
"""operation, target register, operands, bars, offset in the carried values; the second half of a pair"""

(
    OP_FIELD, OP_NEG, OP_ABS, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MIN, OP_MAX,
    OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE, OP_AND, OP_OR, OP_NOT,
    OP_SHIFT, OP_CROSS_ABOVE, OP_CROSS_BELOW,
    OP_SMA, OP_EMA, OP_EMA_PAIR, OP_WMA, OP_STDDEV, OP_HIGHEST, OP_LOWEST,
    OP_RULE, OP_COLUMN,
) = range(30)  # fmt: skip

# --- carried values of the nodes (float64, one run of them for each market) --------------------

# sma, wma, stddev: bars seen without a missing one, place in the ring, reference, sum, second sum; ring
ROLL_SEEN, ROLL_PLACE, ROLL_REFERENCE, ROLL_SUM, ROLL_SECOND, ROLL_HEAD = 0, 1, 2, 3, 4, 5
# ema: values seen while seeding, reference, sum, average
EMA_SEEN, EMA_REFERENCE, EMA_SUM, EMA_VALUE, EMA_SIZE = 0, 1, 2, 3, 4
# highest, lowest: bars seen without a missing one, head, length; then values and their bars (a deque)
DEQUE_SEEN, DEQUE_HEAD, DEQUE_LENGTH, DEQUE_TOP = 0, 1, 2, 3

# --- the plan, as the kernel needs it ----------------------------------------------------------

PF_FEE, PF_SLIPPAGE, PF_FRACTION, PF_INITIAL, PF_SIZE = range(5)
PI_START, PI_STEP, PI_RULES, PI_ENTRIES, PI_SIZE = range(5)
# for each market
MF_STEP, MF_PER_UNIT, MF_MIN_NOTIONAL, MF_SIZE = range(4)
"""quantity step; steps in one unit when that is a whole number, else 0; smallest notional"""

# --- state: one run of floats and one of ints for the portfolio, then for each market ----------

(
    GF_CASH, GF_RESERVED, GF_REALISED, GF_EQUITY, GF_PEAK, GF_DRAWDOWN, GF_RETURN_SUM, GF_RETURN_SQUARES,
    GF_DOWN_SQUARES, GF_FEES, GF_SLIPPAGE, GF_WON, GF_LOST, GF_TRADE_BEST, GF_TRADE_WORST, GF_TRADE_SUM,
    GF_BENCHMARK_CASH, GF_BENCHMARK_WAITING, GF_LOWEST, GF_PNL_SQUARES,
    GF_SIZE,
) = range(21)  # fmt: skip

(
    GI_STARTED, GI_ROWS, GI_FIRST, GI_LAST, GI_DECISIONS, GI_SETS, GI_FILLS, GI_EVENTS, GI_EXPOSED,
    GI_TRADES, GI_WINS, GI_LOSSES, GI_DELAYED, GI_TRADE_BARS, GI_TRADE_BARS_MOST, GI_FINISHED, GI_ENTRIES,
    GI_CASH_BOUND, GI_BLOCKED,
) = range(19)  # fmt: skip
"""GI_BLOCKED is the first of one counter for each reason."""

REASONS: Final = ("end_of_data", "outranked", "insufficient_cash", "min_notional")
R_END_OF_DATA, R_OUTRANKED, R_INSUFFICIENT_CASH, R_MIN_NOTIONAL = range(4)
GI_SIZE: Final = GI_BLOCKED + len(REASONS)

(
    SF_QTY, SF_COST, SF_ENTRY_FEES, SF_MARK, SF_HIGH, SF_LOW, SF_RESERVED, SF_BENCHMARK_QTY,
    SF_BENCHMARK_WAITING, SF_SIZE,
) = range(10)  # fmt: skip
"""quantity, average cost, entry fees not yet realised, last close, extremes since the entry; allocation
and benchmark share that wait for the market's first open"""

(
    SI_LAST, SI_PENDING, SI_PENDING_RULE, SI_DECIDED, SI_ACTIVE, SI_SET, SI_ENTRY_TIME, SI_ENTRY_RULE,
    SI_BARS, SI_OPENED, SI_GAPS, SI_MISSING, SI_CHANGED,
    SI_SIZE,
) = range(14)  # fmt: skip

# an intention: a rule that fired and whose decision is not settled; one for each market and rule
NF_FIRST_VALUE, NF_SECOND_VALUE, NF_SIZE = range(3)
NI_ID, NI_SUBMITTED, NI_REASON, NI_FIRST, NI_LAST, NI_COUNT, NI_SIZE = range(7)

# --- logs --------------------------------------------------------------------------------------

# Logs are what a run writes most: codes share one int, and what follows from other columns is left out.

(
    FF_PRICE, FF_QTY, FF_FEE, FF_SLIPPAGE, FF_PNL, FF_POSITION, FF_CASH, FF_REALISED, FF_ENTRY_PRICE,
    FF_ENTRY_FEES, FF_MAE, FF_MFE, FF_WIDTH,
) = range(13)  # fmt: skip
FI_CODE, FI_TIME, FI_DECIDED, FI_SET, FI_ENTRY_TIME, FI_BARS, FI_DECISION, FI_WIDTH = range(8)

# Bits of a code: (first bit, number of bits); a value of -1 (none) is written as 0, so all are one more.
CODE_TYPE, CODE_MARKET, CODE_RULE, CODE_REASON, CODE_ENTRY_RULE = 0, 8, 24, 32, 40
CODE_BITS: Final = {CODE_TYPE: 8, CODE_MARKET: 16, CODE_RULE: 8, CODE_REASON: 8, CODE_ENTRY_RULE: 8}
"""For a fill the type is FILL_ENTRY, FILL_CASH_BOUND (an entry that cash made smaller) or FILL_EXIT."""
FILL_EXIT, FILL_ENTRY, FILL_CASH_BOUND = range(3)
FILL_REASONS: Final = ("entry_rule", "exit_rule", "initial_allocation")
FR_ENTRY, FR_EXIT, FR_ALLOCATION = range(3)

EI_CODE, EI_TIME, EI_DECISION, EI_WIDTH = range(4)
EVENT_TYPES: Final = (
    "trigger_fired",
    "order_submitted",
    "fill",
    "trade_blocked",
    "gap",
    "plan_generated",
    "run_completed",
)
E_FIRED, E_SUBMITTED, E_FILL, E_BLOCKED, E_GAP, E_PLAN, E_COMPLETED, E_DECIDED = range(8)
"""E_DECIDED is the pair of E_FIRED and E_SUBMITTED in one entry of the log: nearly every order begins so."""

DF_FIRST_VALUE, DF_SECOND_VALUE, DF_WIDTH = range(3)
DI_FIRST, DI_LAST, DI_COUNT, DI_WIDTH = range(4)
"""details of blocks, gaps and fills that cash made smaller, in the order of their events"""

LF_QTY, LF_COST, LF_REALISED, LF_CASH, LF_WIDTH = range(5)
LI_TIME, LI_MARKET, LI_SET, LI_WIDTH = range(4)
"""positions after a change, where there are several markets; one market's stand in its fills"""

BF_CASH, BF_BASE, BF_REALISED, BF_WIDTH = range(4)
"""balances from a row on (one int, the row): cash, cash with what is reserved, realised P&L"""

LOG_FILLS, LOG_EVENTS, LOG_DETAILS, LOG_POSITIONS, LOG_BALANCES, LOG_COUNT = range(6)
FLOAT_WIDTHS: Final = (FF_WIDTH, 0, DF_WIDTH, LF_WIDTH, BF_WIDTH)
INT_WIDTHS: Final = (FI_WIDTH, EI_WIDTH, DI_WIDTH, LI_WIDTH, 1)

# what Fold.run answers
RUN_DONE, RUN_LOG_FULL, RUN_BAD_BAR = range(3)
