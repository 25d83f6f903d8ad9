"""The deployed API against its own OpenAPI document: nothing that is sent makes it fail.

Every request is generated from the document, valid and broken in turn; in half of them the ids are those of
a real run, so that the code behind the look-up is reached as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.config import SchemathesisConfig

from functions.api.openapi import FILE
from tests.e2e.client import completed, import_candles
from tests.e2e.local_stack import LocalStack
from tests.e2e.markets import CROSS, simulated_file

# Against a real stack an example costs about 20 ms; all operations together stay within a minute.
EXAMPLES = 24
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = [
    (path, method) for path, methods in json.loads(FILE.read_text())["paths"].items() for method in methods
]


@dataclass(frozen=True, slots=True)
class Deployed:
    """The API as it stands, and ids that exist in it."""

    schema: schemathesis.BaseSchema
    session: requests.Session
    url: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def deployed(stack: LocalStack) -> Iterator[Deployed]:
    http = stack.http()
    file = simulated_file("BTC-USDT", "1h", "2021-01-01", "2021-02-01")
    import_candles(http, file, "fuzz", "BTC-USDT", "1h")
    request = {"symbols": ["BTC-USDT"], "exchange": "fuzz", "timeframe": "1h", "strategy": CROSS}
    run_id = completed(http, request)
    http.post("/strategies", json={"id": "fuzzed", "strategy": CROSS})
    document = http.get("/openapi.json").json()
    with requests.Session() as session:
        session.trust_env = False  # no proxy comes between: the API is on loopback
        yield Deployed(
            schemathesis.openapi.from_dict(document, config=SchemathesisConfig(seed=1)),
            session,
            stack.api_url,
            {
                "run_id": run_id,
                "workflow_id": run_id,
                "strategy_id": "fuzzed",
                "dataset_id": "fuzz.BTC-USDT.1h",
                "timestamp": "2021-01-10T00:00:00Z",
            },
        )


def test_the_deployed_document_is_the_committed_one(stack: LocalStack) -> None:
    assert stack.http().get("/openapi.json").json() == json.loads(FILE.read_text())


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_sent_makes_the_api_fail(deployed: Deployed, path: str, method: str) -> None:
    operation = deployed.schema[path][method.upper()]
    valid = operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    broken = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    # The run that the other operations look at stays.
    ids = deployed.ids if method != "delete" else {}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(valid, broken), real=st.booleans())
    def send(case: schemathesis.Case[Any], real: bool) -> None:
        if real:
            case.path_parameters.update(
                {name: value for name, value in ids.items() if name in case.path_parameters}
            )
        answer = case.call(base_url=deployed.url, session=deployed.session)
        case.validate_response(answer, checks=CHECKS)

    send()
