"""The front door: an HTTP API that hands every request to the API function, behind a login."""

from __future__ import annotations

import json

from aws_cdk import Duration, RemovalPolicy, Stack, Tags
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.acknowledged import acknowledge
from infra_cdk.stage import ExternalIssuer, OwnPool, Stage

_LOGGED = {
    "time": "$context.requestTimeEpoch",
    "id": "$context.requestId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "owner": "$context.authorizer.claims.sub",
    "error": "$context.integrationErrorMessage",
}


class Gateway(Construct):
    """HTTP API, payload format 2.0: all routes lead to one function, which knows the paths."""

    def __init__(self, scope: Construct, construct_id: str, stage: Stage, api: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        self.pool: cognito.UserPool | None = None
        self.client: cognito.UserPoolClient | None = None
        authorizer = self._authorizer(stage)
        self.api = apigw.HttpApi(
            self,
            "Api",
            api_name=f"stepfold-{stage.name}",
            create_default_stage=False,
            cors_preflight=_cors(stage),
        )
        if stage.local:
            # The emulator takes the API's id from this tag: the address stays the same over deployments.
            Tags.of(self.api).add("ms-custom-id", stage.stack_name)
        integration = integrations.HttpLambdaIntegration(
            "Function", api, payload_format_version=apigw.PayloadFormatVersion.VERSION_2_0
        )
        self.api.add_routes(path="/health", methods=[apigw.HttpMethod.GET], integration=integration)
        # A catch-all route with an authorizer would refuse preflights, which carry no token.
        self.api.add_routes(path="/{proxy+}", methods=[apigw.HttpMethod.OPTIONS], integration=integration)
        apigw.HttpRoute(
            self,
            "Everything",
            http_api=self.api,
            route_key=apigw.HttpRouteKey.DEFAULT,
            integration=integration,
            authorizer=authorizer,
        )
        self._stage(stage)
        for route in ("GET--health", "OPTIONS--{proxy+}"):
            self._acknowledge_open(route)

    @property
    def url(self) -> str:
        return self.api.api_endpoint

    def _authorizer(self, stage: Stage) -> apigw.IHttpRouteAuthorizer | None:
        match stage.login:
            case None:
                return None
            case ExternalIssuer(url, audience):
                return authorizers.HttpJwtAuthorizer("Login", url, jwt_audience=list(audience))
            case OwnPool():
                self.pool = self._pool(stage)
                self.client = self.pool.add_client(
                    "Client",
                    auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
                    prevent_user_existence_errors=True,
                    access_token_validity=Duration.hours(1),
                    id_token_validity=Duration.hours(1),
                )
                issuer = f"https://cognito-idp.{Stack.of(self).region}.amazonaws.com/{self.pool.user_pool_id}"
                return authorizers.HttpJwtAuthorizer(
                    "Login", issuer, jwt_audience=[self.client.user_pool_client_id]
                )

    def _pool(self, stage: Stage) -> cognito.UserPool:
        pool = cognito.UserPool(
            self,
            "Users",
            user_pool_name=f"stepfold-{stage.name}",
            # Whoever has an account can run backtests at the owner's cost: accounts are made, not taken.
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            mfa=cognito.Mfa.OFF if stage.local else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=not stage.local,
            removal_policy=RemovalPolicy.DESTROY if stage.local else RemovalPolicy.RETAIN,
        )
        acknowledge(
            pool,
            "AwsSolutions-COG2",
            "a second factor is offered, not demanded: the command line signs in with a password alone",
        )
        acknowledge(
            pool,
            "AwsSolutions-COG3",
            "threat protection is a paid plan of Cognito; accounts are made by hand",
        )
        acknowledge(
            pool, "AwsSolutions-COG8", "the plus plan is billed by user and adds nothing that is used here"
        )
        return pool

    def _stage(self, stage: Stage) -> None:
        log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/vendedlogs/apigateway/stepfold-{stage.name}",
            retention=logs.RetentionDays.ONE_WEEK if stage.local else logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        deployed = apigw.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=None if stage.local else apigw.ThrottleSettings(rate_limit=100, burst_limit=200),
        )
        resource = deployed.node.default_child
        if not isinstance(resource, apigw.CfnStage):
            raise TypeError(f"{deployed.node.path} has no stage resource")
        resource.access_log_settings = apigw.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(_LOGGED)
        )

    def _acknowledge_open(self, route: str) -> None:
        acknowledge(
            self.api.node.find_child(route),
            "AwsSolutions-APIG4",
            "open by design: the health check says nothing about anybody's data, and a browser's preflight "
            "carries no token",
        )


def _cors(stage: Stage) -> apigw.CorsPreflightOptions | None:
    if not stage.origins:
        return None
    return apigw.CorsPreflightOptions(
        allow_origins=list(stage.origins),
        allow_methods=[
            apigw.CorsHttpMethod.GET,
            apigw.CorsHttpMethod.POST,
            apigw.CorsHttpMethod.PUT,
            apigw.CorsHttpMethod.PATCH,
            apigw.CorsHttpMethod.DELETE,
        ],
        # The token travels in a header, never in a cookie: no credentials mode, so that `*` is allowed.
        allow_headers=["authorization", "content-type", "idempotency-key"],
        expose_headers=["location", "etag", "retry-after"],
        max_age=Duration.days(1),
    )
