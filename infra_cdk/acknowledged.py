"""Findings of cdk-nag that we know of and accept, each with its reason beside the resource."""

from __future__ import annotations

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from constructs import IConstruct


def acknowledge_wildcard(construct: IConstruct, resource: str, reason: str) -> None:
    """Accept a `*` at the end of one resource in the policies of a construct.

    `resource` is written as cdk-nag does: `<LogicalId.Arn>/runs/*`, pseudo parameters as `<AWS::Region>`.
    """
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{resource}]", reason)


def attribute(construct: IConstruct) -> str:
    """Write the ARN of a resource as cdk-nag does: `<LogicalId.Arn>`."""
    resource = construct.node.default_child
    if not isinstance(resource, CfnElement):
        raise TypeError(f"{construct.node.path} is no resource")
    return f"<{Stack.of(construct).get_logical_id(resource)}.Arn>"


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Record that a finding (`AwsSolutions-S1`, or `AwsSolutions-IAM5[Resource::…]`) is accepted and why."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
