"""Time and memory of one call, on a machine that others use too."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Mapping

from engine.feed import release


def best_of(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of `times` calls: what disturbs a call can only make it slower."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def best_of_each(works: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    """The same for several, in turns, so that a slow minute hits all of them."""
    return {name: min(each) for name, each in in_turns(works, times).items()}


def in_turns(works: Mapping[str, Callable[[], object]], times: int) -> dict[str, list[float]]:
    """Seconds of each of several works in each of `times` turns."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            found[name].append(best_of(work, 1))
    return found


def peak_bytes(work: Callable[[], object]) -> int:
    """Largest amount of memory that one call held beyond what there was (arrays included)."""
    release()  # memory of an earlier run would not be seen
    gc.collect()
    tracemalloc.start()
    try:
        kept = work()
        _, peak = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return peak
