"""What should wake somebody: runs that fail, and an API that answers with errors of its own."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra_cdk.dashboard import waited
from infra_cdk.functions import Functions
from infra_cdk.gateway import Gateway
from infra_cdk.stage import Stage
from infra_cdk.workflow import Workflow

WINDOW = Duration.minutes(5)
WAITS_LONG_SECONDS = 3600


class Alarms(Construct):
    """Alarms on counts over five minutes; they notify the topic of `-c alarm_topic=ARN`, if one is given."""

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
        self._topic = (
            sns.Topic.from_topic_arn(self, "Topic", stage.alarm_topic) if stage.alarm_topic else None
        )
        self._count("BacktestsFailed", workflow.backtest.metric_failed(period=WINDOW, statistic="Sum"))
        self._count("ImportsFailed", workflow.importing.metric_failed(period=WINDOW, statistic="Sum"))
        self._count("FetchesFailed", workflow.fetching.metric_failed(period=WINDOW, statistic="Sum"))
        self._count("ApiErrors", gateway.api.metric_server_error(period=WINDOW, statistic="Sum"))
        # Settle is what mends everything else: if it fails, runs may stay `running` in the index.
        self._count("SettleErrors", functions.settle.metric_errors(period=WINDOW, statistic="Sum"))
        # Runs end, and none of those that wait is begun: places are not given back.
        self._count("RunsWaitLong", waited(stage, WINDOW), WAITS_LONG_SECONDS)

    def _count(self, construct_id: str, metric: cloudwatch.IMetric, threshold: float = 1) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if self._topic is not None:
            alarm.add_alarm_action(actions.SnsAction(self._topic))
