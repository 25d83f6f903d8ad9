"""A Lambda's process: an interpreter whose path is the unpacked zip and what the runtime brings, boto3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_cdk.zips import LOCK
from localstack.deploy import client
from localstack.emulator import Emulator

# Answers go through a descriptor of their own: handlers log on standard output.
PROGRAM = """
import importlib, json, os, sys, types
answers = os.fdopen(int(sys.argv[1]), "w")
print(json.dumps({"python": "%d.%d" % sys.version_info[:2]}), file=answers, flush=True)
context = types.SimpleNamespace(aws_request_id="request-1", function_name="stepfold", memory_limit_in_mb=1769,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:stepfold")
for line in sys.stdin:
    call = json.loads(line)
    if call["function"] is None:
        import engine
        ours = ("engine", "functions", "shared", "numpy", "pyarrow", "pydantic", "orjson", "fastapi",
            "ccxt.coinbase", "ccxt.binance", "ccxt.kraken", "ccxt.bitstamp")
        answer = {"kernel": engine.kernel_is_compiled(),
            "loaded": {n: sys.modules[n].__file__ for n in ours if n in sys.modules}}
    else:
        handler = importlib.import_module("functions." + call["function"] + ".handler").handler
        answer = handler(call["event"], context)
    print(json.dumps(answer), file=answers, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A bucket, a table and three machines that do nothing: the tests take the steps themselves."""

    environment: Mapping[str, str]

    @classmethod
    def made(cls, emulator: Emulator, table: Mapping[str, Any], exchange_urls: str) -> Stage:
        """Make them on an emulator, the table as the template has it; exchanges are where these say."""
        name = "stepfold-zips"
        with closing(client(emulator, "s3")) as s3:
            s3.create_bucket(Bucket=name)
        with closing(client(emulator, "dynamodb")) as dynamodb:
            defined = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
            dynamodb.create_table(TableName=name, **{key: table[key] for key in defined})
        machines = {}
        with closing(client(emulator, "iam")) as iam:
            role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        with closing(client(emulator, "stepfunctions")) as stepfunctions:
            for kind in ("backtest", "import", "fetch"):
                made = stepfunctions.create_state_machine(
                    name=f"{name}-{kind}",
                    roleArn=role,
                    definition=json.dumps(
                        {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
                    ),
                )
                machines[kind] = made["stateMachineArn"]
        return cls(
            {
                **emulator.environment(),
                "STEPFOLD_STAGE": "local",
                "STEPFOLD_TABLE": name,
                "STEPFOLD_BUCKET": name,
                "STEPFOLD_BACKTEST_MACHINE": machines["backtest"],
                "STEPFOLD_IMPORT_MACHINE": machines["import"],
                "STEPFOLD_FETCH_MACHINE": machines["fetch"],
                "STEPFOLD_FETCH_FUNCTION": f"{name}-fetch",
                "STEPFOLD_TICKER_FUNCTION": f"{name}-ticker",
                "STEPFOLD_EXCHANGE_URLS": exchange_urls,
                "STEPFOLD_AUTH": "none",
            }
        )


class Worker:
    """A process that answers calls of the functions in one zip."""

    def __init__(self, executable: str, path: tuple[Path, ...], stage: Stage) -> None:
        self.path = path
        self._log = path[0].with_suffix(".log")
        reading, writing = os.pipe()
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                # -S: no site-packages; -P: not the folder it is started in.
                [executable, "-S", "-P", "-c", PROGRAM, str(writing)],
                env={**stage.environment, "PYTHONPATH": os.pathsep.join(map(str, path))},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                pass_fds=(writing,),
            )
        os.close(writing)
        self._answers = os.fdopen(reading)
        self.python: str = self._answer()["python"]

    def call(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Call a function's handler; its exception ends the process, as it does in a test."""
        self._ask({"function": function, "event": event})
        return self._answer()

    def loaded(self) -> dict[str, str]:
        """Return where the modules that were imported so far came from."""
        self._ask({"function": None})
        loaded: dict[str, str] = self._answer()["loaded"]
        return loaded

    @property
    def kernel_compiled(self) -> bool:
        self._ask({"function": None})
        return bool(self._answer()["kernel"])

    def close(self) -> None:
        self._process.communicate(timeout=30)
        self._answers.close()

    def _ask(self, call: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise AssertionError(f"the function's process ended:\n{self._log.read_text()[-4000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def install_boto3(folder: Path, python: str) -> Path:
    """Install the boto3 of the lock: Lambda's runtime has one, the zips have none."""
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python-version", python),
            *("--constraint", str(LOCK), "--target", str(folder), "boto3"),
        ],
        check=True,
    )
    return folder
