"""One page of CloudWatch: what runs came to, how fast they went, what waits, and what went wrong."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.functions import Functions
from infra_cdk.gateway import Gateway
from infra_cdk.stage import Stage
from infra_cdk.workflow import Workflow
from shared.names import METRICS, SERVICE

OUTCOMES = ("completed", "failed", "cancelled")
PERIOD = Duration.minutes(5)
_HALF = 12


class Dashboard(Construct):
    """It shows what is measured anyway: functions.metrics, and what AWS measures by itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        stage: Stage,
        functions: Functions,
        workflow: Workflow,
        gateway: Gateway,
    ) -> None:
        super().__init__(scope, construct_id)
        every = (functions.api, functions.plan, functions.simulate, functions.publish, functions.settle)
        page = cloudwatch.Dashboard(self, "Page", dashboard_name=stage.stack_name)
        page.add_widgets(
            _graph("Runs by outcome", [ended(stage, outcome) for outcome in OUTCOMES]),
            _graph("Bars a second, of a step", [_own(stage, "BarsPerSecond", "Average", PERIOD)]),
            _graph("Longest wait in a queue, seconds", [waited(stage, PERIOD)]),
            _graph(
                "Executions",
                [
                    workflow.backtest.metric_started(period=PERIOD),
                    workflow.backtest.metric_failed(period=PERIOD),
                    workflow.backtest.metric_aborted(period=PERIOD),
                ],
            ),
            _graph("Errors of functions", [function.metric_errors(period=PERIOD) for function in every]),
            _graph("Time of functions", [function.metric_duration(period=PERIOD) for function in every]),
            _graph(
                "Answers of the API that are errors",
                [
                    gateway.api.metric_server_error(period=PERIOD),
                    gateway.api.metric_client_error(period=PERIOD),
                ],
            ),
            _graph("Latency of the API", [gateway.api.metric_latency(period=PERIOD, statistic="p95")]),
        )


def ended(stage: Stage, outcome: str) -> cloudwatch.Metric:
    """Return the count of runs that ended so."""
    return _own(stage, "RunsEnded", "Sum", PERIOD, Outcome=outcome)


def waited(stage: Stage, period: Duration) -> cloudwatch.Metric:
    """Return how long the run has waited that has waited longest."""
    return _own(stage, "QueueAge", "Maximum", period)


def _own(stage: Stage, name: str, statistic: str, period: Duration, **dimensions: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRICS,
        metric_name=name,
        statistic=statistic,
        period=period,
        dimensions_map={"Stage": stage.name, "service": SERVICE, **dimensions},
        label=dimensions.get("Outcome"),
    )


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=_HALF)
