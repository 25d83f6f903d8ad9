"""The local stack by itself: what starting, stopping and failing leave behind, and what they say."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.stack import down, status, up
from localstack import deploy as deployment
from localstack.deploy import client, deploy, fingerprint_of
from localstack.emulator import Emulator, Home, StackError, free_port, running, start, stop
from tests.e2e.local_stack import LocalStack

BUCKET = "survivors"
# What a process of ours does that is killed without a word: it starts a tied emulator and waits.
TIED = """
import sys, time
from pathlib import Path
from localstack.emulator import Home, free_port, start
print(start(Home.at(Path(sys.argv[1])), free_port(), tied=True).pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A folder for a stack; whatever a test leaves running in it is stopped."""
    home = Home.at(tmp_path / "stack")
    yield home
    if (left := running(home)) is not None:
        stop(left)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until_gone(pid: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_what_was_stored_survives_a_restart_on_another_port(home: Home) -> None:
    first = start(home, free_port())
    with closing(client(first, "s3")) as s3, closing(client(first, "dynamodb")) as dynamodb:
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="runs/x", Body=b"result")
        dynamodb.create_table(
            TableName="index",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        dynamodb.put_item(TableName="index", Item={"pk": {"S": "RUN#x"}})
    stop(first)
    assert not listens(first.port)

    second = start(home, free_port())
    with closing(client(second, "s3")) as s3, closing(client(second, "dynamodb")) as dynamodb:
        assert s3.get_object(Bucket=BUCKET, Key="runs/x")["Body"].read() == b"result"
        assert dynamodb.get_item(TableName="index", Key={"pk": {"S": "RUN#x"}})["Item"]


# A function that notes down the keys of the records that it is told of.
NOTES = """
import boto3
def handler(event, context):
    for record in event["Records"]:
        boto3.client("dynamodb").put_item(TableName="noted", Item=record["dynamodb"]["Keys"])
"""


def noted(emulator: Emulator, *keys: str) -> bool:
    """Write items to the table `told`; return whether each was told to the function before long."""
    with closing(client(emulator, "dynamodb")) as dynamodb:
        for key in keys:
            dynamodb.put_item(TableName="told", Item={"pk": {"S": key}})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            rows = dynamodb.scan(TableName="noted", ConsistentRead=True)["Items"]
            if set(keys) <= {row["pk"]["S"] for row in rows}:
                return True
            time.sleep(0.1)
    return False


def test_what_changes_after_a_restart_is_told_from_the_first_change_on(home: Home) -> None:
    first = start(home, free_port())
    with (
        closing(client(first, "dynamodb")) as dynamodb,
        closing(client(first, "iam")) as iam,
        closing(client(first, "lambda")) as function,
    ):
        table = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        }
        dynamodb.create_table(TableName="noted", **table)
        stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        told = dynamodb.create_table(TableName="told", StreamSpecification=stream, **table)
        role = iam.create_role(RoleName="notes", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_role_policy(RoleName="notes", PolicyName="all", PolicyDocument=policy)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("notes.py", NOTES)
        function.create_function(
            FunctionName="notes",
            Runtime="python3.13",
            Role=role,
            Handler="notes.handler",
            Code={"ZipFile": packed.getvalue()},
        )
        function.create_event_source_mapping(
            FunctionName="notes",
            EventSourceArn=told["TableDescription"]["LatestStreamArn"],
            StartingPosition="LATEST",
        )
    assert noted(first, "a", "b", "c")
    stop(first)
    second = start(home, free_port())
    assert noted(second, "d")


def test_a_taken_port_says_what_to_do(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port} is taken.*stepfold up --port {port + 1}"):
            up(home.root, port)
    assert running(home) is None
    assert status(home.root).emulator == "down"


def test_stopping_leaves_no_process_and_no_scratch(home: Home) -> None:
    emulator = start(home, free_port())
    assert down(home.root) is True
    assert until_gone(emulator.pid, seconds=1)
    assert not home.scratch.exists()
    assert running(home) is None
    assert down(home.root) is False


def test_an_emulator_that_was_killed_can_be_started_again(home: Home) -> None:
    emulator = start(home, free_port())
    os.killpg(emulator.pid, signal.SIGKILL)
    os.waitpid(emulator.pid, 0)
    assert running(home) is None
    again = start(home, emulator.port)
    assert running(home) == again


def test_a_tied_emulator_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TIED, str(tmp_path / "stack")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert until_gone(pid)


def test_it_is_not_up_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = start(home, free_port())
    with pytest.raises(StackError, match=f"is up on port {emulator.port} already"):
        up(home.root, emulator.port + 1)
    monkeypatch.setattr("localstack.deploy.deploy", lambda found, stage, progress: (found, stage, progress))
    assert up(home.root, emulator.port)[0] == emulator  # type: ignore[index]


def test_a_missing_command_line_of_the_cdk_says_what_to_do(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(deployment, "CDK", tmp_path / "a" / "b" / "cdk")
    with pytest.raises(StackError, match="make setup"):
        deploy(emulator, "test-other", progress=print)


def test_a_failed_deployment_says_why_and_what_to_do(emulator: Emulator) -> None:
    with pytest.raises(StackError, match=r"(?s)'Bad' is no stage name.*stepfold up --fresh"):
        deploy(emulator, "Bad", progress=print)


def test_an_unchanged_stack_is_not_deployed_again(stack: LocalStack) -> None:
    steps: list[str] = []
    again = deploy(stack.emulator, "local", progress=steps.append)
    assert steps == []
    assert again == stack.deployment
    assert again.fingerprint == fingerprint_of("local")
