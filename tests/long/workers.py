"""The workers of a function, held to its memory."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

from infra_cdk.sizes import SIZES
from tests.e2e.local_stack import LocalStack

MEMORY = SIZES["simulate"].memory * 2**20


class Workers(threading.Thread):
    """Kills every worker of a function that has more than its memory, and keeps the most that one had."""

    def __init__(self, stack: LocalStack, function: str) -> None:
        super().__init__(daemon=True)
        self._stack, self._function = stack, function
        self._over = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._over.wait(0.05):
            for pid in self._stack.workers(self._function):
                with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                    self._look(pid)

    def _look(self, pid: int) -> None:
        status = Path(f"/proc/{pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.peak = max(self.peak, int(line.split()[1]) * 1024)
        if self.peak > MEMORY:
            os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        self._over.set()
        self.join()
