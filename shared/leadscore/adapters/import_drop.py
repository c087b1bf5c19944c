"""The bucket that files to be imported are put into: S3."""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from leadscore.use_cases.ports import FileGone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 1 << 20
#: More than a mapping may have: what is longer is refused as such.
TEXT_BYTES_MAX = 1 << 20


class S3ImportDrop:
    """Drop."""

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, key: str, *, etag: str, start: int = 0) -> Iterator[bytes]:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, IfMatch=f'"{etag}"', Range=f"bytes={start}-")
        except ClientError as error:
            match error.response["Error"]["Code"]:
                case "InvalidRange" | "416":  # There is nothing behind, or nothing at all.
                    return iter(())
                case "NoSuchKey" | "404" | "PreconditionFailed" | "412":
                    raise FileGone from error
            raise
        return answer["Body"].iter_chunks(PIECE_BYTES)

    def read_text(self, key: str) -> str | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return answer["Body"].read(TEXT_BYTES_MAX).decode("utf-8-sig")

    def write(self, key: str, content: IO[bytes]) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)
