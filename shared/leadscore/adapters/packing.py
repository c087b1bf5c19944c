"""JSON, compressed so that the item of a browser's call fits into one write unit (1,024 bytes).

The first byte is the number of the dictionary. A dictionary never changes, since what was packed with it could not be
read any more: a better one gets the next number.
"""

import json
import zlib
from typing import Any

from leadscore.adapters.packing_dictionary import DICTIONARY_1
from leadscore.use_cases.ports import ModelBehind

_DICTIONARIES = {1: DICTIONARY_1}
_NEWEST = 1
#: Raw deflate: zlib's header and checksum would be 6 bytes of every item, and DynamoDB keeps what it is given.
_RAW = -zlib.MAX_WBITS


def pack(document: Any) -> bytes:
    """A JSON document in as few bytes as are cheap to have."""
    # A lone surrogate is valid in JSON and in Python, and no reason to lose an event.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    deflate = zlib.compressobj(level=9, wbits=_RAW, zdict=_DICTIONARIES[_NEWEST])
    return bytes([_NEWEST]) + deflate.compress(text) + deflate.flush()


def unpack(packed: bytes) -> Any:
    """Raises ModelBehind on a dictionary that this version of the code does not know yet."""
    return read_text(unpack_text(packed))


def read_text(text: bytes) -> Any:
    return json.loads(text.decode("utf-8", "surrogatepass"))


def unpack_text(packed: bytes) -> bytes:
    """The JSON itself. Raises ModelBehind like `unpack`."""
    dictionary = _DICTIONARIES.get(packed[0])
    if dictionary is None:
        raise ModelBehind(f"packed with dictionary {packed[0]}, newer than this code")
    inflate = zlib.decompressobj(wbits=_RAW, zdict=dictionary)
    return inflate.decompress(packed[1:]) + inflate.flush()
