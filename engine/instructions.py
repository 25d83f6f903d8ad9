"""The instructions that evaluate a strategy, and where each of them keeps its carried values.

A program is rows of CODE_WIDTH int64 and two float64 each (`engine.program` writes them,
`engine.evaluation` runs them over blocks of bars). What depends on the position is a second, scalar
program of rows of STATE_WIDTH, run by the fold at a close. These numbers are their only description.
"""

from typing import Final

# --- rows of the vector program ----------------------------------------------------------------

CODE_WIDTH: Final = 10
C_OP, C_TO, C_A, C_B, C_PERIOD, C_STATE, C_TO2, C_A2, C_STATE2, C_CONTEXT = range(10)
"""operation, target register, operands, bars, offset in the carried values; second target, third operand
and its offset; the register that counts the bars of the instruction's timeframe, -1 for the run's own"""

(
    OP_FIELD, OP_NEG, OP_ABS, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MIN, OP_MAX,
    OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE, OP_AND, OP_OR, OP_NOT,
    OP_SHIFT, OP_CROSS_ABOVE, OP_CROSS_BELOW,
    OP_SMA, OP_SUM, OP_EMA, OP_EMA_PAIR, OP_WMA, OP_STDDEV, OP_VARIANCE, OP_HIGHEST, OP_LOWEST,
    OP_RULE, OP_COLUMN, OP_BOARD,
    OP_CLOCK, OP_GATHER, OP_SPREAD, OP_CLOSED,
    OP_SQRT, OP_FLOOR, OP_CALENDAR, OP_SESSION, OP_TOTAL, OP_SINCE, OP_WHEN,
    OP_DEVIATION, OP_PERCENTILE, OP_QUANTILE, OP_CORRELATION, OP_COVARIANCE,
    OP_SUPERTREND, OP_PSAR, OP_RULE_ABOVE, OP_RULE_BELOW, OP_RULES_CROSS,
) = range(54)  # fmt: skip

OPERATIONS: Final = {
    "field": OP_FIELD, "neg": OP_NEG, "abs": OP_ABS, "add": OP_ADD, "sub": OP_SUB, "mul": OP_MUL,
    "div": OP_DIV, "min": OP_MIN, "max": OP_MAX, "lt": OP_LT, "le": OP_LE, "gt": OP_GT, "ge": OP_GE,
    "eq": OP_EQ, "ne": OP_NE, "and": OP_AND, "or": OP_OR, "not": OP_NOT, "shift": OP_SHIFT,
    "cross_above": OP_CROSS_ABOVE, "cross_below": OP_CROSS_BELOW, "sma": OP_SMA, "sum": OP_SUM,
    "ema": OP_EMA, "wma": OP_WMA, "stddev": OP_STDDEV, "variance": OP_VARIANCE, "highest": OP_HIGHEST,
    "lowest": OP_LOWEST, "clock": OP_CLOCK, "gather": OP_GATHER, "spread": OP_SPREAD, "closed": OP_CLOSED,
    "sqrt": OP_SQRT, "floor": OP_FLOOR, "calendar": OP_CALENDAR, "session": OP_SESSION, "total": OP_TOTAL,
    "since": OP_SINCE, "when": OP_WHEN, "deviation": OP_DEVIATION, "percentile": OP_PERCENTILE,
    "quantile": OP_QUANTILE, "correlation": OP_CORRELATION, "covariance": OP_COVARIANCE,
    "supertrend": OP_SUPERTREND, "psar": OP_PSAR,
    # A text is a number to the program: what it is compared with is known when the rule is read.
    "text": OP_ADD,
}  # fmt: skip
"""The opcode of each kind of node."""

CROSSING_RULES: Final = {"cross_above": OP_RULE_ABOVE, "cross_below": OP_RULE_BELOW}
"""The opcode of a rule that is nothing but a crossing: its bits without a register between.

OP_RULES_CROSS are two such rules of the same two values, above and below (C_TO2)."""

DAY_MS: Final = 86_400_000

# columns of OP_FIELD and OP_GATHER
COLUMN_OPEN, COLUMN_HIGH, COLUMN_LOW, COLUMN_CLOSE, COLUMN_VOLUME, COLUMN_TIME = range(6)

# what happens at a bar of a higher timeframe's clock, as bits
TICK_START, TICK_EARLIER, TICK_OWN = 1, 2, 4
"""it is the first of its higher bar; an earlier higher bar is complete; its own higher bar is complete"""

# what OP_CALENDAR and OP_SESSION give, chosen by C_PERIOD
CALENDAR_HOUR, CALENDAR_MINUTE, CALENDAR_WEEKDAY, CALENDAR_DAY, CALENDAR_MONTH = range(5)
SESSION_SUM, SESSION_FIRST, SESSION_HIGH, SESSION_LOW, SESSION_BEFORE = range(5)
SUPERTREND_LINE, SUPERTREND_DIRECTION = range(2)

