"""A deployed stage on an emulator of the tests' own, as the end-to-end tests see it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from localstack.deploy import Deployment, client
from localstack.emulator import Emulator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True, slots=True)
class LocalStack:
    """One stage; `api_url` is all that a client of Stepfold would know of it."""

    emulator: Emulator
    deployment: Deployment
    _opened: list[httpx.Client] = field(default_factory=list, repr=False)
    _clients: dict[tuple[str, str | None], Any] = field(default_factory=dict, repr=False)

    @property
    def api_url(self) -> str:
        return self.deployment.api_url

    def http(self, **headers: str) -> httpx.Client:
        """Return a client of the API that sends these headers; it is closed with the fixture."""
        # Nothing of the environment (proxies) comes between: the API is on loopback.
        opened = httpx.Client(base_url=self.api_url, headers=headers, timeout=60, trust_env=False)
        self._opened.append(opened)
        return opened

    # What no client has: the store and the workflows behind the API, with the root account's rights.

    def client(self, service: str, *, function: str | None = None) -> Any:
        """Return a boto3 client of any service, with the rights of a function if one is named.

        Any because the service is a variable. Clients are closed with the fixture.
        """
        key = (service, function)
        if key not in self._clients:
            credentials = self._credentials_of(function) if function else {}
            self._clients[key] = client(self.emulator, service, credentials)
        return self._clients[key]

    def close(self) -> None:
        for opened in (*self._opened, *self._clients.values()):
            opened.close()

    def s3(self) -> S3Client:
        s3: S3Client = self.client("s3")
        return s3

    def dynamodb(self) -> DynamoDBClient:
        dynamodb: DynamoDBClient = self.client("dynamodb")
        return dynamodb

    def stepfunctions(self) -> SFNClient:
        stepfunctions: SFNClient = self.client("stepfunctions")
        return stepfunctions

    def function_name(self, function: str) -> str:
        return f"stepfold-{self.deployment.stage}-{function}"

    def workers(self, function: str) -> list[int]:
        """Return the process ids of the workers that a function has now."""
        return self.emulator.workers(self.function_name(function))

    def kill_worker(self, function: str, *, within: float = 30.0) -> int:
        """Kill a worker of the function as soon as there is one; return its process id."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for pid in self.workers(function):
                os.kill(pid, signal.SIGKILL)
                return pid
            time.sleep(0.01)
        raise AssertionError(f"{function} had no worker within {within:.0f} s")

    def sign_up(self, email: str, password: str = "Correct-horse-42") -> str:
        """Make a user of a stage with a login and return an access token of theirs."""
        pool, app = self.deployment.user_pool, self.deployment.user_pool_client
        cognito = self.client("cognito-idp")
        cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
        signed_in = cognito.initiate_auth(
            ClientId=app,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return str(signed_in["AuthenticationResult"]["AccessToken"])

    def _credentials_of(self, function: str) -> dict[str, str]:
        role = self.client("lambda").get_function_configuration(FunctionName=self.function_name(function))[
            "Role"
        ]
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
