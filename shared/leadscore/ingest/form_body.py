"""The body of a form's post: urlencoded, multipart or JSON, in whatever charset, as fields with their values.

A form post is somebody who wants to be heard: what can be understood is, whatever its labels say.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from leadscore.ingest.json_body import parse, well_formed
from leadscore.ingest.rejection import Rejected

FIELDS_MAX = 500
#: What is longer is cut; where long texts together are too much for one event, each is cut shorter.
VALUE_BYTES_MAX = 4 * 1024
_SHORTER = (VALUE_BYTES_MAX, 1024, 256)
_TEXTS_BYTES_MAX = 24 * 1024
_CUT = "\N{HORIZONTAL ELLIPSIS}"

#: What forms put a person's fields into.
HOLDERS = (
    "contact",
    "customer",
    "data",
    "fields",
    "form_data",
    "form_fields",
    "lead",
    "names",
    "person",
    "profile",
    "user",
)

#: The hidden field into which browsers write the charset that they have used.
CHARSET_FIELD = "_charset_"
#: What pages may be written in (https://encoding.spec.whatwg.org): Python decodes other things, too.
_CHARSET = re.compile(
    r"utf-?8|us-ascii|latin1|iso-?8859-?(?:[1-9]|1[013-6])|windows-(?:125[0-8]|874)|koi8-[ru]"
    r"|shift[_-]jis|euc-(?:jp|kr)|iso-2022-jp|gbk|gb2312|gb18030|big5"
)
#: As browsers read these names: what calls itself Latin-1 has the characters of Windows.
_WIDER = {
    **dict.fromkeys(("us-ascii", "iso-8859-1", "iso8859-1", "latin1"), "windows-1252"),
    "iso-8859-9": "windows-1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "euc-kr": "cp949",
    "gb2312": "gbk",
}
_OLD_CHARSET = "windows-1252"
_DECLARED = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
#: No form's own encoding begins so: `{` is escaped there.
_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")

type Fields = Mapping[str, Any]


def read_fields(content_type: str, body: bytes) -> Fields:
    """What the form holds: name to value, or to a list of values where a name repeats. Blank fields are not answers."""
    kind = media_type(content_type)
    if kind == "multipart/form-data":
        return bounded(_decoded(_multipart_pairs(content_type, body), content_type))
    if kind.endswith("json") or looks_like_json(content_type, body):
        document = read_json(content_type, body)
        if not isinstance(document, dict):
            raise Rejected("invalid_form", "the body must be a JSON object of field names and values")
        return bounded(_opened(document))
    # A script that labels nothing sends text.
    if kind in {"application/x-www-form-urlencoded", "text/plain", ""}:
        return read_urlencoded(content_type, body)
    raise Rejected(
        "unsupported_media_type",
        "a form is sent as application/x-www-form-urlencoded, multipart/form-data or application/json: label it so",
        status=415,
    )


def _opened(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a JSON form, those of the person's object as a form's own encoding would name them."""
    for name, value in document.items():
        if isinstance(value, dict) and name.lower() in HOLDERS:
            yield from ((f"{name}[{inner}]", field) for inner, field in value.items())
        else:
            yield name, value


def read_urlencoded(content_type: str, body: bytes) -> Fields:
    """The fields of a body that can be nothing else."""
    return bounded(_decoded(_urlencoded_pairs(body), content_type))


def media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def looks_like_json(content_type: str, body: bytes) -> bool:
    """Scripts that give `fetch` a string label JSON as text/plain, those that use jQuery as a form's own encoding."""
    return media_type(content_type) != "multipart/form-data" and _JSON_START.match(body) is not None


def read_json(content_type: str, body: bytes) -> Any:
    return parse(_text(body, _declared(content_type)).encode())


def bounded(pairs: Iterable[tuple[str, Any]]) -> Fields:
    """The fields within their limits, blank ones left out, and those that repeat as a list."""
    fields: dict[str, Any] = {}
    for count, (raw_name, raw_value) in enumerate(pairs, start=1):
        if count > FIELDS_MAX:
            raise _too_many_fields()
        name = well_formed(raw_name).removesuffix("[]")
        value = well_formed(raw_value).strip() if isinstance(raw_value, str) else raw_value
        if value in (None, "", [], {}):
            continue
        fields[name] = value if name not in fields else [*_listed(fields[name]), *_listed(value)]
    for bytes_max in _SHORTER:
        fields = {name: _cut(value, bytes_max) for name, value in fields.items()}
        if sum(map(_text_bytes, fields.values())) <= _TEXTS_BYTES_MAX:
            break
    return fields


def _cut(value: Any, bytes_max: int) -> Any:
    """A text, or a list's, that is no longer than that and shows where something is missing."""
    if isinstance(value, list):
        return [_cut(each, bytes_max) if isinstance(each, str) else each for each in value]
    if not isinstance(value, str) or _text_bytes(value) <= bytes_max:
        return value
    return value.encode()[: bytes_max - len(_CUT.encode())].decode(errors="ignore") + _CUT


def _text_bytes(value: Any) -> int:
    if isinstance(value, list):
        return sum(_text_bytes(each) for each in value if isinstance(each, str))
    return len(value.encode()) if isinstance(value, str) else 0


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _urlencoded_pairs(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    for pair in body.split(b"&"):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        if pair:
            yield unquote_to_bytes(name), unquote_to_bytes(value)


def _multipart_pairs(content_type: str, body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Files are no answers and are skipped."""
    # Few requests need it, and every cold start would pay for it.
    import multipart  # type: ignore[import-untyped]  # noqa: PLC0415

    boundary = multipart.parse_options_header(content_type)[1].get("boundary", "")
    in_memory = len(body) + 1
    try:
        for part in multipart.MultipartParser(
            io.BytesIO(body),
            boundary,
            charset="latin-1",  # Which gives a name's bytes back as they came.
            part_limit=FIELDS_MAX,
            spool_limit=in_memory,
            memory_limit=in_memory,
        ):
            if not part.filename:
                yield (part.name or "").encode("latin-1", "replace"), part.raw
    except multipart.ParserLimitReached:
        raise _too_many_fields() from None
    except multipart.MultipartError:
        raise Rejected("invalid_form", "the body is not valid multipart/form-data: check its boundary") from None


def _decoded(pairs: Iterable[tuple[bytes, bytes]], content_type: str) -> Iterator[tuple[str, str]]:
    found = list(pairs)
    own = next((value.decode("ascii", "replace") for name, value in found if name == CHARSET_FIELD.encode()), "")
    charset = _known(own) or _declared(content_type)
    return ((_text(name, charset), _text(value, charset)) for name, value in found)


def _declared(content_type: str) -> str:
    found = _DECLARED.search(content_type)
    return _known(found[1]) if found else ""


def _known(charset: str) -> str:
    """The decoder's name, or nothing where there is none for it."""
    name = charset.strip().lower()
    return _WIDER.get(name, name) if _CHARSET.fullmatch(name) else ""


def _text(raw: bytes, charset: str) -> str:
    """The text, whatever it costs. Where no charset is declared and it is not UTF-8, an old page was posted, of which
    browsers do not say how they have encoded it."""
    if charset:
        return raw.decode(charset, "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(_OLD_CHARSET, "replace")


def _too_many_fields() -> Rejected:
    return Rejected("too_many_fields", f"the form has more than {FIELDS_MAX} fields: send fewer")
