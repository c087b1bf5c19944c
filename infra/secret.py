"""Secrets: a random one that nobody has to choose, and an empty one for what others chose. Both stay."""

import string

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.grant import allow
from infra.settings import Settings


class EmptySecret(Construct):
    """A secret whose value somebody stores later. A deployment never gives it one, so it never overwrites one."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, description: str) -> None:
        super().__init__(scope, id)
        # The CDK's own construct would make up a value.
        secret = secretsmanager.CfnSecret(self, "Secret", description=description)
        secret.apply_removal_policy(settings.removal)
        acknowledge(secret, "AwsSolutions-SMG4", "Others chose what is in it, and only they can change it.")
        self.arn = secret.attr_id

    def allow_reading(self, grantee: iam.IGrantable) -> None:
        allow(grantee, self.arn, "secretsmanager:GetSecretValue")


class RandomSecret(Construct):
    def __init__(self, scope: Construct, id: str, *, settings: Settings, description: str) -> None:
        super().__init__(scope, id)
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description=description,
            removal_policy=settings.removal,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=43, exclude_characters=string.punctuation
            ),
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "What depends on it sits in other people's pages and clients: a rotation needs their owners, not a timer.",
        )
        # `Id` is the ARN, as `Ref` is on AWS; on the emulator `Ref` is the name, which no policy matches.
        self.arn = secret.node.default_child.attr_id

    def allow_reading(self, grantee: iam.IGrantable) -> None:
        allow(grantee, self.arn, "secretsmanager:GetSecretValue")
