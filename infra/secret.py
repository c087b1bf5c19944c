"""A random secret that nobody has to choose, and that stays until somebody changes it."""

import string

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.grant import allow
from infra.settings import Settings


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
