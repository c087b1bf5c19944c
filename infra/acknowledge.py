"""Findings of cdk-nag that are meant to be so: one by one, each beside what it concerns, each with its reason."""

from aws_cdk import Acknowledgment, Resource, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding on this construct and what is inside it. `rule` is e.g. AwsSolutions-SQS3."""
    pack = rule.partition("-")[0]
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))


def acknowledge_wildcard(role: IConstruct, resource: Resource, suffix: str, reason: str) -> None:
    """Accept that a role may do something to `<ARN of the resource><suffix>`."""
    logical_id = Stack.of(resource).resolve(resource.node.default_child.logical_id)
    acknowledge(role, f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>{suffix}]", reason)
