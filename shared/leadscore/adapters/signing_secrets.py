"""What webhooks are signed with: one secret in Secrets Manager, a JSON object from source to signing secret.

A deployment makes it without a value, and none ever gives it one: only `leadscore webhooks set` does.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

#: A secret that is exchanged is taken up within this, and one that was missing within the other. A stranger's requests
#: cost no more than a call in each.
FRESH_SECONDS = 30
MISSING_SECONDS = 5


class SigningSecrets:
    """`clock` counts seconds, from wherever it likes."""

    def __init__(self, client: "SecretsManagerClient", *, arn: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._read: tuple[float, Mapping[str, str]] | None = None

    def of(self, source: str) -> str | None:
        """A source's secret, or None where none is stored."""
        read_at, secrets = self._read or (None, {})
        age_max = FRESH_SECONDS if source in secrets else MISSING_SECONDS
        if read_at is None or self._clock() - read_at >= age_max:
            self._read = self._clock(), self.read_all()
            secrets = self._read[1]
        return secrets.get(source)

    def read_all(self) -> dict[str, str]:
        """Every secret as it is stored now."""
        try:
            # MiniStack gives a secret without a value an empty one.
            stored = self._client.get_secret_value(SecretId=self._arn).get("SecretString") or "{}"
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
