"""The two workflows, and what repairs the index when one of them ends without saying so."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infra_cdk.acknowledged import acknowledge, acknowledge_wildcard, attribute
from infra_cdk.functions import Functions
from infra_cdk.sizes import SIZES
from infra_cdk.stage import Stage

# What a rejected run raises: trying again would give the same answer.
PERMANENT = "RunRejectedError"
RETRIES = 3
# A whole workflow, its retries included; its end as TIMED_OUT reaches `settle` by an event.
LONGEST = Duration.hours(2)
ENDED_BADLY = ["FAILED", "TIMED_OUT", "ABORTED"]


class Workflow(Construct):
    """Standard state machines of tasks that hand on one small object; series travel through the store."""

    def __init__(self, scope: Construct, construct_id: str, stage: Stage, functions: Functions) -> None:
        super().__init__(scope, construct_id)
        self._settle = functions.settle
        self.backtest = self._machine(
            "Backtest",
            stage,
            stage.backtest_machine_name,
            {"Plan": functions.plan, "Simulate": functions.simulate, "Publish": functions.publish},
            identity=("run_id", "owner"),
        )
        self.importing = self._machine(
            "Import",
            stage,
            stage.import_machine_name,
            {"Ingest": functions.ingest},
            identity=("owner", "dataset_id", "import_id"),
        )
        self._repair(stage, functions)

    def _machine(
        self,
        construct_id: str,
        stage: Stage,
        name: str,
        steps: dict[str, lambda_.Function],
        identity: tuple[str, ...],
    ) -> sfn.StateMachine:
        scope = Construct(self, construct_id)
        failure = self._failure(scope, identity)
        chain = [_task(scope, step, function) for step, function in steps.items()]
        for task in chain:
            task.add_catch(failure, errors=[sfn.Errors.ALL], result_path="$.error")
        definition = sfn.Chain.start(chain[0])
        for task in chain[1:]:
            definition = definition.next(task)
        machine = sfn.StateMachine(
            scope,
            "Machine",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_chainable(definition),
            timeout=LONGEST,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    scope,
                    "Log",
                    # Only groups of this prefix take log deliveries without a resource policy for each.
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=logs.RetentionDays.ONE_WEEK if stage.local else logs.RetentionDays.THREE_MONTHS,
                    removal_policy=RemovalPolicy.DESTROY,
                ),
                level=sfn.LogLevel.ERROR,
                include_execution_data=False,
            ),
        )
        acknowledge(
            machine,
            "AwsSolutions-SF1",
            "errors are logged; every transition stands in the execution's history for 90 days and the API "
            "shows it, so that logging all of it again would double what a run costs",
        )
        acknowledge(
            machine,
            "AwsSolutions-SF2",
            "the steps and their times are in the execution's history; traces would cost more than the run",
        )
        self._acknowledge_role(machine, [*steps.values(), self._settle])
        return machine

    def _acknowledge_role(self, machine: sfn.StateMachine, invoked: list[lambda_.Function]) -> None:
        for function in invoked:
            acknowledge_wildcard(
                machine, f"{attribute(function)}:*", "the versions and aliases of the same function"
            )
        acknowledge_wildcard(
            machine, "*", "the calls that set up the delivery of logs know no resources; see AWS's own policy"
        )

    def _failure(self, scope: Construct, identity: tuple[str, ...]) -> sfn.IChainable:
        """Tell the index why the work failed, then fail the execution with the same error."""
        settle = tasks.LambdaInvoke(
            scope,
            "Settle",
            lambda_function=self._settle,
            payload=sfn.TaskInput.from_object(
                {key: sfn.JsonPath.string_at(f"$.{key}") for key in identity}
                | {"error": sfn.JsonPath.object_at("$.error")}
            ),
            payload_response_only=True,
            result_path=sfn.JsonPath.DISCARD,
            retry_on_service_exceptions=False,
            task_timeout=_slightly_longer_than("settle"),
        )
        _retry(settle)
        return settle.next(sfn.Fail(scope, "Failed", error_path="$.error.Error", cause_path="$.error.Cause"))

    def _repair(self, stage: Stage, functions: Functions) -> None:
        """Call `settle` for executions that ended without reaching it, and for what nobody told."""
        settle = targets.LambdaFunction(functions.settle, retry_attempts=3, max_event_age=Duration.hours(1))
        events.Rule(
            self,
            "EndedBadly",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": ENDED_BADLY, "stateMachineArn": functions.machines.all},
            ),
            targets=[settle],
        )
        events.Rule(
            self,
            "Reconcile",
            schedule=events.Schedule.rate(Duration.minutes(1 if stage.local else 5)),
            targets=[settle],
        )


def _task(scope: Construct, name: str, function: lambda_.Function) -> tasks.LambdaInvoke:
    task = tasks.LambdaInvoke(
        scope,
        name,
        lambda_function=function,
        payload_response_only=True,
        retry_on_service_exceptions=False,
        task_timeout=_slightly_longer_than(name.lower()),
    )
    # The first retrier that matches decides.
    task.add_retry(errors=[PERMANENT], max_attempts=0)
    _retry(task)
    return task


def _retry(task: sfn.TaskStateBase) -> None:
    """Try again after a throttle or a lost worker, later each time and not all at once."""
    task.add_retry(
        errors=[sfn.Errors.TASKS_FAILED, sfn.Errors.TIMEOUT],
        interval=Duration.seconds(1),
        backoff_rate=3,
        max_attempts=RETRIES,
        max_delay=Duration.minutes(1),
        jitter_strategy=sfn.JitterType.FULL,
    )


def _slightly_longer_than(function: str) -> sfn.Timeout:
    """Give a task its function's time and what starting takes: the function's own limit speaks first."""
    return sfn.Timeout.duration(Duration.seconds(SIZES[function].timeout + 30))
