"""The only places where state lives: one bucket, one table, and who may do what in them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.acknowledged import acknowledge, acknowledge_wildcard, attribute
from infra_cdk.stage import Stage
from shared.names import ACTIVE_INDEX, EXPIRES_AT, LISTING_INDEX, UPLOADS, WORK


class Storage(Construct):
    """The object store and the index of one stage."""

    def __init__(self, scope: Construct, construct_id: str, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        removal = RemovalPolicy.DESTROY if stage.local else RemovalPolicy.RETAIN
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=stage.bucket_name(Aws.ACCOUNT_ID),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            # An emulator speaks plain HTTP on loopback.
            enforce_ssl=not stage.local,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # Result files are immutable and published under a fresh token: old versions would only cost.
            versioned=False,
            lifecycle_rules=[_expire(UPLOADS, days=1), _expire(WORK, days=7)],
            cors=_cors(stage),
            removal_policy=removal,
        )
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=stage.table_name,
            partition_key=_key("pk"),
            sort_key=_key("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.DEFAULT,
            # What changes of a run is pushed to who listens (infra_cdk/sockets.py).
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute=EXPIRES_AT,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=not stage.local
            ),
            deletion_protection=not stage.local,
            removal_policy=removal,
        )
        for index, partition, sort in (
            (LISTING_INDEX, "gsi1pk", "gsi1sk"),
            (ACTIVE_INDEX, "gsi2pk", "gsi2sk"),
        ):
            self.table.add_global_secondary_index(
                index_name=index, partition_key=_key(partition), sort_key=_key(sort)
            )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "no server access log: the objects are reached by the functions' roles and by presigned URLs "
            "that the API hands out and logs; a log bucket would cost at rest",
        )

    def allow_index(self, role: iam.Role, *, indexes: Sequence[str] = ()) -> None:
        """Let a role read and write items by key and query the named indexes; nobody may scan."""
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "dynamodb:BatchGetItem",
                    "dynamodb:ConditionCheckItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                    "dynamodb:UpdateItem",
                ],
                resources=[self.table.table_arn],
            )
        )
        if indexes:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=["dynamodb:Query"],
                    resources=[f"{self.table.table_arn}/index/{index}" for index in indexes],
                )
            )

    def allow_objects(
        self,
        role: iam.Role,
        *,
        read: Sequence[str] = (),
        write: Sequence[str] = (),
        delete: Sequence[str] = (),
        listing: Sequence[str] = (),
    ) -> None:
        """Let a role do just this to the keys that match the patterns (`runs/*`).

        `listing` also decides what a read of a missing object says: without it S3 answers 403 instead of 404.
        """
        for action, patterns in (("GetObject", read), ("PutObject", write), ("DeleteObject", delete)):
            if not patterns:
                continue
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=[f"s3:{action}"],
                    resources=[self.bucket.arn_for_objects(pattern) for pattern in patterns],
                )
            )
            for pattern in patterns:
                acknowledge_wildcard(
                    role,
                    f"{attribute(self.bucket)}/{pattern}",
                    "objects are allowed by their prefix: their names are made of run ids, owners and hashes",
                )
        if listing:
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=["s3:ListBucket"],
                    resources=[self.bucket.bucket_arn],
                    conditions={"StringLike": {"s3:prefix": list(listing)}},
                )
            )


def _key(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _expire(prefix: str, *, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id=f"expire-{prefix}",
        prefix=f"{prefix}/",
        expiration=Duration.days(days),
        abort_incomplete_multipart_upload_after=Duration.days(1),
    )


def _cors(stage: Stage) -> list[s3.CorsRule] | None:
    """Let browser pages of the stage's origins use presigned uploads and downloads."""
    if not stage.origins:
        return None
    return [
        s3.CorsRule(
            # POST: the form of an upload.
            allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD, s3.HttpMethods.POST],
            allowed_origins=list(stage.origins),
            allowed_headers=["*"],
            exposed_headers=["ETag", "Content-Range"],
            max_age=3600,
        )
    ]
