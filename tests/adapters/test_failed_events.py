"""Failed events: kept raw, once, and found again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from leadscore.adapters.failed_events import FailedEvent, S3FailedEvents, failed_event_key
from tests.adapters.samples import DAY_MS, NOW

#: What cannot be processed may hold anything.
RAW = '{"event": "\ud800", "name": "Müller\u0000", "broken": '


def test_a_key_tells_the_day_and_nothing_of_what_came() -> None:
    key = failed_event_key("anna@example.com", NOW)
    assert key.startswith("failed/2026/09/21/")
    assert key.removesuffix(".json").rpartition("/")[2].isalnum()
    assert len(key) == len("failed/2026/09/21/") + 32 + len(".json")


@pytest.mark.ministack
class TestS3:
    @pytest.fixture
    def failed(self, aws: Callable[[str], Any]) -> S3FailedEvents:
        client = aws("s3")
        bucket = f"failed-{uuid4().hex}"
        client.create_bucket(Bucket=bucket)
        return S3FailedEvents(lambda: client, bucket=bucket)

    def test_what_failed_comes_back_as_it_came(self, failed: S3FailedEvents) -> None:
        failed.put(raw=RAW, code="invalid_json", reason="line 1: it ends too soon", at=NOW)
        (key,) = failed.list_keys()
        assert failed.read(key) == FailedEvent(RAW, "invalid_json", "line 1: it ends too soon", NOW)

    def test_the_same_is_kept_once(self, failed: S3FailedEvents) -> None:
        failed.put(raw=RAW, code="invalid_json", reason="first", at=NOW)
        failed.put(raw=RAW, code="invalid_json", reason="again", at=NOW + 60_000)
        failed.put(raw=RAW + "x", code="invalid_json", reason="another", at=NOW)
        assert len(list(failed.list_keys())) == 2

    def test_days_are_listed_oldest_first_or_one_alone(self, failed: S3FailedEvents) -> None:
        for day in (2, 0, 1):
            failed.put(raw=f"{day}", code="c", reason="r", at=NOW + day * DAY_MS)
        assert [failed.read(key).raw for key in failed.list_keys()] == ["0", "1", "2"]
        assert [failed.read(key).raw for key in failed.list_keys("2026/09/22")] == ["1"]
        assert list(failed.list_keys("2027")) == []
