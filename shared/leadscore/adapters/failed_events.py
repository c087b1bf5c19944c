"""Failed events: the S3 bucket where everything lands, raw, that could not be processed."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PREFIX = "failed/"


class FailedEvent(NamedTuple):
    """What came, why it failed (a code to count by, a reason to read) and when, in ms since the epoch."""

    raw: str
    code: str
    reason: str
    at: int


def failed_event_key(raw: str, at: int) -> str:
    """By the day, and by what came: the same on the same day is kept once, whatever the reason."""
    digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{_PREFIX}{datetime.fromtimestamp(at / 1000, UTC):%Y/%m/%d}/{digest}.json"


class S3FailedEvents:
    """FailedEvents, and what the CLI needs to look at them.

    `client` gives the client when the first is needed: few processes ever need it, and it is slow to make.
    """

    def __init__(self, client: "Callable[[], S3Client]", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, *, raw: str, code: str, reason: str, at: int) -> None:
        body = json.dumps({"reason": reason, "code": code, "at": at, "raw": raw})
        self._client().put_object(
            Bucket=self._bucket, Key=failed_event_key(raw, at), Body=body.encode(), ContentType="application/json"
        )

    def list_keys(self, day: str = "") -> Iterator[str]:
        """Every failed event's key, oldest day first; of one day, month or year where `day` says so (`2026/08/14`)."""
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_PREFIX + day)
        for page in pages:
            yield from (entry["Key"] for entry in page.get("Contents", ()))

    def read(self, key: str) -> FailedEvent:
        body = self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return FailedEvent(**json.loads(body))
