"""The Lambda functions: one factory, one row each."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.acknowledged import acknowledge, acknowledge_wildcard
from infra_cdk.assets import CodeOf
from infra_cdk.sizes import SIZES
from infra_cdk.stage import Stage
from infra_cdk.storage import Storage
from shared.names import (
    ACTIVE_INDEX,
    CANDLES,
    LISTING_INDEX,
    MARKETS,
    RUNS,
    SERVICE,
    STRATEGIES,
    UPLOADS,
    WORK,
)
from shared.run_limits import variable
from shared.step_logs import STEPS


@dataclass(frozen=True, slots=True)
class Machines:
    """The three state machines by ARN, put together from their names.

    The functions need the ARNs and the machines need the functions: only names break that circle.
    """

    backtest: str
    importing: str
    fetching: str

    @classmethod
    def of(cls, stack: Stack, stage: Stage) -> Machines:
        def arn(name: str) -> str:
            return f"arn:{stack.partition}:states:{stack.region}:{stack.account}:stateMachine:{name}"

        return cls(
            arn(stage.backtest_machine_name), arn(stage.import_machine_name), arn(stage.fetch_machine_name)
        )

    @property
    def all(self) -> list[str]:
        return [self.backtest, self.importing, self.fetching]

    @property
    def executions(self) -> list[str]:
        return [arn.replace(":stateMachine:", ":execution:") + ":*" for arn in self.all]


class Functions(Construct):
    """All functions of a stage, each with a role of its own that allows what it does and nothing more."""

    def __init__(
        self, scope: Construct, construct_id: str, stage: Stage, storage: Storage, code: CodeOf
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._code = code
        self._logs: dict[str, logs.LogGroup] = {}
        self.machines = Machines.of(Stack.of(self), stage)
        self._environment = {
            "STEPFOLD_STAGE": stage.name,
            "STEPFOLD_TABLE": storage.table.table_name,
            "STEPFOLD_BUCKET": storage.bucket.bucket_name,
            "STEPFOLD_BACKTEST_MACHINE": self.machines.backtest,
            "STEPFOLD_IMPORT_MACHINE": self.machines.importing,
            "STEPFOLD_FETCH_MACHINE": self.machines.fetching,
            "STEPFOLD_FETCH_FUNCTION": stage.function_name("fetch"),
            "STEPFOLD_TICKER_FUNCTION": stage.function_name("ticker"),
            "STEPFOLD_AUTH": "none" if stage.login is None else "jwt",
            "POWERTOOLS_SERVICE_NAME": SERVICE,
            # An emulator's own LOG_LEVEL would be taken for ours.
            "POWERTOOLS_LOG_LEVEL": "INFO",
            # There are none, and looking for them reads what every package in the environment says of itself.
            "PYDANTIC_DISABLE_PLUGINS": "1",
        }
        if stage.local:
            # Each that is under way has processes of its own there.
            self._environment[variable("max_runs_at_once")] = "6"
        self._environment |= stage.limits
        if stage.exchange_urls:
            self._environment["STEPFOLD_EXCHANGE_URLS"] = stage.exchange_urls
        self.api = self._function("api")
        self.plan = self._function("plan")
        self.simulate = self._function("simulate")
        self.publish = self._function("publish")
        self.settle = self._function("settle")
        self.ingest = self._function("ingest")
        self.fetch = self._function("fetch")
        self.socket = self._function("socket")
        self.socket_authorizer = None if stage.login is None else self._function("socket_authorizer")
        self.push = self._function("push")
        self.ticker = self._function("ticker", goes_on_itself=True)
        self._grant(storage)

    def _grant(self, storage: Storage) -> None:
        candles, runs, uploads, work = (f"{prefix}/*" for prefix in (CANDLES, RUNS, UPLOADS, WORK))
        strategies, markets = f"{STRATEGIES}/*", f"{MARKETS}/*"

        api = role_of(self.api)
        storage.allow_index(api, indexes=(LISTING_INDEX, ACTIVE_INDEX))
        # What the API presigns it must be allowed itself.
        storage.allow_objects(
            api,
            read=(candles, markets, runs, strategies, uploads),
            write=(strategies, uploads, f"{RUNS}/*/request*"),
            delete=(candles, runs, work),
            listing=(candles, runs, work),
        )
        api.add_to_policy(
            iam.PolicyStatement(
                actions=["states:ListExecutions", "states:StartExecution"], resources=self.machines.all
            )
        )
        api.add_to_policy(
            iam.PolicyStatement(
                actions=["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"],
                resources=self.machines.executions,
            )
        )

        api.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.fetch.function_arn])
        )

        # A run's log is read for who owns the run (shared.step_logs).
        # A group's own ARN ends in `:*`; the action is held against the group's name without it, too.
        groups = [
            arn for step in STEPS for arn in (self._logs[step].log_group_arn, self._log_group_arn(step))
        ]
        api.add_to_policy(iam.PolicyStatement(actions=["logs:FilterLogEvents"], resources=groups))

        self._acknowledge_executions(api)

        plan = role_of(self.plan)
        storage.allow_index(plan)
        storage.allow_objects(plan, read=(candles, runs), write=(runs, work))

        simulate = role_of(self.simulate)
        storage.allow_index(simulate)
        storage.allow_objects(
            simulate,
            read=(candles, runs, work),
            write=(runs, work),
            delete=(runs, work),
            # So that a checkpoint that is gone is told from one that may not be read.
            listing=(work,),
        )

        publish = role_of(self.publish)
        storage.allow_index(publish)
        storage.allow_objects(publish, read=(runs,), delete=(runs, work), listing=(runs, work))

        settle = role_of(self.settle)
        storage.allow_index(settle, indexes=(ACTIVE_INDEX,))
        # It finishes the deletions that the API began.
        storage.allow_objects(
            settle, read=(runs,), delete=(candles, runs, work), listing=(candles, runs, work)
        )
        settle.add_to_policy(
            iam.PolicyStatement(actions=["states:DescribeExecution"], resources=self.machines.executions)
        )
        # What the API left between its index write and its start is started by the reconciling schedule.
        settle.add_to_policy(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=self.machines.all)
        )

        self._acknowledge_executions(settle)

        ingest = role_of(self.ingest)
        storage.allow_index(ingest)
        storage.allow_objects(ingest, read=(uploads, candles), write=(candles,), delete=(uploads,))

        fetch = role_of(self.fetch)
        storage.allow_index(fetch)
        storage.allow_objects(
            fetch,
            read=(candles, markets, work),
            write=(candles, markets, work),
            delete=(work,),
            listing=(work,),
        )
        # A backtest that lacks candles has them fetched.
        fetch.add_to_policy(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[self.machines.fetching])
        )

        self._grant_sockets(storage)

    def _grant_sockets(self, storage: Storage) -> None:
        """Let the WebSocket API's functions do their work; infra_cdk/sockets.py lets them post."""
        socket = role_of(self.socket)
        storage.allow_index(socket, indexes=(LISTING_INDEX,))
        # The first prices of what is listened to, and who asks for the next ones.
        socket.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[self.fetch.function_arn, self.ticker.function_arn],
            )
        )

        if self.socket_authorizer is not None:
            # To take a ticket is to delete it.
            role_of(self.socket_authorizer).add_to_policy(
                iam.PolicyStatement(actions=["dynamodb:DeleteItem"], resources=[storage.table.table_arn])
            )

        storage.allow_index(role_of(self.push))

        ticker = role_of(self.ticker)
        storage.allow_index(ticker)
        ticker.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[self.fetch.function_arn, self._function_arn("ticker")],
            )
        )
        # A poller that dies is replaced at the next word of a client; two at once would be one too many.
        self.ticker.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))

    def _function_arn(self, function: str) -> str:
        """Return a function's ARN by its name: a role that is to name its own function must not need it."""
        stack, name = Stack.of(self), self._stage.function_name(function)
        return f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:{name}"

    def _log_group_arn(self, function: str) -> str:
        stack, name = Stack.of(self), self._stage.function_name(function)
        return f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws/lambda/{name}"

    def _acknowledge_executions(self, role: iam.Role) -> None:
        stage = self._stage
        for machine in (stage.backtest_machine_name, stage.import_machine_name, stage.fetch_machine_name):
            acknowledge_wildcard(
                role,
                f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{machine}:*",
                "executions are named after runs, which do not exist yet when the role is made",
            )

    def _function(self, name: str, *, goes_on_itself: bool = False) -> lambda_.Function:
        size = SIZES[name]
        construct = "".join(word.capitalize() for word in name.split("_"))
        function_name = self._stage.function_name(name)
        log_group = logs.LogGroup(
            self,
            f"{construct}Log",
            log_group_name=f"/aws/lambda/{function_name}",
            retention=logs.RetentionDays.ONE_WEEK if self._stage.local else logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, f"{construct}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self._logs[name] = log_group
        # The managed policy would let every function write to every log group of the account.
        log_group.grant_write(role)
        function = lambda_.Function(
            self,
            construct,
            function_name=function_name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"functions.{name}.handler.handler",
            code=self._code(size.group),
            memory_size=size.memory,
            timeout=Duration.seconds(size.timeout),
            environment=self._environment,
            log_group=log_group,
            role=role,
            tracing=lambda_.Tracing.ACTIVE if self._stage.tracing else lambda_.Tracing.DISABLED,
            # Lambda stops functions that call themselves, unless they say that they mean it.
            recursive_loop=lambda_.RecursiveLoop.ALLOW if goes_on_itself else None,
        )
        if self._stage.tracing:
            acknowledge_wildcard(role, "*", "X-Ray's own calls know no resources")
        acknowledge(
            function, "AwsSolutions-L1", "the zips are built, compiled and tested for this version of Python"
        )
        return function


def role_of(function: lambda_.Function) -> iam.Role:
    role = function.role
    if not isinstance(role, iam.Role):
        raise TypeError(f"{function.node.path} has no role of its own")
    return role