# --- carried values of the nodes (float64, one run of them for each market) --------------------

# sma, sum, wma, stddev, variance: bars seen without a missing one, place in the ring, reference, sum,
# second sum, last value and for how many bars it has stood; ring
ROLL_SEEN, ROLL_PLACE, ROLL_REFERENCE, ROLL_SUM, ROLL_SECOND, ROLL_LAST, ROLL_RUN, ROLL_HEAD = range(8)
# ema: values seen while seeding, reference, sum; the last average of a four, how many of the next four are
# there, the distances of their values from it
EMA_SEEN, EMA_REFERENCE, EMA_SUM, EMA_VALUE, EMA_PHASE, EMA_DISTANCE = range(6)
EMA_SIZE: Final = EMA_DISTANCE + 3
# highest, lowest: bars seen without a missing one, head, length; then values and their bars (a deque)
DEQUE_SEEN, DEQUE_HEAD, DEQUE_LENGTH, DEQUE_TOP = range(4)
# deviation, percentile, quantile: bars seen without a missing one, place; ring (and the ring in order)
RING_SEEN, RING_PLACE, RING_HEAD = range(3)
# correlation, covariance: as for sma, with means, products of distances and runs of both; both rings
(
    PAIR_SEEN, PAIR_PLACE, PAIR_MEAN_X, PAIR_MEAN_Y, PAIR_XX, PAIR_YY, PAIR_XY,
    PAIR_LAST_X, PAIR_RUN_X, PAIR_LAST_Y, PAIR_RUN_Y, PAIR_HEAD,
) = range(12)  # fmt: skip
# clock: what it is in the middle of, where the higher bar begins (epoch ms)
CLOCK_STATE, CLOCK_BUCKET, CLOCK_SIZE = range(3)
CLOCK_NEW, CLOCK_IDLE, CLOCK_OPEN, CLOCK_PARTIAL = range(4)
"""no bar yet; no higher bar is open; one is; one that began before the first bar is passed over"""
# session: days since 1970, whether the day was seen from its first bar, its value, that of the day before
SESSION_DAY, SESSION_KNOWN, SESSION_VALUE, SESSION_EARLIER, SESSION_SIZE = range(5)
# supertrend: direction (0 before the first), both bands, previous close
TREND_DIRECTION, TREND_UPPER, TREND_LOWER, TREND_CLOSE, TREND_SIZE = range(5)
# psar: bars seen (0, 1, more), 1 when long, the stop, extreme point, acceleration, previous high and low
SAR_SEEN, SAR_LONG, SAR_STOP, SAR_EXTREME, SAR_FACTOR, SAR_HIGH, SAR_LOW, SAR_SIZE = range(8)

# --- rows of the state program -----------------------------------------------------------------

STATE_WIDTH: Final = 4
S_OP, S_TO, S_A, S_B = range(4)
STATE_REGISTERS: Final = 64

STATE_NAMES: Final = (
    "position", "pnl", "pnl_pct", "age", "age_hours", "entry_price", "stop_hit", "target_hit", "current_r",
    "mfe_r", "mae_r", "cash", "equity", "exposure", "entries",
)  # fmt: skip
(
    STATE_POSITION, STATE_PNL, STATE_PNL_PCT, STATE_AGE, STATE_AGE_HOURS, STATE_ENTRY_PRICE, STATE_STOP_HIT,
    STATE_TARGET_HIT, STATE_CURRENT_R, STATE_MFE_R, STATE_MAE_R, STATE_CASH, STATE_EQUITY, STATE_EXPOSURE,
    STATE_ENTRIES,
) = range(15)  # fmt: skip

(
    S_CONST, S_BOARD, S_STATE, S_ADD, S_SUB, S_MUL, S_DIV, S_NEG, S_ABS, S_MIN, S_MAX,
    S_LT, S_LE, S_GT, S_GE, S_EQ, S_NE, S_AND, S_OR, S_NOT,
) = range(20)  # fmt: skip
"""a constant (the row's parameter), a board slot (S_A), a state value (S_A, its place in STATE_NAMES);
then the scalar forms of the vector operations"""

STATE_OPERATIONS: Final = {
    "add": S_ADD, "sub": S_SUB, "mul": S_MUL, "div": S_DIV, "neg": S_NEG, "abs": S_ABS, "min": S_MIN,
    "max": S_MAX, "lt": S_LT, "le": S_LE, "gt": S_GT, "ge": S_GE, "eq": S_EQ, "ne": S_NE, "and": S_AND,
    "or": S_OR, "not": S_NOT,
}  # fmt: skip
"""The operation of each kind of node that may depend on the position."""
