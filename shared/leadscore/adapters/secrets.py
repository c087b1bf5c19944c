"""Secrets: Secrets Manager, asked again every five minutes so that a rotated one is taken up."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_FRESH_SECONDS = 300
_LOGGER = logging.getLogger(__name__)


class StoredSecrets:
    """Secrets. `clock` counts seconds, from wherever it likes."""

    def __init__(self, client: "SecretsManagerClient", *, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self._read: dict[str, tuple[float, str]] = {}

    def read(self, arn: str) -> str:
        now = self._clock()
        read_at, secret = self._read.get(arn, (None, ""))
        if read_at is None:
            secret = self._fetch(arn)
        elif now - read_at < _FRESH_SECONDS:
            return secret
        else:
            try:
                secret = self._fetch(arn)
            except (ClientError, BotoCoreError) as error:
                # Rather an old key for another while than events refused because another service is down.
                _LOGGER.warning("secret.refresh.failed", extra={"error": type(error).__name__})
        self._read[arn] = now, secret
        return secret

    def _fetch(self, arn: str) -> str:
        return self._client.get_secret_value(SecretId=arn)["SecretString"]
