"""What an e-mail address says of the person who gave it."""

import re
import unicodedata
from typing import Any

from leadscore.ingest.facts.mail_domains import is_disposable, is_free, is_made_up
from leadscore.ingest.facts.mailboxes import MADE_UP, PLACEHOLDERS, REGIONS, ROLES
from leadscore.ingest.ids import email_address

_DOMAIN_CHARACTERS_MAX = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
#: Every top-level domain is letters, or `xn--` and what stands for other scripts.
_ENDING = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")
#: A whole domain behind an @: somebody's address within other text is no fake.
_ADDRESS_INSIDE = re.compile(r"@[^\s@.,;<>]+\.[^\s@.,;<>]+")
_BETWEEN_WORDS = re.compile(r"[._-]+")
_ONE_CHARACTER = re.compile(r"(\D)\1{2,}")


def email_domain(value: Any) -> str | None:
    """The domain as mail servers ask for it (ASCII, lower case), or None where there is no possible one."""
    address = email_address(value)
    if address is None:
        return None
    named = unicodedata.normalize("NFKC", address.rpartition("@")[2]).replace("。", ".").removesuffix(".").lower()
    labels = [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in named.split(".")]
    is_possible = len(labels) > 1 and _ENDING.fullmatch(labels[-1]) and all(map(_LABEL.fullmatch, labels))
    domain = ".".join(labels)
    return domain if is_possible and len(domain) <= _DOMAIN_CHARACTERS_MAX else None


def email_kind(value: Any, domain: str | None) -> str | None:
    """fake, else disposable, else free, else role, else business. None for what is no text, or more than an address."""
    if not isinstance(value, str) or not value.strip():
        return None
    if domain is None:
        return None if _ADDRESS_INSIDE.search(value) and email_address(value) is None else "fake"
    mailbox = _mailbox(value)
    if is_made_up(domain) or _is_made_up_mailbox(mailbox):
        return "fake"
    if is_disposable(domain):
        return "disposable"
    if is_free(domain):
        return "free"
    return "role" if _is_role(mailbox) else "business"


def is_somebodys(address: str) -> bool:
    """Whether an address can name a person: `asdf@asdf.com` is typed by many to get past a form, who are not one.

    Others that look made up may well be somebody's, such as a tester's: they name a lead, which a rule can judge.
    """
    mailbox = _mailbox(address)
    is_said_twice = mailbox == address.rpartition("@")[2].partition(".")[0]
    return not is_said_twice or mailbox == "test" or not (mailbox in PLACEHOLDERS or _is_made_up_mailbox(mailbox))


def _mailbox(address: str) -> str:
    """What stands before the @, without what its owner may put behind a +."""
    return address.strip().lower().rpartition("@")[0].partition("+")[0]


def _is_made_up_mailbox(mailbox: str) -> bool:
    word = _BETWEEN_WORDS.sub("", mailbox)
    return word.rstrip("0123456789") in MADE_UP or word in MADE_UP or _ONE_CHARACTER.fullmatch(word) is not None


def _is_role(mailbox: str) -> bool:
    words = [word.rstrip("0123456789") for word in _BETWEEN_WORDS.split(mailbox)]
    if "".join(words) in ROLES:
        return True
    return words[0] in ROLES and all(word in ROLES or word in REGIONS or not word for word in words)
