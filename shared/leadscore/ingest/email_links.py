"""Links and pictures for e-mails that say who opened what: all of it in a token that only this deployment can make.

A token is the base64url form (without padding) of a version byte, a 32-byte signature and the content: a JSON array of
the user id, the campaign, the target (empty for a picture) and the second since the epoch at which it expires. The
signature is HMAC-SHA256 over the version and the content, by a key that is derived from the deployment's root secret
for one purpose, so that a picture's token is no link's. The target stands inside, so nobody can make a link that leads
elsewhere.

The content is signed and not secret: whoever has the mail can read it, and so can logs. That is why no e-mail address
is taken, neither for an id nor within a target.
"""

import base64
import hashlib
import hmac
import json
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from leadscore.domain.event import SIGNED_LINKS, LeadEvent, Trust
from leadscore.domain.page import split_url
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.ids import identifier
from leadscore.ingest.json_body import checked
from leadscore.ingest.pixel import refuse_addresses
from leadscore.ingest.redirect import URL_CHARACTERS_MAX
from leadscore.ingest.rejection import Rejected

#: The events are told under this name: no write key comes with a token.
SOURCE = SIGNED_LINKS
CAMPAIGN_CHARACTERS_MAX = 200
TOKEN_CHARACTERS_MAX = 8_000

_VERSION = b"\x01"
_SIGNATURE_BYTES = 32
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Purpose(StrEnum):
    OPEN = "open"
    CLICK = "click"


EVENT_NAMES = {Purpose.OPEN: "Email Opened", Purpose.CLICK: "Email Link Clicked"}


class EmailLink(NamedTuple):
    """`target` is where a click leads, and empty for a picture. `expires_at` is in seconds since the epoch."""

    user_id: str
    campaign_id: str
    target: str
    expires_at: int

    @property
    def purpose(self) -> Purpose:
        return Purpose.CLICK if self.target else Purpose.OPEN


class UnfitLink(ValueError):
    """No link can be made of this; the message names what is wrong with which part, and never quotes it."""


def email_link(*, user_id: str, campaign_id: str, target: str = "", expires_at: int) -> EmailLink:
    """The link, if it may be made. Raises UnfitLink."""
    try:
        usable_id = identifier("user_id", user_id)
    except Rejected as rejected:
        raise UnfitLink(rejected.message) from None
    if usable_id is None:
        raise UnfitLink("the user id is empty or stands for nobody: give an id that your systems know the person by")
    if not 0 < len(campaign_id) <= CAMPAIGN_CHARACTERS_MAX or not campaign_id.isprintable():
        raise UnfitLink(f"the campaign must have 1 to {CAMPAIGN_CHARACTERS_MAX} printable characters")
    if target and _location(target) is None:
        raise UnfitLink(
            f"the target must be a whole address that begins with https:// or http://, in ASCII up to its path,"
            f" without spaces, backslashes or a user, of at most {URL_CHARACTERS_MAX} characters"
        )
    try:
        refuse_addresses((usable_id, campaign_id, target))
    except Rejected:
        raise UnfitLink(
            "an e-mail address must not stand in a link, for links end up in logs: give an opaque id, and a target"
            " without an address"
        ) from None
    return EmailLink(usable_id, campaign_id, target, expires_at)


def make_token(link: EmailLink, root: str) -> str:
    """The token of a link under the deployment's root secret."""
    content = json.dumps(tuple(link), separators=(",", ":"), ensure_ascii=False).encode()
    return _text(_VERSION + _signature(content, link.purpose, root) + content)


def read_token(token: str, purpose: Purpose, root: str) -> EmailLink:
    """What a token says, expired or not. Raises Rejected for one that was not made here, or for something else."""
    raw = _bytes(token)
    version, signature, content = raw[:1], raw[1 : 1 + _SIGNATURE_BYTES], raw[1 + _SIGNATURE_BYTES :]
    if version != _VERSION or not hmac.compare_digest(signature, _signature(content, purpose, root)):
        raise _broken()
    return EmailLink(*json.loads(content))


def location_of(link: EmailLink) -> str:
    """Where a click leads, as a header can hold it."""
    location = _location(link.target)
    if location is None:
        raise _broken()
    return location


def link_event(link: EmailLink, arrival: Arrival, *, user_agent: str) -> LeadEvent:
    """The event of an opened mail or a clicked link.

    It is public, though its id was signed: a mail is forwarded, and whoever has it can click. So it gives points and
    nothing else. For the same reason the browser's own id is left out: a colleague who clicks in a forwarded mail must
    not become the person that the mail was sent to.
    """
    said = {"campaign_id": link.campaign_id} | ({"link_url": link.target} if link.target else {})
    return arrival.trusted_as(Trust.PUBLIC).event(
        call="track",
        name=EVENT_NAMES[link.purpose],
        identifiers={"user_id": link.user_id},
        content=checked({"user_id": link.user_id, "purpose": link.purpose, **said}),
        properties=said,
        context={"userAgent": user_agent} if user_agent else {},
    )


def _signature(content: bytes, purpose: Purpose, root: str) -> bytes:
    """The key's label begins otherwise than a write key's, which is made of the same secret."""
    key = hmac.digest(root.encode(), f"email-link:{purpose}".encode(), hashlib.sha256)
    return hmac.digest(key, _VERSION + content, hashlib.sha256)


def _location(url: str) -> str | None:
    """The address in characters that a header holds, or None for what is no plain web address."""
    parts = split_url(url) if len(url) <= URL_CHARACTERS_MAX and url.isprintable() else None
    if parts is None or "@" in parts.netloc or not parts.netloc.isascii() or "\\" in url or " " in url:
        return None
    return quote(url, safe=_PRINTABLE)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes:
    """The bytes of a token that is written as `_text` writes it, and of no other spelling of them."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise _broken() from None
    if len(token) > TOKEN_CHARACTERS_MAX or _text(raw) != token:
        raise _broken()
    return raw


def _broken() -> Rejected:
    return Rejected(
        "invalid_email_link",
        "this link is none of ours, or was damaged on its way: use it whole, as it stands in the e-mail",
        status=404,
    )
