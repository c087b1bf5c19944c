"""What a log line tells of a failure, whatever SDK error it is."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from functions import score
from leadscore.adapters.failure import describe
from leadscore.use_cases.score_batch import BatchResult, Failure

URL = "https://dynamodb.eu-central-1.amazonaws.com"


def test_tells_the_code_of_an_answer_of_aws() -> None:
    refused = ClientError({"Error": {"Code": "ThrottlingException", "Message": "ada@example.org"}}, "PutItem")
    told = describe(refused)
    assert (told["error"], told["aws_code"]) == ("ClientError", "ThrottlingException")
    assert "ada" not in str(told)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        ClientError({}, "PutItem"),
        KeyError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_tells_no_code_where_aws_gave_none(error: Exception) -> None:
    told = describe(error)
    assert (told["error"], told["aws_code"]) == (type(error).__name__, None)


def test_a_batch_whose_connection_broke_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    result = BatchResult([Failure(frozenset({"message-1"}), ReadTimeoutError(endpoint_url=URL))])
    score.report(result)
    assert [(line.message, line.__dict__["error"]) for line in caplog.records] == [("score.failed", "ReadTimeoutError")]
