"""The OpenAPI document is committed, complete, and says what the API does; importing the API is light."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from functions.api.openapi import FILE, current, main

# The seed's paths and Stepfold's own, as clients know them.
PATHS = {
    "/backtests": {"get", "post"},
    "/backtests/compare": {"get"},
    "/backtests/{run_id}": {"get", "patch", "delete"},
    "/backtests/{run_id}/request": {"get"},
    "/backtests/{run_id}/cancel": {"post"},
    **{
        f"/backtests/{{run_id}}/{name}": {"get"}
        for name in (
            "progress",
            "logs",
            "results",
            "equity",
            "trades",
            "paired_trades",
            "trade_sets",
            "monthly",
            "report",
            "artifacts",
            "playback/candles",
            "playback/events",
            "playback/state/{timestamp}",
            "why",
        )
    },
    "/strategies": {"get", "post"},
    "/strategies/{strategy_id}": {"get", "put", "delete"},
    "/strategies/{strategy_id}/versions": {"get"},
    "/strategies/validate": {"post"},
    "/strategies/check": {"post"},
    "/schemas/strategy": {"get"},
    "/datasets": {"get", "post"},
    "/datasets/{dataset_id}": {"get", "delete"},
    "/datasets/{dataset_id}/versions": {"get"},
    "/datasets/{dataset_id}/runs": {"get"},
    "/datasets/{dataset_id}/fetches/{fetch_id}": {"get"},
    "/datasets/{dataset_id}/resample": {"post"},
    "/datasets/{dataset_id}/imports/{import_id}": {"get", "post"},
    "/market/symbols": {"get"},
    "/market/regimes": {"get"},
    "/market/candles": {"get"},
    "/market/ticks": {"get"},
    "/workflows": {"get"},
    "/workflows/{workflow_id}": {"get"},
    "/events": {"get"},
    "/doctor": {"get"},
    "/health": {"get"},
    "/status": {"get"},
    "/live/tickets": {"post"},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(current())  # type: ignore[no-any-return]


def test_the_committed_document_is_what_the_code_says() -> None:
    assert FILE.read_text() == current(), "run python -m functions.api.openapi"
    assert main(["--check"]) == 0


def test_every_path_is_there_and_no_other(document: dict[str, Any]) -> None:
    assert {path: set(methods) for path, methods in document["paths"].items()} == PATHS


def test_every_answer_from_400_on_is_a_problem(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["tags"], path
            statuses = set(operation["responses"])
            assert path == "/health" or {"401", "503"} <= statuses, path
            assert "{" not in path or "404" in statuses, path
            assert "requestBody" not in operation or "422" in statuses, path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}, (path, status)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*(references(entry) for entry in value.values()))
        return set().union(*(references(entry) for entry in value)) if isinstance(value, list) else set()

    schemas = document["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in references(document)} == set(schemas)
    assert "HTTPValidationError" not in schemas


def test_importing_the_handler_loads_nothing_that_a_route_may_not_need() -> None:
    heavy = ("boto3", "botocore", "numpy", "pyarrow", "pandas", "yaml", "engine.strategy", "engine.kernel")
    code = (
        "import functions.api.handler, sys; "
        f"print([name for name in {heavy!r} if name in sys.modules], end='')"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]"
