"""A permission, spelled out: one action on one resource, where the CDK's own grant would give more than is used."""

from aws_cdk import aws_iam as iam


def allow(grantee: iam.IGrantable, action: str, resource: str) -> None:
    iam.Grant.add_to_principal(grantee=grantee, actions=[action], resource_arns=[resource])
