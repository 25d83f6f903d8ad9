"""The progress as the index has it, looked at all the while: what those who listen are compared with."""

from __future__ import annotations

import threading
import time

from shared.items import from_item
from shared.runs import Run
from tests.e2e.local_stack import LocalStack
from tests.long.sightings import Sighting

EVERY = 0.1


class StoredProgress:
    """Notes each progress with the last moment at which it was not there yet: no lag is understated."""

    def __init__(self, stack: LocalStack, run_id: str) -> None:
        self._table, self._dynamodb = stack.deployment.table, stack.dynamodb()
        self._key = {"pk": {"S": "OWNER#local"}, "sk": {"S": f"RUN#{run_id}"}}
        self.over = threading.Event()
        self.seen: list[Sighting] = []

    def run(self) -> None:
        """Look until `over` is set."""
        looked = time.time()
        while not self.over.wait(EVERY):
            before, looked = looked, time.time()
            item = self._dynamodb.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)["Item"]
            run = Run.from_item(from_item(item))
            now = Sighting(before, run.progress_pct, run.phase, run.processed)
            if not self.seen or _shown(now) != _shown(self.seen[-1]):
                self.seen.append(now)


def _shown(sighting: Sighting) -> tuple[object, ...]:
    return sighting.percent, sighting.phase, sighting.candles
