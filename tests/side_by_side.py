"""Which tests may run beside each other in several processes (`pytest -n auto`), and which share one.

What tests share is made once in a process: a deployed stack, the synthesised templates, a store in moto. So
all tests on one stack are a unit of work, and so is every other file.
"""

from __future__ import annotations

import os

from xdist.scheduler import LoadScopeScheduling

# By where their node ids begin, the first that fits. The longest come first, so that none of them is begun
# when all others are done.
UNITS = {
    # Half of their time they wait for the clock. In a process of their own they have a stack of their own.
    "faults": ("tests/e2e/test_faults.py", "tests/e2e/test_fault_sample.py"),
    "stack": ("tests/e2e/",),
    "page": ("tests/ui/",),
    "infrastructure": ("tests/infra/",),
    "real": ("tests/real/test_journey.py", "tests/real/test_fetch.py", "tests/real/test_resampling.py"),
    "referees": ("tests/real/test_referees.py",),
    "kernel": ("tests/engine/test_kernel_source.py",),
}
# More than there are cores, because the tests of a stack wait a good part of their time; as many as there are
# long units at once, because each brings an emulator of its own.
FEWEST, MOST = 3, 6


def processes() -> int:
    """Return how many processes `-n auto` means on this machine."""
    return max(FEWEST, min(MOST, (os.cpu_count() or 1) + 1))


def unit_of(test: str) -> str:
    """Return the unit that a test, named by its node id, is part of."""
    found = (unit for unit, beginnings in UNITS.items() if test.startswith(beginnings))
    return next(found, test.partition("::")[0])


def rank(test: str) -> int:
    """Return how late a test's unit is begun."""
    return [*UNITS, unit := unit_of(test)].index(unit)


class UnitScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist is untyped
    """Gives a process that has nearly done its work the next unit, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
