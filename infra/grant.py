"""Permissions, spelled out: the CDK's own grants give more than is used, e.g. every index of a table."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_iam as iam


def allow(grantee: iam.IGrantable, resource: str, *actions: str, conditions: Mapping[str, Any] | None = None) -> None:
    grantee.grant_principal.add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=[resource], conditions=conditions)
    )
