"""What a stage must have before it may be deployed, and how the local one differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra_cdk.source import built_zip
from infra_cdk.stage import ExternalIssuer, OwnPool, Stage, StageError
from tests.infra.synthesis import Template, app

ISSUER = {"login": "external", "issuer": "https://login.example.com", "audience": "stepfold"}


def test_a_stage_has_a_login_without_being_told() -> None:
    assert Stage.from_context({}).login == OwnPool()
    assert Stage.from_context({"stage": "prod"}).login == OwnPool()
    assert Stage.from_context({"stage": "test-login"}).login == OwnPool()


def test_only_the_stage_local_may_stand_open() -> None:
    assert Stage.from_context({"stage": "local"}).login is None
    for name in ("prod", "dev", "test-login", "locale"):
        with pytest.raises(StageError, match="has no JWT issuer"):
            Stage.from_context({"stage": name, "login": "none"})


def test_an_issuer_may_exist_already() -> None:
    stage = Stage.from_context({"stage": "prod", **ISSUER, "audience": "web, cli"})
    assert stage.login == ExternalIssuer("https://login.example.com", ("web", "cli"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"issuer": ""}, "the JWT issuer is ''"),
        ({"issuer": "http://login.example.com"}, "https://"),
        ({"audience": ""}, "needs the audience"),
        ({"login": "maybe"}, "login is 'maybe'"),
        ({"stage": "Prod"}, "no stage name"),
    ],
)
def test_half_a_login_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(StageError, match=message):
        Stage.from_context({"stage": "prod", **ISSUER, **change})


def test_a_stand_in_of_an_exchange_is_for_emulators_alone() -> None:
    urls = '{"coinbase": "http://127.0.0.1:1"}'
    assert Stage.from_context({"stage": "local", "exchange_urls": urls}).exchange_urls == urls
    with pytest.raises(StageError, match="stand-ins of exchanges are for emulators"):
        Stage.from_context({"stage": "prod", "exchange_urls": urls})


def test_the_app_ends_with_the_reason() -> None:
    said = app({"stage": "prod", "login": "none"})
    assert said.startswith("stepfold: stage 'prod' has no JWT issuer")
    assert "Traceback" not in said


def test_a_missing_zip_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"api\.zip is missing.*make zips"):
        built_zip(tmp_path, "api")


def test_every_route_but_health_and_preflight_wants_a_token(prod: Template) -> None:
    routes = [
        route
        for route in prod.of_type("AWS::ApiGatewayV2::Route")
        if prod.text(route["ApiId"]) == "{Gateway/Api}"
    ]
    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "$default": "JWT",
        "GET /health": "NONE",
        "OPTIONS /{proxy+}": "NONE",
    }
    login = prod.at("Gateway/Api/Login")
    assert prod.text(login["JwtConfiguration"]["Issuer"]).startswith("https://cognito-idp.{AWS::Region}.")
    (audience,) = login["JwtConfiguration"]["Audience"]
    assert prod.text(audience) == "{Gateway/Users/Client}"
    assert prod.at("Gateway/Users")["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert {
        function["Environment"]["Variables"]["STEPFOLD_AUTH"]
        for function in prod.of_type("AWS::Lambda::Function")
    } == {"jwt"}


def test_a_connection_is_let_in_on_a_ticket_alone(prod: Template) -> None:
    routes = {
        route["RouteKey"]: route
        for route in prod.of_type("AWS::ApiGatewayV2::Route")
        if prod.text(route["ApiId"]) == "{Sockets/Api}"
    }
    # An authorizer can stand at $connect alone.
    assert {key: route["AuthorizationType"] for key, route in routes.items()} == {
        "$connect": "CUSTOM",
        "$default": "NONE",
        "$disconnect": "NONE",
    }
    lock = prod.at("Sockets/Api/Tickets")
    assert lock["IdentitySource"] == ["route.request.querystring.ticket"]
    assert "{Functions/SocketAuthorizer.Arn}" in prod.text(lock["AuthorizerUri"])


def test_push_is_told_of_runs_alone_and_of_old_news_not_at_all(prod: Template) -> None:
    (mapping,) = prod.of_type("AWS::Lambda::EventSourceMapping")
    (filtered,) = mapping["FilterCriteria"]["Filters"]
    assert json.loads(filtered["Pattern"]) == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "RUN#"}]}}},
    }
    assert mapping["MaximumRecordAgeInSeconds"] == 60
    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert prod.at("Storage/Table")["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert prod.at("Storage/Table")["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_the_local_stage_has_no_authorizer_and_can_be_thrown_away(local: Template) -> None:
    assert list(local.of_type("AWS::ApiGatewayV2::Authorizer")) == []
    for path in ("Storage/Bucket", "Storage/Table"):
        assert local.resource(path)["DeletionPolicy"] == "Delete"
    # A custom resource that empties the bucket would hang the emulator.
    assert "Custom::S3AutoDeleteObjects" not in json.dumps(local.body)
    assert list(local.of_type("AWS::CloudWatch::Alarm")) == []
    assert {
        function["Environment"]["Variables"]["STEPFOLD_AUTH"]
        for function in local.of_type("AWS::Lambda::Function")
    } == {"none"}


def test_data_outlives_a_production_stack(prod: Template) -> None:
    for path in ("Storage/Bucket", "Storage/Table", "Gateway/Users"):
        assert prod.resource(path)["DeletionPolicy"] == "Retain"
    table = prod.at("Storage/Table")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_only_scratch_and_uploads_expire(prod: Template) -> None:
    rules = prod.at("Storage/Bucket")["LifecycleConfiguration"]["Rules"]
    assert {(rule["Prefix"], rule["ExpirationInDays"]) for rule in rules} == {("uploads/", 1), ("work/", 7)}
    assert "VersioningConfiguration" not in prod.at("Storage/Bucket")


def test_functions_stay_within_what_aws_gives(prod: Template) -> None:
    functions = {
        function["Handler"].split(".")[1]: function for function in prod.of_type("AWS::Lambda::Function")
    }
    of_workflows = {"plan", "simulate", "publish", "settle", "ingest", "fetch"}
    assert set(functions) == {"api", *of_workflows, "socket", "socket_authorizer", "push", "ticker"}
    for function in functions.values():
        assert function["Architectures"] == ["arm64"]
        assert function["Runtime"] == "python3.13"
        assert function["Timeout"] <= 900
        assert 128 <= function["MemorySize"] <= 10_240
    # An HTTP API answers 503 after 30 s, whatever the function is doing.
    assert functions["api"]["Timeout"] < 30


def test_every_log_expires(prod: Template) -> None:
    groups = list(prod.of_type("AWS::Logs::LogGroup"))
    assert len(groups) == 15
    assert {group["RetentionInDays"] for group in groups} == {90}


def test_a_preflight_may_ask_for_what_the_api_takes(local: Template, prod: Template) -> None:
    cors = local.at("Gateway/Api")["CorsConfiguration"]
    assert {"authorization", "content-type", "idempotency-key"} == set(cors["AllowHeaders"])
    assert {"DELETE", "GET", "PATCH", "POST", "PUT"} == set(cors["AllowMethods"])
    # On AWS the stage's own page may call, and those that are named.
    (origin,) = prod.at("Gateway/Api")["CorsConfiguration"]["AllowOrigins"]
    assert origin["Fn::Join"][1][1]["Fn::GetAtt"][1] == "DomainName"
    (rule,) = prod.at("Storage/Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [origin]


def test_the_page_runs_no_script_but_its_own(local: Template, prod: Template) -> None:
    for stage in (local, prod):
        headers = stage.at("Website/Headers")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        policy = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
        text = policy if isinstance(policy, str) else "".join(map(str, policy["Fn::Join"][1]))
        rules = dict(rule.split(" ", 1) for rule in text.split("; "))
        assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
        assert rules["script-src"] == "'self'"


def test_only_the_distribution_reads_the_page_s_bucket(prod: Template) -> None:
    for setting in prod.at("Website/Files")["PublicAccessBlockConfiguration"].values():
        assert setting is True
    statements = prod.at("Website/Files/Policy")["PolicyDocument"]["Statement"]
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    assert "AWS:SourceArn" in allowed[0]["Condition"]["StringEquals"]


def test_a_page_may_upload_by_a_form_and_download(local: Template, prod: Template) -> None:
    for stage in (local, prod):
        (rule,) = stage.at("Storage/Bucket")["CorsConfiguration"]["CorsRules"]
        assert rule["AllowedMethods"] == ["GET", "HEAD", "POST"]


def test_what_a_run_may_take_is_set_by_the_deployment() -> None:
    stage = Stage.from_context({"stage": "prod", "max_bars": 1000, "max_events": "50"})
    assert stage.limits == {"STEPFOLD_MAX_BARS": "1000", "STEPFOLD_MAX_EVENTS": "50"}
    with pytest.raises(StageError, match="STEPFOLD_MAX_BARS is 'many'; it must be a whole number"):
        Stage.from_context({"stage": "prod", "max_bars": "many"})
