"""The one schema: every table that Stepfold writes or reads, column by column.

Prices and amounts are in the run's quote currency, times are epoch milliseconds UTC, fractions are 0..1.
Declared without pyarrow, so that naming a column costs no import; `arrow_schema` builds the real thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 2

# Tables whose columns have changed, and the version in which they last did; all others are as in version 1,
# so that equal candles stay equal bytes. A version only adds columns: what an older file lacks is null.
_CHANGED = {"fills": 2, "trades": 2, "positions": 2}

Kind = Literal["time", "int", "float", "text", "json", "bool"]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    nullable: bool = False


def _columns(text: str) -> tuple[Column, ...]:
    """Read `name:kind` words; a `?` behind the kind marks a column that may be null."""
    columns = []
    for word in text.split():
        name, kind = word.split(":")
        columns.append(Column(name, kind.rstrip("?"), kind.endswith("?")))  # type: ignore[arg-type]
    return tuple(columns)


# Columns that are read together stand together: a reader's ranges then touch.
TABLES: dict[str, tuple[Column, ...]] = {
    # One row a bar that exists; a missing bar is a missing row.
    "candles": _columns("timestamp:time open:float high:float low:float close:float volume:float"),
    # One row a payment between longs and shorts of a perpetual: the fraction of a position's value that longs
    # pay, below zero get.
    "funding": _columns("timestamp:time rate:float"),
    # One row a bar of the run's time line, as it stands at that bar's close.
    # exposure: gross position value over equity; drawdown: fraction below the highest equity so far, >= 0.
    "equity": _columns(
        "timestamp:time equity:float cash:float exposure:float drawdown:float "
        "realised_pnl:float unrealised_pnl:float benchmark:float"
    ),
    # One row a fill; row number = seq. pnl is net of the exit's fee and its shares of entry fees and funding.
    # An initial allocation is a fill that no rule decided: liquidity, trigger and correlation are null.
    # qty is positive, position_after signed; funding is what this exit's share paid; bound_by is the limit
    # that decided an entry's size.
    "fills": _columns(
        "seq:int timestamp:time symbol:text side:text qty:float price:float fee:float slippage:float "
        "liquidity:text? pnl:float trigger_id:text? category:text? reason:text is_entry:bool "
        "exit_fraction:float? position_after:float average_cost:float cash_after:float decided_at:time "
        "set_id:int risk_used_abs:float? actual_risk_at_stop:float? stop_distance:float? "
        "allocated_risk_abs:float? profile_multiplier:float? r_multiple:float? margin_after:float "
        "funding:float bound_by:text? correlation_id:text?"
    ),
    # One row a round trip: an exit fill against the position it reduced, at weighted average cost.
    "trades": _columns(
        "timestamp:time symbol:text side:text entry_timestamp:time exit_timestamp:time entry_price:float "
        "exit_price:float entry_trigger:text? exit_trigger:text? qty:float pnl:float fees:float "
        "funding:float return_pct:float bars:int mae:float mfe:float risk:float? r_multiple:float? "
        "exit_reason:text set_id:int"
    ),
    # At every time at which a position changed, one row a symbol that is open or was just closed:
    # the rows of the last such time are the whole state, so looking it up is one search. qty is signed.
    "positions": _columns(
        "timestamp:time symbol:text qty:float average_cost:float margin:float stop_price:float? "
        "target_price:float? liquidation_price:float? realised_pnl:float cash:float set_id:int"
    ),
    "events": _columns(
        "seq:int timestamp:time type:text symbol:text? trigger_id:text? correlation_id:text? payload:json"
    ),
    # What the strategy and the playback show of one symbol; a document's named indicators follow these.
    "indicators": _columns(
        "timestamp:time sma_20:float? sma_50:float? ema_20:float? rsi_14:float? macd:float? "
        "macd_signal:float? macd_hist:float? atr_14:float? bb_upper:float? bb_middle:float? bb_lower:float?"
    ),
}


def columns_of(table: str, extra: Sequence[str] = ()) -> tuple[Column, ...]:
    """Return a table's columns, then `extra` nullable floats (a document's named indicators)."""
    known = TABLES[table]
    taken = {column.name for column in known}
    return known + tuple(Column(name, "float", nullable=True) for name in extra if name not in taken)


def version_of(table: str) -> int:
    """Return the version in which a table last changed: the one that its files carry."""
    return _CHANGED.get(table, 1)


@lru_cache(maxsize=64)
def arrow_schema(table: str, extra: tuple[str, ...] = ()) -> pa.Schema:
    """Return the Arrow schema of a table, its name and version in the metadata."""
    import pyarrow as pa

    types = {
        "time": pa.int64(),
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "json": pa.string(),
        "bool": pa.bool_(),
    }
    return pa.schema(
        [pa.field(c.name, types[c.kind], nullable=c.nullable) for c in columns_of(table, extra)],
        metadata={"stepfold.schema": table, "stepfold.version": str(version_of(table))},
    )
