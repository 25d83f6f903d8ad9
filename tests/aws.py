"""A bucket and a table as the CDK app makes them, in moto: for units of store and index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
import pytest
from moto import mock_aws

from shared.datasets import DatasetIndex
from shared.runs import RunIndex
from shared.store import ObjectStore
from shared.table import Table

REGION = "us-east-1"
BUCKET = "stepfold-test"
TABLE = "stepfold-test"


@dataclass(frozen=True, slots=True)
class FakeStage:
    store: ObjectStore
    table: Table
    runs: RunIndex
    datasets: DatasetIndex


@contextmanager
def fake_stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStage]:
    """Open an empty stage."""
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
        table = Table(dynamodb, TABLE)
        yield FakeStage(ObjectStore(s3, BUCKET), table, RunIndex(table), DatasetIndex(table))
