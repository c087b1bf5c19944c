"""Where a browser may be sent after a form: to sites that the deployer named, and nowhere else."""

import re
from collections.abc import Collection
from urllib.parse import quote

URL_CHARACTERS_MAX = 2_048
#: Scheme and authority must stand there in full and without tricks: no user, no backslash (a slash to browsers).
_URL = re.compile(r"(https?://[a-z0-9.\-]+(?::[0-9]{1,5})?)(?:[/?#][^\s\\]*)?", re.IGNORECASE)
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def allowed_redirect(url: str, sites: Collection[str]) -> str | None:
    """The address to send a browser to, or None. Its origin must be exactly one of `sites`."""
    match = _URL.fullmatch(url) if len(url) <= URL_CHARACTERS_MAX else None
    if match is None or any(character < " " or character == "\x7f" for character in url):
        return None
    return quote(url, safe=_PRINTABLE, errors="replace") if match[1].lower() in sites else None
