"""Claims: what may be said once only, and what was said first. They last longer than any signature is good for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "claims/"


class S3Claims:
    """One object for each claim, which nothing overwrites. `client` gives the client when the first is needed."""

    def __init__(self, client: "Callable[[], S3Client]", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def claim(self, key: str, said: str) -> str:
        """What the key was claimed for first, which is `said` unless somebody was here before."""
        client = self._client()
        try:
            client.put_object(Bucket=self._bucket, Key=PREFIX + key, Body=said.encode(), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            return client.get_object(Bucket=self._bucket, Key=PREFIX + key)["Body"].read().decode()
        return said
