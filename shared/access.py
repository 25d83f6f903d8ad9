"""The store, the index and the workflows of this process's stage, opened at first use."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.aws import dynamodb, logs, s3, stepfunctions
from shared.connections import ConnectionIndex
from shared.dataset_uses import DatasetUses
from shared.datasets import DatasetIndex
from shared.fetches import FetchIndex
from shared.run_queue import RunQueue
from shared.runs import RunIndex
from shared.settings import settings
from shared.sockets import Sockets
from shared.step_logs import StepLogs
from shared.store import ObjectStore
from shared.table import Table
from shared.ticker_lease import TickerLease
from shared.tickets import TicketIndex
from shared.ticks import TickIndex
from shared.workflows import Workflows

if TYPE_CHECKING:
    from shared.live_log import LiveLog
    from shared.saved_strategies import SavedStrategies


@lru_cache(maxsize=1)
def store() -> ObjectStore:
    return ObjectStore(s3(), settings().bucket)


@lru_cache(maxsize=1)
def runs() -> RunIndex:
    return RunIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def queue() -> RunQueue:
    return RunQueue(Table(dynamodb(), settings().table), settings().limits)


@lru_cache(maxsize=1)
def datasets() -> DatasetIndex:
    return DatasetIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def fetches() -> FetchIndex:
    return FetchIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def ticks() -> TickIndex:
    return TickIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def uses() -> DatasetUses:
    return DatasetUses(Table(dynamodb(), settings().table), runs())


@lru_cache(maxsize=1)
def strategies() -> SavedStrategies:
    # With the wire models, which the steps of a workflow do without.
    from shared.saved_strategies import SavedStrategies

    return SavedStrategies(Table(dynamodb(), settings().table), store())


@lru_cache(maxsize=1)
def connections() -> ConnectionIndex:
    return ConnectionIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def sockets() -> Sockets:
    return Sockets(connections())


@lru_cache(maxsize=1)
def tickets() -> TicketIndex:
    return TicketIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def live_log() -> LiveLog:
    # With the wire models, too.
    from shared.live_log import LiveLog

    return LiveLog(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def ticker_lease() -> TickerLease:
    return TickerLease(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def step_logs() -> StepLogs:
    return StepLogs(logs(), settings().stage)


@lru_cache(maxsize=1)
def workflows() -> Workflows:
    machines = settings()
    return Workflows(
        stepfunctions(), machines.backtest_machine, machines.import_machine, machines.fetch_machine
    )
