"""What each function may do in AWS, in full: a right that is added must be added here, with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.synthesis import Template

TABLE = "{Storage/Table.Arn}"
BUCKET = "{Storage/Bucket.Arn}"
STATES = "arn:{AWS::Partition}:states:{AWS::Region}:{AWS::AccountId}"
MACHINES = [f"{STATES}:stateMachine:stepfold-prod-{machine}" for machine in ("backtest", "fetch", "import")]
EXECUTIONS = [f"{STATES}:execution:stepfold-prod-{machine}:*" for machine in ("backtest", "fetch", "import")]

# By key. Nobody may scan: a listing is a query.
BY_KEY = ("BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "UpdateItem")


def index(*indexes: str) -> dict[str, list[str]]:
    queried = {"dynamodb:Query": [TABLE, *(f"{TABLE}/index/{name}" for name in indexes)]}
    return {f"dynamodb:{action}": [TABLE] for action in BY_KEY} | queried


def objects(*prefixes: str) -> list[str]:
    return [f"{BUCKET}/{prefix}" for prefix in prefixes]


def listing(*prefixes: str) -> list[str]:
    return [f'{BUCKET} if {{"StringLike": {{"s3:prefix": {json.dumps(prefixes)}}}}}']


def posting() -> dict[str, list[str]]:
    """To post to connections of both stages, and to close those that cannot be posted to."""
    place = "arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{Sockets/Api}"
    stages = [f"{place}/{stage}/*/@connections/*" for stage in ("live", "market")]
    return {"execute-api:ManageConnections": stages}


STEPS = ("Fetch", "Plan", "Publish", "Settle", "Simulate")
LOG_GROUP = "arn:{AWS::Partition}:logs:{AWS::Region}:{AWS::AccountId}:log-group:/aws/lambda/stepfold-prod-"

RIGHTS: dict[str, dict[str, list[str]]] = {
    "Api": {
        **index("active", "listing"),
        "lambda:InvokeFunction": ["{Functions/Fetch.Arn}"],  # prices, which it asks exchanges for
        "logs:FilterLogEvents": [  # what the steps of a run said
            *(f"{LOG_GROUP}{step.lower()}" for step in STEPS),
            *(f"{{Functions/{step}Log.Arn}}" for step in STEPS),
        ],
        "s3:DeleteObject": objects("candles/*", "runs/*", "work/*"),  # datasets and runs that are deleted
        "s3:GetObject": objects("candles/*", "markets/*", "runs/*", "strategies/*", "uploads/*"),
        "s3:ListBucket": listing("candles/*", "runs/*", "work/*"),
        # The request, versions of strategies (which nobody may delete), and presigned uploads.
        "s3:PutObject": objects("runs/*/request*", "strategies/*", "uploads/*"),
        "states:DescribeExecution": EXECUTIONS,
        "states:GetExecutionHistory": EXECUTIONS,
        "states:ListExecutions": MACHINES,
        "states:StartExecution": MACHINES,
        "states:StopExecution": EXECUTIONS,
    },
    "Plan": {
        **index(),
        "s3:GetObject": objects("candles/*", "runs/*"),
        "s3:PutObject": objects("runs/*", "work/*"),
    },
    "Simulate": {
        **index(),
        "s3:DeleteObject": objects("runs/*", "work/*"),
        "s3:GetObject": objects("candles/*", "runs/*", "work/*"),
        "s3:ListBucket": listing("work/*"),  # a checkpoint that is gone is told from one that is forbidden
        "s3:PutObject": objects("runs/*", "work/*"),
    },
    "Publish": {
        **index(),
        "s3:DeleteObject": objects("runs/*", "work/*"),  # the parts of attempts that were lost
        "s3:GetObject": objects("runs/*"),
        "s3:ListBucket": listing("runs/*", "work/*"),
    },
    "Settle": {
        **index("active"),
        "s3:DeleteObject": objects("candles/*", "runs/*", "work/*"),  # what the API began to delete
        "s3:GetObject": objects("runs/*"),
        "s3:ListBucket": listing("candles/*", "runs/*", "work/*"),
        "states:DescribeExecution": EXECUTIONS,
        "states:StartExecution": MACHINES,  # what the API noted down and died before starting
    },
    "Fetch": {
        **index(),
        "s3:DeleteObject": objects("work/*"),  # pieces that are joined
        "s3:GetObject": objects("candles/*", "markets/*", "work/*"),
        "s3:ListBucket": listing("work/*"),
        "s3:PutObject": objects("candles/*", "markets/*", "work/*"),
        "states:StartExecution": [MACHINES[1]],  # the candles that a backtest lacks
    },
    "Socket": {
        **index("listing"),
        **posting(),
        # The first prices of what is listened to, and who asks for the next ones.
        "lambda:InvokeFunction": ["{Functions/Fetch.Arn}", "{Functions/Ticker.Arn}"],
    },
    "SocketAuthorizer": {"dynamodb:DeleteItem": [TABLE]},  # it takes a ticket by deleting it
    "Push": {
        **index(),
        **posting(),
        "dynamodb:ListStreams": ["*"],
        **{
            f"dynamodb:{action}": ["{Storage/Table.StreamArn}"]
            for action in ("DescribeStream", "GetRecords", "GetShardIterator")
        },
    },
    "Ticker": {
        **index(),
        **posting(),
        # Itself too: one that ends goes on as another.
        "lambda:InvokeFunction": [
            "arn:{AWS::Partition}:lambda:{AWS::Region}:{AWS::AccountId}:function:stepfold-prod-ticker",
            "{Functions/Fetch.Arn}",
        ],
    },
    "Ingest": {
        **index(),
        "s3:DeleteObject": objects("uploads/*"),
        "s3:GetObject": objects("candles/*", "uploads/*"),
        "s3:PutObject": objects("candles/*"),
    },
}


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_a_function_may_do_what_it_does_and_nothing_more(prod: Template, function: str) -> None:
    assert prod.statements(f"Functions/{function}Role/DefaultPolicy") == RIGHTS[function]


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_a_function_writes_to_its_own_log_alone(prod: Template, function: str) -> None:
    role = prod.at(f"Functions/{function}Role")
    assert "ManagedPolicyArns" not in role
    policy = prod.at(f"Functions/{function}Role/DefaultPolicy")["PolicyDocument"]["Statement"]
    logs = [statement for statement in policy if "logs:PutLogEvents" in statement["Action"]]
    assert [prod.text(statement["Resource"]) for statement in logs] == [f"{{Functions/{function}Log.Arn}}"]


@pytest.mark.parametrize(
    ("machine", "steps"),
    [
        ("Backtest", ("Fetch", "Plan", "Publish", "Settle", "Simulate")),
        ("Import", ("Ingest", "Settle")),
        ("Fetch", ("Fetch", "Settle")),
    ],
)
def test_a_machine_calls_its_own_steps_alone(prod: Template, machine: str, steps: tuple[str, ...]) -> None:
    allowed = prod.statements(f"Workflow/{machine}/Machine/Role/DefaultPolicy")
    arns = [f"{{Functions/{step}.Arn}}{versions}" for step in steps for versions in ("", ":*")]
    assert sorted(allowed.pop("lambda:InvokeFunction")) == sorted(arns)
    assert {action.partition(":")[0] for action in allowed} == {"logs"}


def test_every_role_is_known(prod: Template) -> None:
    roles = [
        resource["Metadata"]["aws:cdk:path"]
        for resource in prod.body["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    functions = [f"Stepfold/Functions/{function}Role/Resource" for function in RIGHTS]
    machines = [
        f"Stepfold/Workflow/{machine}/Machine/Role/Resource" for machine in ("Backtest", "Import", "Fetch")
    ]
    assert sorted(roles) == sorted(functions + machines)


def test_nothing_in_the_bucket_is_public_and_plain_http_is_refused(prod: Template) -> None:
    bucket = prod.at("Storage/Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    policy: Any = prod.at("Storage/Bucket/Policy")["PolicyDocument"]["Statement"]
    (refused,) = policy
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
