"""Findings of cdk-nag that we know of and accept, each with its reason beside the resource."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Record that a finding (`AwsSolutions-S1`, or `AwsSolutions-IAM5[Resource::…]`) is accepted and why."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
