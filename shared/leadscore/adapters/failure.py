"""What may be logged of a failure: its kind and its place. An error's words may hold personal data."""

import traceback
from typing import Any

from botocore.exceptions import ClientError


def describe(error: BaseException) -> dict[str, Any]:
    """Fields for a log line: the error's type, AWS's own code where there is one, and the innermost frames."""
    # A broken connection's error has a `response` too: none, or one that nobody could read.
    answer = error.response if isinstance(error, ClientError) else {}
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return {
        "error": type(error).__name__,
        "aws_code": answer.get("Error", {}).get("Code"),
        "where": [f"{frame.name}:{frame.lineno}" for frame in frames],
    }
