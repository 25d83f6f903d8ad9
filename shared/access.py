"""The store, the index and the workflows of this process's stage, opened at first use.

Each is imported when it is opened: a step loads what it works with, not all that there is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.aws import dynamodb, logs, s3, stepfunctions
from shared.settings import settings
from shared.table import Table

if TYPE_CHECKING:
    from shared.connections import ConnectionIndex
    from shared.dataset_uses import DatasetUses
    from shared.datasets import DatasetIndex
    from shared.fetches import FetchIndex
    from shared.live_log import LiveLog
    from shared.run_queue import RunQueue
    from shared.runs import RunIndex
    from shared.saved_strategies import SavedStrategies
    from shared.sockets import Sockets
    from shared.step_logs import StepLogs
    from shared.store import ObjectStore
    from shared.ticker_lease import TickerLease
    from shared.tickets import TicketIndex
    from shared.ticks import TickIndex
    from shared.workflows import Workflows


@lru_cache(maxsize=1)
def store() -> ObjectStore:
    from shared.store import ObjectStore

    return ObjectStore(s3(), settings().bucket)


@lru_cache(maxsize=1)
def runs() -> RunIndex:
    from shared.runs import RunIndex

    return RunIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def queue() -> RunQueue:
    from shared.run_queue import RunQueue

    return RunQueue(Table(dynamodb(), settings().table), settings().limits)


@lru_cache(maxsize=1)
def datasets() -> DatasetIndex:
    from shared.datasets import DatasetIndex

    return DatasetIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def fetches() -> FetchIndex:
    from shared.fetches import FetchIndex

    return FetchIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def ticks() -> TickIndex:
    from shared.ticks import TickIndex

    return TickIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def uses() -> DatasetUses:
    from shared.dataset_uses import DatasetUses

    return DatasetUses(Table(dynamodb(), settings().table), runs())


@lru_cache(maxsize=1)
def strategies() -> SavedStrategies:
    from shared.saved_strategies import SavedStrategies

    return SavedStrategies(Table(dynamodb(), settings().table), store())


@lru_cache(maxsize=1)
def connections() -> ConnectionIndex:
    from shared.connections import ConnectionIndex

    return ConnectionIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def sockets() -> Sockets:
    from shared.sockets import Sockets

    return Sockets(connections())


@lru_cache(maxsize=1)
def tickets() -> TicketIndex:
    from shared.tickets import TicketIndex

    return TicketIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def live_log() -> LiveLog:
    from shared.live_log import LiveLog

    return LiveLog(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def ticker_lease() -> TickerLease:
    from shared.ticker_lease import TickerLease

    return TickerLease(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def step_logs() -> StepLogs:
    from shared.step_logs import StepLogs

    return StepLogs(logs(), settings().stage)


@lru_cache(maxsize=1)
def workflows() -> Workflows:
    from shared.workflows import Workflows

    machines = settings()
    return Workflows(
        stepfunctions(), machines.backtest_machine, machines.import_machine, machines.fetch_machine
    )
