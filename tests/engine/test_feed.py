"""Memory that is kept from one run for the next."""

import random
import sys
import threading
import time

import numpy as np
import pytest

from engine.feed import LARGE_PAGE, release, unwritten


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    release()


def test_what_is_given_back_is_given_out_again() -> None:
    first = unwritten(3 * LARGE_PAGE, np.uint8)
    at = first.ctypes.data
    del first
    assert unwritten(3 * LARGE_PAGE, np.uint8).ctypes.data == at


def test_many_threads_get_as_much_as_they_ask_for() -> None:
    """However the interpreter changes between them, in the middle of taking and giving back."""
    before = sys.getswitchinterval()
    short: list[tuple[int, int]] = []
    end = time.monotonic() + 1.0

    def take(seed: int) -> None:
        sizes = random.Random(seed)
        while time.monotonic() < end and not short:
            size = sizes.choice((3, 9, 20, 40)) * LARGE_PAGE // 16
            if len(unwritten(size, np.float64)) != size:
                short.append((seed, size))

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=take, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert short == []
