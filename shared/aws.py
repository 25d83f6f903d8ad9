"""AWS clients, made at first use and kept for the life of the process."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from shared.settings import settings

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

MAX_CONNECTIONS = 16


def _config() -> Config:
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": 6},
        max_pool_connections=MAX_CONNECTIONS,
        connect_timeout=5,
        read_timeout=30,
        # Presigned URLs must be SigV4 to expire; path style is what emulators resolve everywhere. On AWS they
        # name the bucket's own region: the global address redirects, which no browser's preflight may follow.
        signature_version="s3v4",
        s3={"addressing_style": "path" if settings().endpoint_url else "virtual"},
    )


@lru_cache(maxsize=1)
def s3() -> S3Client:
    import boto3

    return boto3.client("s3", config=_config())


@lru_cache(maxsize=1)
def dynamodb() -> DynamoDBClient:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5)
    )


@lru_cache(maxsize=1)
def stepfunctions() -> SFNClient:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "stepfunctions",
        config=Config(retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5),
    )


@lru_cache(maxsize=1)
def logs() -> CloudWatchLogsClient:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "logs", config=Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5)
    )


@lru_cache(maxsize=1)
def lambda_() -> LambdaClient:
    import boto3
    from botocore.config import Config

    # Who calls waits for the answer within the API's own limit.
    return boto3.client(
        "lambda",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=25
        ),
    )
