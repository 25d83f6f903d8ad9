"""The store, the index and the workflows of this process's stage, opened at first use."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.aws import dynamodb, s3, stepfunctions
from shared.dataset_uses import DatasetUses
from shared.datasets import DatasetIndex
from shared.runs import RunIndex
from shared.settings import settings
from shared.store import ObjectStore
from shared.table import Table
from shared.workflows import Workflows

if TYPE_CHECKING:
    from shared.saved_strategies import SavedStrategies


@lru_cache(maxsize=1)
def store() -> ObjectStore:
    return ObjectStore(s3(), settings().bucket)


@lru_cache(maxsize=1)
def runs() -> RunIndex:
    return RunIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def datasets() -> DatasetIndex:
    return DatasetIndex(Table(dynamodb(), settings().table))


@lru_cache(maxsize=1)
def uses() -> DatasetUses:
    return DatasetUses(Table(dynamodb(), settings().table), runs())


@lru_cache(maxsize=1)
def strategies() -> SavedStrategies:
    # With the wire models, which the steps of a workflow do without.
    from shared.saved_strategies import SavedStrategies

    return SavedStrategies(Table(dynamodb(), settings().table), store())


@lru_cache(maxsize=1)
def workflows() -> Workflows:
    return Workflows(stepfunctions(), settings().backtest_machine, settings().import_machine)
