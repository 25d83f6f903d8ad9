"""The state machines as AWS gets them: order, retries, what happens when a step fails for good."""

from __future__ import annotations

import pytest

from shared.venues import FETCHED_AT_ONCE
from tests.infra.synthesis import Template

PERMANENT = {"ErrorEquals": ["RunRejectedError"], "MaxAttempts": 0}
TRANSIENT = {
    "ErrorEquals": ["States.TaskFailed", "States.Timeout"],
    "IntervalSeconds": 1,
    "BackoffRate": 3,
    "MaxAttempts": 3,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}
CAUGHT = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Settle"}]
BACKTEST, IMPORT, FETCH = (f"Workflow/{kind}/Machine" for kind in ("Backtest", "Import", "Fetch"))


def test_a_backtest_is_planned_simulated_and_published(prod: Template) -> None:
    machine = prod.machine(BACKTEST)
    states = machine["States"]
    assert states[machine["StartAt"]]["Default"] == "Plan"
    order = ["Plan"]
    while (following := states[order[-1]].get("Next", states[order[-1]].get("Default"))) is not None:
        order.append(following)
    assert order == ["Plan", "Simulate", "Simulated?", "Publish"]
    assert states["Publish"]["End"] is True
    waiting = {"CandlesHeld?", "FetchCandles", "CandlesThere?", "WaitForCandles"}
    assert set(states) == {*order, *waiting, "Settle", "Failed"}
    # A run that takes longer than a step goes on from what it reached.
    goes_on = {"Variable": "$.reached", "IsPresent": True, "Next": "Simulate"}
    assert states["Simulated?"]["Choices"] == [goes_on]
    assert states["Simulate"]["Resource"] == "{Functions/Simulate.Arn}"


def test_a_backtest_that_lacks_candles_waits_for_them_first(prod: Template) -> None:
    states = prod.machine(BACKTEST)["States"]
    held = {"Variable": "$.fetching", "IsPresent": True, "Next": "FetchCandles"}
    assert states["CandlesHeld?"]["Choices"] == [held]
    assert states["FetchCandles"]["Parameters"] == {
        "step": "candles",
        "owner.$": "$.owner",
        "run_id.$": "$.run_id",
    }
    assert states["FetchCandles"]["Next"] == "CandlesThere?"
    there = {"Variable": "$.there", "BooleanEquals": True, "Next": "Plan"}
    assert (states["CandlesThere?"]["Choices"], states["CandlesThere?"]["Default"]) == (
        [there],
        "WaitForCandles",
    )
    assert states["WaitForCandles"]["SecondsPath"] == "$.wait_seconds"
    assert states["WaitForCandles"]["Next"] == "FetchCandles"


def test_a_fetch_asks_for_a_few_pieces_at_once_and_joins_them(prod: Template) -> None:
    machine = prod.machine(FETCH)
    states = machine["States"]
    assert (machine["StartAt"], states["PlanFetch"]["Next"], states["Pieces"]["Next"]) == (
        "PlanFetch",
        "Pieces",
        "Join",
    )
    assert states["Join"]["End"] is True
    pieces = states["Pieces"]
    assert pieces["MaxConcurrency"] == FETCHED_AT_ONCE
    assert pieces["ResultPath"] is None
    inner = pieces["ItemProcessor"]["States"]
    # A piece goes on in another step, after a wait that no function is paid for.
    assert inner["FetchPiece"]["ResultPath"] == "$.piece"
    assert inner["PieceDone?"]["Default"] == "WaitForExchange"
    assert inner["WaitForExchange"]["SecondsPath"] == "$.piece.wait_seconds"
    assert inner["WaitForExchange"]["Next"] == "FetchPiece"
    for state in (states["PlanFetch"], inner["FetchPiece"], states["Join"]):
        assert state["Resource"] == "{Functions/Fetch.Arn}"
        assert state["Retry"] == [PERMANENT, TRANSIENT]
    for state in (states["PlanFetch"], pieces, states["Join"]):
        assert state["Catch"] == CAUGHT


def test_an_import_is_one_step(prod: Template) -> None:
    machine = prod.machine(IMPORT)
    assert machine["StartAt"] == "Ingest"
    assert machine["States"]["Ingest"]["End"] is True


@pytest.mark.parametrize(
    ("path", "step"),
    [
        (BACKTEST, "FetchCandles"),
        (BACKTEST, "Plan"),
        (BACKTEST, "Simulate"),
        (BACKTEST, "Publish"),
        (IMPORT, "Ingest"),
    ],
)
def test_lost_workers_are_replaced_and_rejected_runs_are_not_tried_again(
    prod: Template, path: str, step: str
) -> None:
    state = prod.machine(path)["States"][step]
    # The first retrier that matches decides.
    assert state["Retry"] == [PERMANENT, TRANSIENT]
    assert state["Catch"] == CAUGHT


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        (BACKTEST, ("run_id", "owner")),
        (IMPORT, ("owner", "dataset_id", "import_id")),
        (FETCH, ("owner", "dataset_id", "fetch_id", "execution")),
    ],
)
def test_a_failure_is_told_to_the_index_and_fails_the_execution_with_its_own_error(
    prod: Template, path: str, identity: tuple[str, ...]
) -> None:
    states = prod.machine(path)["States"]
    told = {f"{key}.$": f"$.{key}" for key in (*identity, "error")}
    assert states["Settle"]["Parameters"] == told
    assert states["Settle"]["Retry"] == [TRANSIENT]
    assert states["Settle"]["ResultPath"] is None
    assert states["Settle"]["Next"] == "Failed"
    assert states["Failed"] == {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}


def test_a_task_outlives_its_function_and_a_machine_outlives_its_tries(prod: Template) -> None:
    for path in (BACKTEST, IMPORT):
        machine = prod.machine(path)
        total = 0
        for name, state in machine["States"].items():
            if state["Type"] == "Task" and name != "Settle":
                function = state["Resource"].strip("{}").removesuffix(".Arn")
                assert state["TimeoutSeconds"] > prod.at(function)["Timeout"]
                total += state["TimeoutSeconds"]
        # One step may use all of its tries.
        assert machine["TimeoutSeconds"] > total + 3 * 930


def test_what_ends_badly_and_what_nobody_told_reaches_settle(prod: Template) -> None:
    ended, reconcile = (prod.at(f"Workflow/{rule}") for rule in ("EndedBadly", "Reconcile"))
    detail = ended["EventPattern"]["detail"]
    assert detail["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert [prod.text(arn).rpartition(":")[2] for arn in detail["stateMachineArn"]] == [
        "stepfold-prod-backtest",
        "stepfold-prod-import",
        "stepfold-prod-fetch",
    ]
    assert reconcile["ScheduleExpression"] == "rate(5 minutes)"
    for rule in (ended, reconcile):
        assert [prod.text(target["Arn"]) for target in rule["Targets"]] == ["{Functions/Settle.Arn}"]


def test_the_machines_are_called_what_the_functions_think(prod: Template) -> None:
    environment = prod.at("Functions/Api")["Environment"]["Variables"]
    for path, variable in ((BACKTEST, "BACKTEST"), (IMPORT, "IMPORT"), (FETCH, "FETCH")):
        arn = prod.text(environment[f"STEPFOLD_{variable}_MACHINE"])
        assert arn.endswith(f":stateMachine:{prod.at(path)['StateMachineName']}")
        assert prod.at(path)["StateMachineType"] == "STANDARD"
