"""Findings of cdk-nag that are meant to be so: one by one, each beside what it concerns, each with its reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding on this construct and what is inside it. `rule` is e.g. AwsSolutions-SQS3."""
    pack = rule.partition("-")[0]
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))
