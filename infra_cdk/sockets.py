"""What is pushed: the WebSocket API with its stages, and what feeds it."""

from __future__ import annotations

from aws_cdk import Duration, Stack, Tags
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra_cdk.acknowledged import acknowledge, acknowledge_wildcard
from infra_cdk.functions import Functions, role_of
from infra_cdk.stage import Stage
from infra_cdk.storage import Storage
from shared.names import LIVE_STAGE, MARKET_STAGE, RUN_KEYS

# A change that could not be told in this time is old news; clients read the run.
TOLD_WITHIN = Duration.seconds(60)


class Sockets(Construct):
    """One API of two stages, `live` and `market`, whose every event goes to one function."""

    def __init__(
        self, scope: Construct, construct_id: str, stage: Stage, storage: Storage, functions: Functions
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions = functions
        self.api = apigw.WebSocketApi(
            self,
            "Api",
            api_name=f"stepfold-{stage.name}-sockets",
            route_selection_expression="$request.body.action",
            connect_route_options=apigw.WebSocketRouteOptions(
                integration=self._integration("Opened"), authorizer=self._authorizer()
            ),
            disconnect_route_options=apigw.WebSocketRouteOptions(integration=self._integration("Closed")),
            default_route_options=apigw.WebSocketRouteOptions(integration=self._integration("Said")),
        )
        if stage.local:
            # Like the HTTP API's: the address stays the same over deployments.
            Tags.of(self.api).add("ms-custom-id", f"{stage.stack_name}-sockets")
        self.stages = {name: self._stage(name, stage) for name in (LIVE_STAGE, MARKET_STAGE)}
        for function in (functions.socket, functions.push, functions.ticker):
            self._allow_posting(function)
        self._feed(storage)
        # A client that knows the HTTP API is told where to listen.
        functions.api.add_environment("STEPFOLD_SOCKET_API", self.api.api_id)
        for route in ("$disconnect-Route", "$default-Route"):
            acknowledge(
                self.api.node.find_child(route),
                "AwsSolutions-APIG4",
                "an authorizer can stand at $connect alone; whose connection it is holds for all it says",
            )

    def url(self, stage: str) -> str:
        return self.stages[stage].url

    def _integration(self, name: str) -> integrations.WebSocketLambdaIntegration:
        return integrations.WebSocketLambdaIntegration(name, self._functions.socket)

    def _authorizer(self) -> apigw.IWebSocketRouteAuthorizer | None:
        """Stand a lock before a stage with a login: a one-time ticket, drawn over the HTTP API."""
        if self._functions.socket_authorizer is None:
            return None
        return authorizers.WebSocketLambdaAuthorizer(
            "Tickets",
            self._functions.socket_authorizer,
            identity_source=["route.request.querystring.ticket"],
        )

    def _stage(self, name: str, stage: Stage) -> apigw.WebSocketStage:
        deployed = apigw.WebSocketStage(
            self,
            name.capitalize(),
            web_socket_api=self.api,
            stage_name=name,
            auto_deploy=True,
            throttle=None if stage.local else apigw.ThrottleSettings(rate_limit=100, burst_limit=200),
        )
        acknowledge(
            deployed,
            "AwsSolutions-APIG1",
            "an access log of a WebSocket API needs a role that holds for all gateways of the account, which "
            "is not for a stack to set; the function that every event goes to logs each",
        )
        return deployed

    def _allow_posting(self, function: lambda_.Function) -> None:
        role, stack = role_of(function), Stack.of(self)
        place = f"{stack.partition}:execute-api:{stack.region}:{stack.account}:{self.api.api_id}"
        for name in self.stages:
            # To post to a connection, and to close one that cannot be posted to.
            resource = f"arn:{place}/{name}/*/@connections/*"
            role.add_to_policy(
                iam.PolicyStatement(actions=["execute-api:ManageConnections"], resources=[resource])
            )
            api = stack.get_logical_id(self.api.node.default_child)  # type: ignore[arg-type]
            acknowledge_wildcard(
                role,
                f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>/{name}/*/@connections/*",
                "connections come and go; their ids are known to the gateway alone",
            )

    def _feed(self, storage: Storage) -> None:
        """Have `push` told of changes of runs, and of executions that change their state."""
        push = self._functions.push
        push.add_event_source(
            sources.DynamoEventSource(
                storage.table,
                starting_position=lambda_.StartingPosition.LATEST,
                batch_size=100,
                max_record_age=TOLD_WITHIN,
                retry_attempts=3,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                filters=[
                    lambda_.FilterCriteria.filter(
                        {
                            "eventName": lambda_.FilterRule.or_("INSERT", "MODIFY"),
                            "dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.begins_with(RUN_KEYS)}}},
                        }
                    )
                ],
            )
        )
        acknowledge_wildcard(role_of(push), "*", "streams are listed by no table; see AWS's own policy")
        events.Rule(
            self,
            "Executions",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": self._functions.machines.all},
            ),
            targets=[targets.LambdaFunction(push, retry_attempts=2, max_event_age=TOLD_WITHIN)],
        )
