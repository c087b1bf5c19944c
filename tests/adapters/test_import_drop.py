import io
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from leadscore.adapters.import_drop import S3ImportDrop
from leadscore.use_cases.ports import FileGone


class Bucket:
    """S3's client, as far as it is asked: one answer, and what was asked."""

    def __init__(self, answer: bytes | str) -> None:
        self.asked: dict[str, Any] = {}
        self._answer = answer

    def get_object(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        if isinstance(self._answer, str):
            raise ClientError({"Error": {"Code": self._answer}}, "GetObject")
        return {"Body": StreamingBody(io.BytesIO(self._answer), len(self._answer))}


def drop(answer: bytes | str) -> tuple[S3ImportDrop, Bucket]:
    bucket: Any = Bucket(answer)
    return S3ImportDrop(bucket, bucket="files"), bucket


def test_a_file_is_read_from_where_it_was_left_and_only_as_it_was() -> None:
    files, bucket = drop(b"rest")

    assert b"".join(files.read("import/a.csv", etag="tag", start=7)) == b"rest"
    assert bucket.asked == {"Bucket": "files", "Key": "import/a.csv", "IfMatch": '"tag"', "Range": "bytes=7-"}


@pytest.mark.parametrize("code", ["PreconditionFailed", "NoSuchKey"])
def test_a_file_that_was_replaced_or_removed_is_gone(code: str) -> None:
    with pytest.raises(FileGone):
        drop(code)[0].read("import/a.csv", etag="tag")


def test_behind_the_end_and_in_an_empty_file_there_is_nothing() -> None:
    assert list(drop("InvalidRange")[0].read("import/a.csv", etag="tag", start=7)) == []


def test_what_may_not_be_read_is_neither_gone_nor_missing() -> None:
    files, _ = drop("AccessDenied")
    for read in (lambda: files.read("import/a.csv", etag="tag"), lambda: files.read_text("import/a.yaml")):
        with pytest.raises(ClientError):
            read()


def test_a_mapping_is_text_and_none_where_there_is_none() -> None:
    assert drop("\ufeffevent: A".encode())[0].read_text("import/a.yaml") == "event: A"
    assert drop("NoSuchKey")[0].read_text("import/a.yaml") is None
