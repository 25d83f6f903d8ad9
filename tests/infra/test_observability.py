"""What the stage shows of itself: a dashboard, alarms, and traces where they are asked for."""

from __future__ import annotations

import json

from infra_cdk.stage import Stage
from tests.infra.synthesis import Template


def test_the_dashboard_shows_what_the_functions_report(prod: Template, local: Template) -> None:
    for stage, name in ((prod, "prod"), (local, "local")):
        (dashboard,) = stage.of_type("AWS::CloudWatch::Dashboard")
        assert dashboard["DashboardName"] == f"stepfold-{name}"
        body = json.loads(stage.text(dashboard["DashboardBody"]))
        shown = [metric for widget in body["widgets"] for metric in widget["properties"]["metrics"]]
        own = {tuple(part for part in metric if isinstance(part, str)) for metric in shown}
        # The same names and dimensions as in functions.metrics; tests/functions/test_observed.py reads those.
        of_stage = ("Stage", name, "service", "stepfold")
        for outcome in ("completed", "failed", "cancelled"):
            assert ("Stepfold", "RunsEnded", "Outcome", outcome, *of_stage) in own
        for metric in ("BarsPerSecond", "QueueAge"):
            assert ("Stepfold", metric, *of_stage) in own


def test_runs_that_wait_long_wake_somebody_and_an_idle_stage_nobody(prod: Template) -> None:
    alarm = prod.at("Alarms/RunsWaitLong")
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("QueueAge", "Maximum", 3600)
    alarms = list(prod.of_type("AWS::CloudWatch::Alarm"))
    assert len(alarms) == 6
    assert {alarm["TreatMissingData"] for alarm in alarms} == {"notBreaching"}


def test_nothing_is_traced_unless_it_is_asked_for(prod: Template) -> None:
    for function in prod.of_type("AWS::Lambda::Function"):
        assert "TracingConfig" not in function
    for machine in prod.of_type("AWS::StepFunctions::StateMachine"):
        assert not machine.get("TracingConfiguration", {}).get("Enabled", False)
    assert "xray" not in json.dumps(prod.body)
    assert not Stage.from_context({"stage": "prod"}).tracing
    assert Stage.from_context({"stage": "prod", "tracing": "true"}).tracing
    assert not Stage.from_context({"stage": "prod", "dashboard": "false"}).dashboard


def test_a_backtest_that_has_ended_reaches_settle_for_the_next_in_the_queue(prod: Template) -> None:
    rule = prod.at("Workflow/Succeeded")
    detail = rule["EventPattern"]["detail"]
    assert detail["status"] == ["SUCCEEDED"]
    assert [prod.text(arn).rpartition(":")[2] for arn in detail["stateMachineArn"]] == [
        "stepfold-prod-backtest"
    ]
    assert [prod.text(target["Arn"]) for target in rule["Targets"]] == ["{Functions/Settle.Arn}"]
