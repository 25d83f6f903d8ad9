"""Threads that work beside the one that calls, and are kept: a new one costs a tenth of a millisecond."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

MOST = 64
"""More runs at once than processors that a machine has would wait for each other anyway."""


@lru_cache(maxsize=1)
def beside() -> ThreadPoolExecutor:
    """Return the pool. Work in it may not wait for other work in it."""
    if hasattr(os, "register_at_fork"):
        # A child has none of its parent's threads.
        os.register_at_fork(after_in_child=beside.cache_clear)
    return ThreadPoolExecutor(MOST, thread_name_prefix="engine")


def processors() -> int:
    """How many of them this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
