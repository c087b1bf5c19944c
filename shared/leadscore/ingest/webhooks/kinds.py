"""The kinds of sources that are webhooks, each with the module of its sender, which is imported when one comes."""

from importlib import import_module

from leadscore.ingest.webhooks.vendor import Vendor

_MODULES = {
    "sendgrid": "sendgrid",
    "mailgun": "mailgun",
    "postmark": "postmark",
    "typeform": "typeform",
    "calendly": "calendly",
    "hubspot": "hubspot",
    "standard-webhooks": "standard",
}
WEBHOOK_KINDS = tuple(_MODULES)
#: A source of this kind has its write key in its URL, for its sender signs nothing.
KEYED_KIND = "postmark"


def vendor(kind: str) -> Vendor:
    """The sender of a kind that is one of WEBHOOK_KINDS."""
    found: Vendor = import_module(f"leadscore.ingest.webhooks.{_MODULES[kind]}").VENDOR
    return found
