"""The three workflows, and what repairs the index when one of them ends without saying so."""

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
from shared.venues import FETCHED_AT_ONCE

# What a rejected run raises: trying again would give the same answer.
PERMANENT = "RunRejectedError"
RETRIES = 3
# A whole workflow, its retries included; its end as TIMED_OUT reaches `settle` by an event.
LONGEST = Duration.hours(24)
ENDED_BADLY = ["FAILED", "TIMED_OUT", "ABORTED"]


class Workflow(Construct):
    """Standard state machines of tasks that hand on one small object; series travel through the store."""

    def __init__(self, scope: Construct, construct_id: str, stage: Stage, functions: Functions) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._functions = functions
        self.backtest = self._backtest()
        self.importing = self._import()
        self.fetching = self._fetch()
        self._repair(stage, functions)

    def _backtest(self) -> sfn.StateMachine:
        scope, functions = Construct(self, "Backtest"), self._functions
        failure = self._failure(scope, ("run_id", "owner"))
        plan, simulate, publish = chain = [
            _task(scope, name.capitalize(), getattr(functions, name), name)
            for name in ("plan", "simulate", "publish")
        ]
        candles = self._ask(scope, "FetchCandles", "candles", ("owner", "run_id"))
        for task in (*chain, candles):
            task.add_catch(failure, errors=[sfn.Errors.ALL], result_path="$.error")
        # A run that takes longer than a step goes on in the next one, from where this one came to.
        done = sfn.Choice(scope, "Simulated?")
        done.when(sfn.Condition.is_present("$.reached"), simulate).otherwise(publish)
        plan.next(simulate).next(done)
        there = sfn.Choice(scope, "CandlesThere?")
        wait = sfn.Wait(scope, "WaitForCandles", time=sfn.WaitTime.seconds_path("$.wait_seconds"))
        there.when(sfn.Condition.boolean_equals("$.there", True), plan).otherwise(wait)
        candles.next(there)
        wait.next(candles)
        # The input says so where candles are missing; every other run goes straight on.
        begin = sfn.Choice(scope, "CandlesHeld?")
        begin.when(sfn.Condition.is_present("$.fetching"), candles).otherwise(plan)
        used = [functions.plan, functions.simulate, functions.publish, functions.fetch]
        return self._machine(scope, self._stage.backtest_machine_name, begin, used)

    def _import(self) -> sfn.StateMachine:
        scope = Construct(self, "Import")
        failure = self._failure(scope, ("owner", "dataset_id", "import_id"))
        ingest = _task(scope, "Ingest", self._functions.ingest, "ingest")
        ingest.add_catch(failure, errors=[sfn.Errors.ALL], result_path="$.error")
        return self._machine(scope, self._stage.import_machine_name, ingest, [self._functions.ingest])

    def _fetch(self) -> sfn.StateMachine:
        """Plan, then the missing pieces, a few at once, then one version of all of them."""
        scope = Construct(self, "Fetch")
        identity = ("owner", "dataset_id", "fetch_id", "execution")
        failure = self._failure(scope, identity)
        plan = self._ask(scope, "PlanFetch", "plan", ("owner", "fetch_id"))
        pieces = sfn.Map(
            scope,
            "Pieces",
            items_path="$.pieces",
            item_selector={
                **{f"{name}.$": f"$.{name}" for name in ("owner", "fetch_id", "market")},
                "piece.$": "$$.Map.Item.Value",
            },
            max_concurrency=FETCHED_AT_ONCE,
            result_path=sfn.JsonPath.DISCARD,
        )
        pieces.item_processor(self._piece(scope))
        join = self._ask(scope, "Join", "join", ("owner", "fetch_id", "span", "facts", "changed"))
        for state in (plan, pieces, join):
            state.add_catch(failure, errors=[sfn.Errors.ALL], result_path="$.error")
        definition = plan.next(pieces).next(join)
        return self._machine(scope, self._stage.fetch_machine_name, definition, [self._functions.fetch])

    def _piece(self, scope: Construct) -> sfn.IChainable:
        """Fetch a piece in as many steps as it takes; between two of them no Lambda waits."""
        fetch = self._ask(
            scope, "FetchPiece", "piece", ("owner", "fetch_id", "market", "piece"), result_path="$.piece"
        )
        done = sfn.Choice(scope, "PieceDone?")
        wait = sfn.Wait(scope, "WaitForExchange", time=sfn.WaitTime.seconds_path("$.piece.wait_seconds"))
        done.when(sfn.Condition.boolean_equals("$.piece.done", True), sfn.Succeed(scope, "PieceFetched"))
        done.otherwise(wait)
        wait.next(fetch)
        return fetch.next(done)

    def _ask(
        self,
        scope: Construct,
        name: str,
        step: str,
        handed_on: tuple[str, ...],
        result_path: str | None = None,
    ) -> tasks.LambdaInvoke:
        """Return a step of the function that asks exchanges."""
        payload = {"step": step, **{f"{key}.$": f"$.{key}" for key in handed_on}}
        return _task(
            scope, name, self._functions.fetch, "fetch", sfn.TaskInput.from_object(payload), result_path
        )

    def _machine(
        self, scope: Construct, name: str, definition: sfn.IChainable, used: list[lambda_.Function]
    ) -> sfn.StateMachine:
        retention = logs.RetentionDays.ONE_WEEK if self._stage.local else logs.RetentionDays.THREE_MONTHS
        machine = sfn.StateMachine(
            scope,
            "Machine",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_chainable(definition),
            timeout=LONGEST,
            tracing_enabled=self._stage.tracing,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    scope,
                    "Log",
                    # Only groups of this prefix take log deliveries without a resource policy for each.
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    retention=retention,
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
        self._acknowledge_role(machine, [*used, self._functions.settle])
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
            lambda_function=self._functions.settle,
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
        # A run that has ended leaves its place to the next one that waits.
        events.Rule(
            self,
            "Succeeded",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": ["SUCCEEDED"], "stateMachineArn": [functions.machines.backtest]},
            ),
            targets=[settle],
        )
        events.Rule(
            self,
            "Reconcile",
            schedule=events.Schedule.rate(Duration.minutes(1 if stage.local else 5)),
            targets=[settle],
        )


def _task(
    scope: Construct,
    name: str,
    function: lambda_.Function,
    size: str,
    payload: sfn.TaskInput | None = None,
    result_path: str | None = None,
) -> tasks.LambdaInvoke:
    task = tasks.LambdaInvoke(
        scope,
        name,
        lambda_function=function,
        payload=payload,
        payload_response_only=True,
        result_path=result_path,
        retry_on_service_exceptions=False,
        task_timeout=_slightly_longer_than(size),
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
