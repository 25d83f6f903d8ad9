"""A bucket and a table as the CDK app makes them, in moto: for units of store and index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
import pytest
from botocore.loaders import create_loader
from moto import mock_aws

from shared import access, aws, settings
from shared.dataset_uses import DatasetUses
from shared.datasets import DatasetIndex
from shared.fetches import FetchIndex
from shared.runs import RunIndex
from shared.saved_strategies import SavedStrategies
from shared.store import ObjectStore
from shared.table import Table
from shared.workflows import Workflows

REGION = "us-east-1"
ACCOUNT = "123456789012"  # the one that moto answers for
BUCKET = "stepfold-test"
TABLE = "stepfold-test"
# Each stage has a session of its own, and each session would read the services' models anew.
_MODELS = create_loader()


@dataclass(frozen=True, slots=True)
class FakeStage:
    store: ObjectStore
    table: Table
    runs: RunIndex
    datasets: DatasetIndex
    fetches: FetchIndex
    uses: DatasetUses
    strategies: SavedStrategies
    workflows: Workflows

    def clear(self) -> None:
        """Delete every object and every item; cheaper than another stage."""
        self.store.delete(self.store.keys(""))
        dynamodb = boto3.client("dynamodb")
        for item in dynamodb.scan(TableName=TABLE, ProjectionExpression="pk, sk")["Items"]:
            dynamodb.delete_item(TableName=TABLE, Key=item)


def forget_clients() -> None:
    """Drop what a process keeps between calls, so that each stage has its own."""
    for cached in (
        settings.settings,
        aws.s3,
        aws.dynamodb,
        aws.stepfunctions,
        aws.lambda_,
        aws.logs,
        access.store,
        access.runs,
        access.queue,
        access.datasets,
        access.fetches,
        access.ticks,
        access.connections,
        access.sockets,
        access.tickets,
        access.live_log,
        access.ticker_lease,
        access.uses,
        access.strategies,
        access.workflows,
        access.step_logs,
    ):
        cached.cache_clear()


@contextmanager
def fake_stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStage]:
    """Open an empty stage: the environment of a function, a bucket, the table and the state machines.

    Executions that are started stay RUNNING; nothing runs them.
    """
    environment = {
        "STEPFOLD_STAGE": "test",
        "STEPFOLD_TABLE": TABLE,
        "STEPFOLD_BUCKET": BUCKET,
        "STEPFOLD_BACKTEST_MACHINE": _machine("backtest"),
        "STEPFOLD_IMPORT_MACHINE": _machine("import"),
        "STEPFOLD_FETCH_MACHINE": _machine("fetch"),
        "STEPFOLD_FETCH_FUNCTION": "stepfold-test-fetch",
        "STEPFOLD_TICKER_FUNCTION": "stepfold-test-ticker",
        "STEPFOLD_AUTH": "none",
        "POWERTOOLS_SERVICE_NAME": "test",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: _MODELS)
    forget_clients()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        dynamodb = boto3.client("dynamodb")
        strings = ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in strings],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": name,
                    "KeySchema": [
                        {"AttributeName": f"{key}pk", "KeyType": "HASH"},
                        {"AttributeName": f"{key}sk", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for name, key in (("listing", "gsi1"), ("active", "gsi2"))
            ],
        )
        states = boto3.client("stepfunctions")
        definition = '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}'
        for name in ("backtest", "import", "fetch"):
            states.create_state_machine(
                name=f"stepfold-test-{name}",
                definition=definition,
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/test",
            )
        yield FakeStage(
            access.store(),
            Table(dynamodb, TABLE),
            access.runs(),
            access.datasets(),
            access.fetches(),
            access.uses(),
            access.strategies(),
            access.workflows(),
        )
    forget_clients()


def _machine(name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:stepfold-test-{name}"
