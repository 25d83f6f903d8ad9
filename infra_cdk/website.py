"""The web page: static files in a bucket that only CloudFront reads, under a strict security policy."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.acknowledged import acknowledge
from infra_cdk.stage import Stage


class Website(Construct):
    """Bucket and distribution; `infra_cdk.website_files` puts the page's files there after a deployment.

    The page's addresses stand behind a `#`, so that a missing file is a plain 404: no rule answers every path
    with the page.
    """

    def __init__(self, scope: Construct, construct_id: str, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Files",
            bucket_name=stage.website_bucket_name(Aws.ACCOUNT_ID),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=not stage.local,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # A bucket with files in it cannot be deleted with its stack; an emulator goes as a whole.
            removal_policy=RemovalPolicy.DESTROY if stage.local else RemovalPolicy.RETAIN,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"stepfold-{stage.name}",
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                # An emulator speaks plain HTTP on loopback.
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.ALLOW_ALL
                if stage.local
                else cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                # The files say themselves how long they keep (see infra_cdk.website_files).
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=self._headers(stage),
                compress=True,
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )
        self._acknowledge()

    @property
    def url(self) -> str:
        return f"https://{self.distribution.distribution_domain_name}"

    def _headers(self, stage: Stage) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"stepfold-{stage.name}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(stage), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=None
                if stage.local
                else cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=False, override=True
                ),
            ),
        )

    def _acknowledge(self) -> None:
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "no server access log: only CloudFront reads the bucket, and its files are public anyway",
        )
        acknowledge(self.distribution, "AwsSolutions-CFR1", "the page may be read from everywhere")
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR2",
            "static files without a back end of their own: a firewall would cost at rest and guard nothing",
        )
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR3",
            "no access log: it would say who read public files; calls of the API are logged by its gateway",
        )
        acknowledge(
            self.distribution,
            "AwsSolutions-CFR4",
            "CloudFront's own name comes with CloudFront's own certificate, whose protocols cannot be chosen",
        )


def content_security_policy(stage: Stage) -> str:
    """Say what the page may load and whom it may talk to: itself, this region's APIs, the stage's bucket."""
    # The gateway must know the page's address (CORS), so the page's policy cannot name the gateway: the two
    # would wait for each other. Scripts come from the page's own files alone.
    peers = (
        ("http://127.0.0.1:*", "http://localhost:*", "ws://127.0.0.1:*", "ws://localhost:*")
        if stage.local
        else (
            f"https://*.execute-api.{Aws.REGION}.amazonaws.com",
            f"wss://*.execute-api.{Aws.REGION}.amazonaws.com",
            f"https://cognito-idp.{Aws.REGION}.amazonaws.com",
            f"https://{stage.bucket_name(Aws.ACCOUNT_ID)}.s3.{Aws.REGION}.amazonaws.com",
            f"https://{stage.bucket_name(Aws.ACCOUNT_ID)}.s3.amazonaws.com",
        )
    )
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            # Charts and the editor set styles by script; a style can show much but run nothing.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"connect-src 'self' {' '.join(peers)}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
