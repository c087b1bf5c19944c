"""Who sent something and when it came: what every wire format's event has in common."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from leadscore.domain.event import Json, LeadEvent, Trust, event_id, identifiers_in, is_external_type
from leadscore.domain.write_key import write_key
from leadscore.ingest.facts.derived import context_with_facts, traits_with_facts
from leadscore.ingest.facts.email_kind import is_somebodys
from leadscore.ingest.facts.uncounted import NO_HOUSE, House, Said, flags
from leadscore.ingest.ids import email_address
from leadscore.ingest.json_body import fingerprint
from leadscore.ingest.rejection import Rejected

EVENT_NAME_CHARACTERS_MAX = 200
MESSAGE_ID_CHARACTERS_MAX = 100


class Sender(NamedTuple):
    """The program that sent a request. With `opts_out` its user does not want to be followed, with `is_prefetch` nobody
    looks yet."""

    address: str = ""
    user_agent: str = ""
    opts_out: bool = False
    is_prefetch: bool = False


NOBODY = Sender()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request. `source` is what its write key identifies, `trust` how far that is believed here, `house` who is at
    home where it arrives."""

    source: str
    trust: Trust
    received_at: int
    new_id: Callable[[], str]
    sender: Sender = NOBODY
    house: House = NO_HOUSE

    def trusted_as(self, trust: Trust) -> "Arrival":
        return self if trust is self.trust else replace(self, trust=trust)

    def event(
        self,
        *,
        call: str,
        name: str,
        identifiers: Mapping[str, str | None],
        content: str,
        message_id: Any = None,
        is_dated: bool = False,
        occurred_at: int | None = None,
        timestamp: Any = None,
        properties: Json,
        traits: Json | None = None,
        context: Json,
        visitor_address: Any = None,
        is_email_mentioned: bool = False,
    ) -> LeadEvent:
        """The event, with what follows from it. `content` is the canonical text of what was sent, and of that alone.

        `is_dated` says that a time of its own is in it, `timestamp` is that time as the client wrote it;
        `visitor_address` is where the visitor was, if a server says so. With `is_email_mentioned` the address among the
        identifiers may be somebody else's than the user's.

        A dated event without a message id is known by its content: nobody does the same thing twice in a millisecond,
        and a client that sends it twice means one. Without a date two equal events may well be two.
        """
        named = identifiers_in(self._believed(identifiers))
        if not named:
            raise Rejected("no_user_anon_id", "no usable `userId`, `anonymousId` or e-mail address: send one of them")
        own_print = fingerprint(content)
        own_id = f"content:{own_print}" if is_dated else self.new_id()
        happened_at = self.received_at if occurred_at is None else occurred_at
        full_context = context_with_facts(
            context,
            self.trust,
            call=call,
            properties=properties,
            occurred_at=happened_at,
            timestamp=timestamp,
            own_referrers=self.house.referrers,
        )
        own_email = None if is_email_mentioned else identifiers.get("email")
        said = Said(
            call=call,
            name=name,
            trust=self.trust,
            context=full_context,
            emails=[email for email in (own_email, email_address((traits or {}).get("email"))) if email],
            mentioned_email=identifiers.get("email") if is_email_mentioned else None,
            page=_page_url(properties, context),
            address=str(visitor_address or "") if self.trust is Trust.SERVER else self.sender.address,
            opts_out=self.sender.opts_out,
            is_prefetch=self.sender.is_prefetch,
        )
        return LeadEvent(
            id=event_id(self.source, _message_id(message_id) or own_id),
            name=name,
            call=call,
            source=self.source,
            trust=self.trust,
            occurred_at=happened_at,
            received_at=self.received_at,
            identifiers=named,
            fingerprint=own_print,
            properties=properties,
            traits=traits_with_facts(traits, self.trust) if traits else {},
            context={**full_context, **flags(said, self.house)},
        )

    def _believed(self, identifiers: Mapping[str, str | None]) -> Mapping[str, str | None]:
        """Who it is, whatever door it came by. An address that anybody types names nobody, and stays a trait.

        Other systems' ids can be guessed, so only a server may say whose they are.
        """
        email = identifiers.get("email")
        if email and not is_somebodys(email):
            identifiers = {**identifiers, "email": None}
        if self.trust is Trust.SERVER:
            return identifiers
        return {kind: value for kind, value in identifiers.items() if not is_external_type(kind)}


def find_source(key: Any, *, root: str, sources: Mapping[str, Trust]) -> tuple[str, Trust]:
    """The source whose write key this is, and its trust. Every key is compared, each in constant time."""
    given = key.encode("utf-8", "replace") if isinstance(key, str) else b""
    found = None
    for source, trust in sources.items():
        if hmac.compare_digest(write_key(root, source).encode(), given):
            found = (source, trust)
    if found is None:
        # RudderStack's clients for Android and iOS look for these three words, and without them try again for ever.
        raise Rejected(
            "invalid_write_key",
            "no key or an invalid write key: send one of this deployment's keys as the user of Basic authentication,"
            " or as `writeKey`",
            status=401,
        )
    return found


def event_name(field: str, value: Any) -> str:
    """A trimmed, non-empty event name of bounded length."""
    name = value.strip() if isinstance(value, str) else ""
    if not name or len(name) > EVENT_NAME_CHARACTERS_MAX:
        raise Rejected("invalid_event", f"`{field}` must be a name of 1 to {EVENT_NAME_CHARACTERS_MAX} characters")
    return name


def _page_url(properties: Json, context: Json) -> str:
    page = context.get("page")
    urls = (properties.get("url"), page.get("url") if isinstance(page, dict) else None, properties.get("page"))
    return next((url for url in urls if isinstance(url, str)), "")


def _message_id(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > MESSAGE_ID_CHARACTERS_MAX:
        raise Rejected(
            "invalid_message_id",
            f"`messageId` must be a string of at most {MESSAGE_ID_CHARACTERS_MAX} characters: send a UUID",
        )
    return value
