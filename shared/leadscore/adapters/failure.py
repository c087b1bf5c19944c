"""What may be logged of a failure: its kind and its place. An error's words may hold personal data."""

import traceback
from typing import Any


def describe(error: BaseException) -> dict[str, Any]:
    """Fields for a log line: the error's type, AWS's own code where there is one, and the innermost frames."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return {
        "error": type(error).__name__,
        "aws_code": getattr(error, "response", {}).get("Error", {}).get("Code"),
        "where": [f"{frame.name}:{frame.lineno}" for frame in frames],
    }
