"""The first-party cookie: an anonymous id for the pixel's and the forms' visitors, unless their browser says no."""

import re

from leadscore.ingest.http import Request

_NAME = "ls_aid"
_SECONDS = 365 * 24 * 3_600
_VALUE = re.compile(r"[0-9a-f]{32}")


def visitor_of(request: Request) -> str | None:
    """The id in our cookie. Nothing but what we set ourselves is believed."""
    value = None if request.opts_out else request.cookie(_NAME)
    return value if value and _VALUE.fullmatch(value) else None


def visitor_cookie(visitor: str) -> str:
    """The cookie for a new visitor. `visitor` is 32 hexadecimal digits."""
    return f"{_NAME}={visitor}; Max-Age={_SECONDS}; Path=/; SameSite=Lax; Secure; HttpOnly"
