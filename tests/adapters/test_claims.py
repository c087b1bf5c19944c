"""Claims: the first one counts, and whoever comes later hears what it was."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from leadscore.adapters.claims import S3Claims


class Refusing:
    """A client whose writes are refused for a reason that has nothing to do with who was first."""

    def put_object(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": "again, please"}}, "PutObject")


def test_what_is_refused_for_another_reason_is_nobodys_claim() -> None:
    with pytest.raises(ClientError):
        S3Claims(Refusing, bucket="any").claim("key", "ours")  # type: ignore[arg-type]


@pytest.mark.ministack
def test_the_first_claim_stays_whatever_comes_later(aws: Callable[[str], Any]) -> None:
    client = aws("s3")
    bucket = f"claims-{uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    claims = S3Claims(lambda: client, bucket=bucket)

    assert claims.claim("k1", "first") == "first"
    assert claims.claim("k1", "second") == "first"
    assert claims.claim("k1", "first") == "first"
    assert claims.claim("k2", "second") == "second"
