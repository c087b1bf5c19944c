"""Names that leads go by, normalised, so that one person is not several, and junk-free, so that several are not one."""

import re
import unicodedata
from typing import Any

from leadscore.domain.event import IDENTIFIER_BYTES_MAX
from leadscore.ingest.rejection import Rejected

EMAIL_BYTES_MAX = 254

#: What clients send when they have no id. Taken for one, it would glue all their visitors together.
JUNK = frozenset(
    {
        "",
        "(null)",
        "0",
        "00000000-0000-0000-0000-000000000000",
        "[object object]",
        "anonymous",
        "false",
        "guest",
        "nan",
        "nil",
        "none",
        "null",
        "true",
        "undefined",
        "unknown",
    }
)
#: Control characters, halves of surrogate pairs, and what stands for a character that got lost (U+FFFD).
_BROKEN = "\\x00-\\x1f\\x7f-\\x9f\ud800-\udfff\ufffd-\uffff"
_BROKEN_CHARACTER = re.compile(f"[{_BROKEN}]")
#: Not RFC 5322, whose odder addresses nobody has: one @, and nothing that separates addresses in a list.
_ADDRESS = re.compile(rf"[^\s@<>()\[\],;:\"\\{_BROKEN}]+@[^\s@<>()\[\],;:\"\\{_BROKEN}]+")


def identifier(field: str, value: Any) -> str | None:
    """The id in the one form that it is known by, or None where there is none. `field` is for the error's message."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Rejected("invalid_id", f"`{field}` must be a string or a whole number")
    text = unicodedata.normalize("NFC", value).strip()
    if text.casefold() in JUNK:
        return None
    if _BROKEN_CHARACTER.search(text):
        raise Rejected("invalid_id", f"`{field}` has a control or broken character: send plain text")
    if len(text.encode()) > IDENTIFIER_BYTES_MAX:
        raise Rejected("invalid_id", f"`{field}` is longer than {IDENTIFIER_BYTES_MAX} bytes: send a shorter id")
    return text


def email_address(value: Any) -> str | None:
    """The address in lower case, or None for what is none. That is no error: it stays a trait, and names nobody."""
    if not isinstance(value, str):
        return None
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).strip().lower())
    return text if _ADDRESS.fullmatch(text) and len(text.encode()) <= EMAIL_BYTES_MAX else None
