"""JSON from strangers: what Python's parser lets through and the rest of the system must not meet ends here."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from leadscore.ingest.rejection import Rejected

DEPTH_MAX = 32
#: 32 KB, as in Segment's specification.
EVENT_BYTES_MAX = 32 * 1024
#: Values that say nothing.
EMPTY: tuple[Any, ...] = (None, "", {}, [])

#: Halves of surrogate pairs, which cannot be encoded, and the two characters that SQS refuses. A client that cuts a
#: text in the middle of an emoji sends such a half: no reason to lose the event.
_UNFIT = re.compile("[\ud800-\udfff\ufffe\uffff]")
#: How JSON escapes them. Two characters lead, which are found far faster than a choice of any.
_ESCAPED_UNFIT = re.compile(r"\\u(?:[dD][89a-fA-F]|[fF]{3}[eEfF])")
_TO_STANDARD = str.maketrans("-_ ", "+/+")

#: What was parsed holds no circles to be looked for.
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def parse(body: bytes) -> Any:
    """The document. NaN and infinities are still in it: one bad number must not fail a whole batch (see `checked`)."""
    try:
        text = body.decode("utf-8-sig")
        document = json.loads(text)
        if _may_be_unfit(text):
            document = json.loads(well_formed(json.dumps(document, ensure_ascii=False)))
    except UnicodeDecodeError:
        raise Rejected("invalid_json", "the body is not UTF-8: encode it as UTF-8") from None
    except RecursionError:
        raise nested_too_deeply() from None
    except ValueError:
        raise Rejected("invalid_json", "the body is not valid JSON: check its quotes, commas and numbers") from None
    return document


def nested_too_deeply() -> Rejected:
    """The refusal of a body that is too deep to be worked on at all."""
    return Rejected("invalid_json", f"the body is nested too deeply: at most {DEPTH_MAX} levels per event")


def parse_base64(text: str) -> Any:
    """The document in base64 of either alphabet, with its padding or without. A plus that was not escaped in an address
    has become a space."""
    standard = text.translate(_TO_STANDARD).rstrip("=")
    try:
        raw = base64.b64decode(standard + "=" * (-len(standard) % 4))
    except ValueError:
        raise Rejected("invalid_json", "what should be JSON in base64 is none: encode it so") from None
    return parse(raw)


def _may_be_unfit(text: str) -> bool:
    return "\ufffe" in text or "\uffff" in text or _ESCAPED_UNFIT.search(text) is not None


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """What of it says something."""
    return {name: value for name, value in values.items() if value not in EMPTY}


def well_formed(text: str) -> str:
    """The text with U+FFFD for each character that cannot travel."""
    return text if text.isascii() else _UNFIT.sub("\ufffd", text)


def checked(document: Any, *, bytes_max: int = EVENT_BYTES_MAX) -> str:
    """The document in its one canonical text, if it is within bounds: finite numbers, not too deep, not too large."""
    try:
        text = _CANONICAL.encode(document)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Rejected(
            "invalid_number", "a number is NaN or infinite, which JSON does not have: send null or leave it out"
        ) from None
    # Counting is far cheaper than walking, and enough for nearly every event.
    if text.count("{") + text.count("[") > DEPTH_MAX and _is_too_deep(document):
        raise _too_deep()
    if len(text.encode()) > bytes_max:
        raise Rejected(
            "event_too_large", f"the event is larger than {EVENT_BYTES_MAX // 1024} KB: send fewer or shorter fields"
        )
    return text


def fingerprint(canonical: str) -> str:
    """22 characters that no other text has."""
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _too_deep() -> Rejected:
    return Rejected("event_too_deep", f"the event is nested deeper than {DEPTH_MAX} levels: flatten it")


def _is_too_deep(document: Any) -> bool:
    level = [document]
    for _ in range(DEPTH_MAX):
        level = [child for node in level for child in _children(node)]
    return any(isinstance(node, dict | list) for node in level)


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
