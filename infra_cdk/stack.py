"""Stepfold as one stack: store, functions, workflows, front door."""

from __future__ import annotations

from dataclasses import replace

from aws_cdk import CfnOutput, CliCredentialsStackSynthesizer, IStackSynthesizer, Stack
from constructs import Construct

from infra_cdk.alarms import Alarms
from infra_cdk.assets import CodeOf
from infra_cdk.dashboard import Dashboard
from infra_cdk.functions import Functions
from infra_cdk.gateway import Gateway
from infra_cdk.sockets import Sockets
from infra_cdk.stage import Stage
from infra_cdk.storage import Storage
from infra_cdk.website import Website
from infra_cdk.workflow import Workflow
from shared.names import LIVE_STAGE, MARKET_STAGE

# Where an emulator's deployments put the functions' code; made before the deploy, there is no bootstrap.
LOCAL_ASSETS_BUCKET = "stepfold-local-assets"


class StepfoldStack(Stack):
    """Everything of one stage. Its outputs tell clients where the API and the login are."""

    def __init__(self, scope: Construct, stage: Stage, code: CodeOf) -> None:
        super().__init__(
            scope,
            "Stepfold",
            stack_name=stage.stack_name,
            description=f"Stepfold, stage {stage.name}: backtests as a service",
            synthesizer=_synthesizer(stage),
            termination_protection=not stage.local,
        )
        self.website = Website(self, "Website", stage)
        # The page is of another origin than the API and the store; an emulator's may be called from any.
        stage = stage if stage.local else replace(stage, origins=(*stage.origins, self.website.url))
        self.storage = Storage(self, "Storage", stage)
        self.functions = Functions(self, "Functions", stage, self.storage, code)
        self.workflow = Workflow(self, "Workflow", stage, self.functions)
        self.gateway = Gateway(self, "Gateway", stage, self.functions.api)
        self.sockets = Sockets(self, "Sockets", stage, self.storage, self.functions)
        if stage.alarms:
            Alarms(self, "Alarms", stage, self.functions, self.workflow, self.gateway)
        if stage.dashboard:
            Dashboard(self, "Dashboard", stage, self.functions, self.workflow, self.gateway)
        self._outputs(stage)

    def _outputs(self, stage: Stage) -> None:
        outputs = {
            "Stage": stage.name,
            "Login": stage.login_kind,
            "ApiId": self.gateway.api.api_id,
            "ApiUrl": self.gateway.url,
            "WebSocketApiId": self.sockets.api.api_id,
            "LiveUrl": self.sockets.url(LIVE_STAGE),
            "MarketUrl": self.sockets.url(MARKET_STAGE),
            "WebsiteUrl": self.website.url,
            "WebsiteBucket": self.website.bucket.bucket_name,
            "Table": self.storage.table.table_name,
            "Bucket": self.storage.bucket.bucket_name,
            "BacktestMachine": self.functions.machines.backtest,
            "ImportMachine": self.functions.machines.importing,
            "FetchMachine": self.functions.machines.fetching,
        }
        if self.gateway.pool is not None and self.gateway.client is not None:
            outputs["UserPool"] = self.gateway.pool.user_pool_id
            outputs["UserPoolClient"] = self.gateway.client.user_pool_client_id
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _synthesizer(stage: Stage) -> IStackSynthesizer | None:
    """Deploy to an emulator with the caller's own credentials: the bootstrap's roles fail there."""
    if not stage.local:
        return None
    return CliCredentialsStackSynthesizer(file_assets_bucket_name=LOCAL_ASSETS_BUCKET)
