"""Which hosts are one site, and which others a visitor only passes through: neither brought anybody here.

What of a name somebody registered, the Public Suffix List tells, by the package `publicsuffixlist`.
"""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

#: Pages to pay and to log in, from where people come back. A host and what lies below it; with a dot before it only
#: what lies below, where the host itself is a company's website, which may well have a link.
_PASSED_THROUGH = frozenset(
    {
        # To pay
        "paypal.com", "billing.stripe.com", "buy.stripe.com", "checkout.stripe.com", "connect.stripe.com",
        "hooks.stripe.com", "invoice.stripe.com", "js.stripe.com", "pay.stripe.com", "checkout.klarna.com",
        "login.klarna.com", "pay.klarna.com", "payments.klarna.com", ".adyen.com", "adyen.link", "mollie.com",
        "pay.amazon.com", "payments.amazon.com", "pay.google.com", "checkout.shopify.com", "pay.shopify.com",
        "shop.app", "checkout.paddle.com", "buy.paddle.com", "pay.paddle.io", ".braintreegateway.com",
        ".chargebee.com", ".recurly.com", ".lemonsqueezy.com", ".worldpay.com", "portal.afterpay.com",
        "checkout.razorpay.com", "api.razorpay.com", "checkout.square.site", ".squareup.com",
        ".cardinalcommerce.com", "sofort.com", "giropay.de", "pay.gocardless.com", "authorize.net",
        "pay.checkout.com",
        # To log in
        "accounts.google.com", "accounts.youtube.com", "login.live.com", "login.microsoft.com",
        "login.microsoftonline.com", "login.microsoftonline.us", "login.windows.net", ".b2clogin.com",
        ".ciamlogin.com", "account.apple.com", "appleid.apple.com", "idmsa.apple.com", "login.yahoo.com",
        "login.salesforce.com", ".my.salesforce.com", "id.atlassian.com", "signin.aws.amazon.com",
        ".amazoncognito.com", ".awsapps.com", ".okta.com", ".okta-emea.com", ".oktapreview.com", ".auth0.com",
        ".onelogin.com", ".pingidentity.com", ".pingone.com", ".pingone.eu", ".duosecurity.com",
        ".accounts.dev",
    }
)  # fmt: skip
#: As in DNS. Each ending of a name is looked up, so what is longer and no name would cost the square of its length.
HOST_CHARACTERS_MAX = 253
#: Of a registered name: itself and the ending that it is registered under.
_LABELS_MIN = 2
_UNLISTED = ""


@lru_cache(maxsize=1_024)
def is_passed_through(host: str) -> bool:
    """Whether it is a page to pay or to log in."""
    return lies_in(host, _PASSED_THROUGH) or any(
        f".{parent}" in _PASSED_THROUGH for parent in _with_parents(host.partition(".")[2])
    )


def lies_in(host: str, hosts: frozenset[str]) -> bool:
    """Whether the host is one of these, or lies below one."""
    return bool(hosts) and any(name in hosts for name in _with_parents(host))


@lru_cache(maxsize=1_024)
def are_one_site(host: str, other: str) -> bool:
    """Whether somebody registered both under one name: `blog.acme.co.uk` and `acme.co.uk`, but no two `*.github.io`."""
    if host == other:
        return True
    # What differs there was registered by two, whatever the list says: mostly it need not be asked.
    ends = host.split(".")[-_LABELS_MIN:]
    if len(ends) < _LABELS_MIN or ends != other.split(".")[-_LABELS_MIN:] or ends[-1].isdigit():
        return False
    suffixes = _suffixes(ends[-1] if ends[-1] in _lines() else _UNLISTED)
    registered = suffixes.privatesuffix(host)
    return registered is not None and registered == suffixes.privatesuffix(other)


def _with_parents(host: str) -> list[str]:
    if len(host) > HOST_CHARACTERS_MAX:
        return []
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


@cache
def _suffixes(ending: str) -> "PublicSuffixList":
    """The names below this ending under which anybody can register."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    return PublicSuffixList(_lines().get(ending, []))


@cache
def _lines() -> dict[str, list[str]]:
    """The list by the ending of its lines. To understand all of them takes 50 ms, and a site needs those of one."""
    # Only where two hosts end alike.
    from pkgutil import get_data  # noqa: PLC0415

    listed = get_data("publicsuffixlist", "public_suffix_list.dat")
    if listed is None:
        raise ModuleNotFoundError("publicsuffixlist is not installed: run make setup")
    found: dict[str, list[str]] = {}
    for line in listed.decode().splitlines():
        if line and not line.startswith("//"):
            ending = line.rpartition(".")[2]
            found.setdefault(ending if ending.isascii() else ending.encode("idna").decode(), []).append(line)
    return found
