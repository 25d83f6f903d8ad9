"""The state between two segments of a run: small, serialisable, and all that the fold remembers."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import layout as L  # noqa: N812 - a short name for what stands on every line
from engine.errors import StateError
from engine.plan_arrays import program_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.plan import Plan
    from engine.program import Program

_MAGIC = b"STEPFOLD"
_HEADER = struct.Struct("<8sIII")
"""magic, bytes of the JSON head, number of floats, number of ints"""


@dataclass(frozen=True, eq=False)
class State:
    """Where a run stands after some bars. Opaque but for its properties; see engine.layout."""

    fingerprint: str
    """Of the plan that it belongs to."""
    floats: NDArray[np.float64]
    ints: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """Simulated timestamps so far."""
        return int(self.ints[L.GI_ROWS])

    @property
    def last_timestamp(self) -> int | None:
        """Open time of the last simulated bar, epoch ms."""
        return int(self.ints[L.GI_LAST]) if self.rows else None

    @property
    def equity(self) -> float:
        """Cash, reserved allocations and positions at the last close, in quote currency."""
        return float(self.floats[L.GF_EQUITY])

    @property
    def fills(self) -> int:
        return int(self.ints[L.GI_FILLS])

    @property
    def trades(self) -> int:
        return int(self.ints[L.GI_TRADES])

    @property
    def events(self) -> int:
        return int(self.ints[L.GI_EVENTS])

    @property
    def finished(self) -> bool:
        return bool(self.ints[L.GI_FINISHED])

    def to_bytes(self) -> bytes:
        """Serialise; equal states give equal bytes on every platform."""
        head = json.dumps({"plan": self.fingerprint}).encode()
        floats = self.floats.astype("<f8", copy=False).tobytes()
        ints = self.ints.astype("<i8", copy=False).tobytes()
        return _HEADER.pack(_MAGIC, len(head), len(self.floats), len(self.ints)) + head + floats + ints

    @classmethod
    def from_bytes(cls, data: bytes) -> State:
        """Read what `to_bytes` wrote. Raise StateError for anything else."""
        import numpy as np

        if len(data) < _HEADER.size:
            raise StateError(f"{len(data)} bytes are no state: the header alone has {_HEADER.size}")
        magic, head_size, float_count, int_count = _HEADER.unpack_from(data)
        floats_at = _HEADER.size + head_size
        ints_at = floats_at + 8 * float_count
        if magic != _MAGIC or len(data) != ints_at + 8 * int_count:
            raise StateError("these bytes are no state of a run, or were cut off")
        head = json.loads(data[_HEADER.size : floats_at])
        floats = np.frombuffer(data, "<f8", float_count, floats_at).astype(np.float64)
        ints = np.frombuffer(data, "<i8", int_count, ints_at).astype(np.int64)
        return cls(head["plan"], floats, ints)


def initial_state(plan: Plan) -> State:
    """Return the state before the first bar."""
    return State(plan.fingerprint, *initial_arrays(plan, program_of(plan)))


def initial_arrays(plan: Plan, program: Program) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the floats and ints of the state before the first bar."""
    import numpy as np

    count, rules = len(plan.markets), len(program.rules)
    floats = np.zeros(L.GF_SIZE + count * (L.SF_SIZE + rules * L.NF_SIZE + len(program.carry)))
    ints = np.zeros(L.GI_SIZE + count * (L.SI_SIZE + rules * L.NI_SIZE) + rules * L.TI_SIZE, dtype=np.int64)
    reserved = math.fsum(plan.allocations)
    floats[L.GF_CASH] = plan.initial_cash
    floats[L.GF_RESERVED] = reserved
    for name in (L.GF_EQUITY, L.GF_PEAK, L.GF_LOWEST):
        floats[name] = plan.initial_equity
    # Buy and hold: the allocations if there are any, else the cash in equal parts.
    shares = plan.allocations if reserved else (plan.initial_cash / count,) * count
    floats[L.GF_BENCHMARK_CASH] = plan.initial_cash if reserved else 0.0
    floats[L.GF_BENCHMARK_WAITING] = math.fsum(shares)
    for number in range(count):
        at = L.GF_SIZE + number * L.SF_SIZE
        floats[at + L.SF_RESERVED] = plan.allocations[number]
        floats[at + L.SF_BENCHMARK_WAITING] = shares[number]
        floats[[at + level for level in _LEVELS]] = math.nan
        ints[L.GI_SIZE + number * L.SI_SIZE + L.SI_LAST] = -L.FOREVER
        funding = plan.funding[number]
        if funding is not None:
            first = int(funding.times.searchsorted(plan.start_ms))
            ints[L.GI_SIZE + number * L.SI_SIZE + L.SI_FUNDED] = first
    intentions = L.GI_SIZE + count * L.SI_SIZE
    end = intentions + count * rules * L.NI_SIZE
    for name, value in ((L.NI_ID, -1), (L.NI_REASON, -1), (L.NI_EXITED, -L.FOREVER)):
        ints[intentions + name : end : L.NI_SIZE] = value
    carried = L.GF_SIZE + count * (L.SF_SIZE + rules * L.NF_SIZE)
    floats[carried:] = np.tile(np.array(program.carry), count)
    return floats, ints


_LEVELS = (L.SF_STOP, L.SF_TARGET, L.SF_TRAIL, L.SF_LIQUIDATION)
