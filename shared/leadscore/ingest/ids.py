"""Names that leads go by, normalised, so that one person is not several, and junk-free, so that several are not one."""

import re
import unicodedata
from typing import Any

from leadscore.domain.event import IDENTIFIER_BYTES_MAX
from leadscore.ingest.rejection import Rejected

EMAIL_BYTES_MAX = 254
#: What is longer is no id, in whichever form: one character of the composed form is four of another at most. Longer
#: texts are not normalised, for a text of nothing but combining marks takes the square of its length.
_CHARACTERS_MAX = 4 * IDENTIFIER_BYTES_MAX

#: What clients send when they have no id. Taken for one, it would glue all their visitors together.
JUNK = frozenset(
    {
        "",
        "#n/a",
        "(empty)",
        "(none)",
        "(not set)",
        "(null)",
        "-1",
        "0",
        "00000000-0000-0000-0000-000000000000",
        "[]",
        "[object object]",
        "anonymous",
        "anonymous_id",
        "anonymousid",
        "distinct_id",
        "distinctid",
        "email",
        "empty",
        "false",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "guest",
        "id",
        "n/a",
        "nan",
        "nil",
        "none",
        "not set",
        "not_authenticated",
        "not_set",
        "null",
        "null@null",
        "true",
        "unauthenticated",
        "undefined",
        "undefined@undefined",
        "unidentified",
        "unknown",
        "user-id",
        "user_id",
        "userid",
        "void",
        "{}",
    }
)
_QUOTES = "\"'`"
#: Zeros and lines: `00000000`, a nil UUID without its lines, a line alone. Or where a template language puts a value,
#: and nobody has: {{id}}, ${id}, #{id}, {%id%}, [%id%], <%id%>, %%id%%, *|ID|*. Or the same by signs that may stand
#: within an id, so of a whole one: <id>, {id}, [id], [[id]], %ID%. A GUID in braces is one.
_NO_ID = re.compile(
    r"^[0-]+$|\{\{.*\}\}|[$#]\{.*\}|\{%.*%\}|\[%.*%\]|<%.*%>|%%.+%%|\*\|.*\|\*"
    r"|^<.*>$|^\[\[.*\]\]$|^[{\[](?![0-9a-f]{32}[}\]])[a-z][a-z0-9_. ]*[}\]]$|^%[a-z][a-z_.]*%$"
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
    text = value.strip() if value.isascii() else _composed(field, value.strip())
    folded = text.casefold()
    if folded in JUNK or (folded[0] in _QUOTES and folded.strip(_QUOTES).strip() in JUNK):
        return None
    if _BROKEN_CHARACTER.search(text):
        raise Rejected("invalid_id", f"`{field}` has a control or broken character: send plain text")
    if len(text.encode()) > IDENTIFIER_BYTES_MAX:
        raise _too_long(field)
    return None if _NO_ID.search(folded) else text


def email_address(value: Any) -> str | None:
    """The address in lower case, or None for what is none. That is no error: it stays a trait, and names nobody."""
    if not isinstance(value, str) or len(value.strip()) > _CHARACTERS_MAX:
        return None
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).strip().lower())
    is_address = _ADDRESS.fullmatch(text) and len(text.encode()) <= EMAIL_BYTES_MAX and not _NO_ID.search(text)
    return text if is_address else None


def _composed(field: str, text: str) -> str:
    if len(text) > _CHARACTERS_MAX:
        raise _too_long(field)
    return unicodedata.normalize("NFC", text)


def _too_long(field: str) -> Rejected:
    return Rejected("invalid_id", f"`{field}` is longer than {IDENTIFIER_BYTES_MAX} bytes: send a shorter id")
