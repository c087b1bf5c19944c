"""What webhooks are signed with: one secret in Secrets Manager, a JSON object from source to signing secret.

A deployment makes it without a value, and none ever gives it one: only `leadscore webhooks set` does.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

#: Somebody who stores a secret waits for this at most, and a stranger's requests cost no more than a call in it.
FRESH_SECONDS = 30


class SigningSecrets:
    """`clock` counts seconds, from wherever it likes."""

    def __init__(self, client: "SecretsManagerClient", *, arn: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._read: tuple[float, Mapping[str, str]] | None = None

    def of(self, source: str) -> str | None:
        """A source's secret, or None where none is stored."""
        if self._read is None or self._clock() - self._read[0] >= FRESH_SECONDS:
            self._read = self._clock(), self.read_all()
        return self._read[1].get(source)

    def read_all(self) -> dict[str, str]:
        """Every secret as it is stored now."""
        try:
            stored = self._client.get_secret_value(SecretId=self._arn)["SecretString"]
        except ClientError as error:
            # A secret that never had a value is answered like one that is not there.
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return {}
            raise
        return {str(source): str(secret) for source, secret in json.loads(stored).items()}

    def store(self, source: str, secret: str) -> None:
        """Keep a source's secret, beside those of the others."""
        secrets = self.read_all() | {source: secret}
        self._client.put_secret_value(SecretId=self._arn, SecretString=json.dumps(secrets, sort_keys=True))
