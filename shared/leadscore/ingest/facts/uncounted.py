"""Events that are kept and count nothing: those of machines, of own people, and of those who do not want it.

Each is flagged in the event's context, where the fold finds it (`domain/uncounted.py`).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from leadscore.domain.event import Json, Trust
from leadscore.domain.uncounted import INTERNAL, MACHINE, OWN_BROWSER, OWN_LEAD, UNCONSENTED
from leadscore.ingest.facts.consent import consent_answers
from leadscore.ingest.facts.crawlers import is_crawler

#: What nobody but a server may say of an event.
DERIVED_FLAGS = frozenset({INTERNAL, UNCONSENTED})
#: Calls that programs make which load a page or show a picture. A script may well post a form for somebody.
_LOADS = frozenset({"page", "screen"})
_MAIL_EVENTS = frozenset({"Email Opened", "Email Link Clicked"})
#: All that Apple's Mail Privacy Protection says of itself, which fetches the pictures of every mail, read or not
#: (https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/open-click-bot-detect).
_APPLES_PROXY = "Mozilla/5.0"


@dataclass(frozen=True, slots=True)
class House:
    """Who is at home here. Addresses of mail as shell patterns (`qa+*@example.com`), all in lower case.

    `referrers` are hosts that bring nobody here: other sites of one's own, where people pay or log in.
    `consent_categories` are those of consent that allow to score, in lower case.
    """

    email_domains: frozenset[str] = frozenset()
    emails: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    referrers: frozenset[str] = frozenset()
    consent_categories: frozenset[str] = frozenset()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "House":
        """From a function's environment."""
        return cls.of(json.loads(environment["INTERNAL"]), json.loads(environment["CONSENT_CATEGORIES"]))

    @classmethod
    def of(cls, internal: Mapping[str, Iterable[str]], consent_categories: Iterable[str]) -> "House":
        """From the settings. Raises ValueError where a network is none."""
        return cls(
            email_domains=_lower(internal.get("email_domains", ())),
            emails=tuple(_lower(internal.get("emails", ()))),
            hosts=_lower(internal.get("hosts", ())),
            networks=tuple(ip_network(network) for network in internal.get("addresses", ())),
            referrers=_lower(internal.get("referrers", ())),
            consent_categories=_lower(consent_categories),
        )

    def has_address(self, address: str) -> bool:
        """Whether a program at this address is inside."""
        if not self.networks or not address:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)

    def has_email(self, email: str) -> bool:
        """Whether somebody with this address of mail belongs here."""
        domain = email.rpartition("@")[2]
        return domain in self.email_domains or any(fnmatchcase(email, pattern) for pattern in self.emails)

    def has_page(self, url: str) -> bool:
        """Whether the page is one of a host that is for own use."""
        if not self.hosts:
            return False
        try:
            return (urlsplit(url).hostname or "") in self.hosts
        except ValueError:
            return False


NO_HOUSE = House()


class Said(NamedTuple):
    """What an event says of itself, as far as that decides whether it counts.

    `address` is where the visitor's program sent from; `mentioned_email` maybe the person's, maybe not.
    """

    call: str
    name: str
    trust: Trust
    context: Json
    emails: Collection[str]
    page: str
    address: str
    opts_out: bool
    is_prefetch: bool
    mentioned_email: str | None = None


def flags(said: Said, house: House) -> dict[str, Any]:
    """What to add to the context. A browser's wish not to be followed is kept with the event, too."""
    found: dict[str, Any] = {}
    if said.opts_out:
        found["consent"] = {**_object(said.context.get("consent")), "opted_out": True}
    if _is_machine(said):
        found[MACHINE] = True
    if any(map(house.has_email, said.emails)):
        # Anybody could name an own address along with somebody else's id, and that lead would count nothing any more.
        found[INTERNAL] = OWN_LEAD if said.trust is Trust.SERVER else OWN_BROWSER
    elif (
        house.has_address(said.address)
        or house.has_page(said.page)
        or (said.mentioned_email and house.has_email(said.mentioned_email))
    ):
        # Of an address that is only mentioned: a customer who writes to one of the own people is none of them.
        found[INTERNAL] = True
    if _is_unconsented(said, house):
        found[UNCONSENTED] = True
    return found


def _is_machine(said: Said) -> bool:
    """Whether a program made the event with nobody looking, as far as it says so."""
    if said.is_prefetch or said.context.get("webdriver") is True:
        return True
    loads = said.call in _LOADS or said.name in _MAIL_EVENTS or said.trust is Trust.PUBLIC
    user_agent = said.context.get("userAgent")
    if said.name in _MAIL_EVENTS and user_agent == _APPLES_PROXY:
        return True
    return loads and isinstance(user_agent, str) and is_crawler(user_agent)


def _is_unconsented(said: Said, house: House) -> bool:
    """Whether the lead does not want to be followed. What is said for these very categories outweighs a signal.

    A form is submitted by the person, and what a server tells is its own responsibility unless it says otherwise.
    """
    answers = consent_answers(said.context, house.consent_categories)
    if False in answers:
        return True
    return said.opts_out and said.trust is Trust.PUBLIC and True not in answers


def _lower(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
