"""What a deployer may choose. Values come from cdk.json's context or `-c name=value`; infra/app.py reads them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from ipaddress import ip_network
from typing import Any, get_origin

from aws_cdk import RemovalPolicy

#: Sources that send to a path of their own, and sign what they send.
WEBHOOK_KINDS = ("sendgrid", "mailgun", "postmark", "typeform", "calendly", "hubspot", "standard-webhooks")
#: Amazon SES: its events stay inside AWS.
SES_KIND = "ses"
SOURCE_KINDS = ("public", "server", "mautic", "snowplow", *WEBHOOK_KINDS, SES_KIND)
#: A source's name begins its write key, the user of Basic authentication, which a colon ends.
SOURCE_NAME = re.compile(r"[^\s:]{1,100}")
#: As `leadscore.domain.event` has it: nobody else may tell what signed links tell.
SIGNED_LINKS = "email-links"
#: What a webhook's source is called is part of its URL.
WEBHOOK_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
PERSONAL_FIELDS = ("email", "name")
INTERNAL = ("email_domains", "emails", "hosts", "addresses", "referrers")
#: As browsers write an origin. Plain HTTP is for trying things on a laptop only.
ORIGIN = re.compile(r"(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?)")
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
#: CloudFront reads certificates in this region only.
CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+")


#: What a value has to be, and how it is said. A text is a sequence of letters, and would pass for a list.
SHAPES = {bool: "true or false", str: "a text", list: """a list such as '["first", "second"]'""", dict: "an object"}


class SettingsError(ValueError):
    """A value of the context that cannot be; the message names it and says what can."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`sources` names who may send and how far it is believed; a source's write key is derived from its name.

    `internal` says whose events are kept and count nothing: `email_domains`, `emails` (patterns), `hosts` of pages and
    `addresses` (networks); and which `referrers` bring nobody. `consent_categories` says which of the consent that
    pages ask for allows to count.
    `cdn` puts CloudFront in front of the public door, and so does a `collect_domain`, with the ARN of its certificate.
    `ephemeral` lets `cdk destroy` take the data with it. `local` is set by the runner on a laptop only.
    """

    sources: dict[str, str]
    redirect_sites: list[str]
    internal: dict[str, list[str]]
    consent_categories: list[str]
    personal_fields: list[str]
    lead_link: str
    notify_email: str
    notify_https: str
    alarm_email: str
    cdn: bool
    collect_domain: str
    collect_certificate: str
    ephemeral: bool
    tracing: bool
    local: bool = False

    @property
    def tls_only(self) -> bool:
        """On AWS always. The emulator speaks plain HTTP on loopback, and would refuse everything."""
        return not self.local

    @property
    def removal(self) -> RemovalPolicy:
        return RemovalPolicy.DESTROY if self.ephemeral else RemovalPolicy.RETAIN

    @property
    def has_webhooks(self) -> bool:
        return any(kind in WEBHOOK_KINDS for kind in self.sources.values())

    @property
    def ses_source(self) -> str | None:
        """The source that Amazon SES's events are of, if there is one."""
        return next((source for source, kind in self.sources.items() if kind == SES_KIND), None)

    @property
    def house(self) -> dict[str, str]:
        """What every function that takes events in has to know of the deployer's own people, as its environment."""
        return {"INTERNAL": json.dumps(self.internal), "CONSENT_CATEGORIES": json.dumps(self.consent_categories)}

    @property
    def has_cdn(self) -> bool:
        return self.cdn or bool(self.collect_domain)

    def __post_init__(self) -> None:
        self._check_shapes()
        self._check_sources()
        for field in self.personal_fields:
            if field not in PERSONAL_FIELDS:
                raise SettingsError(f"context `personal_fields`: {field!r}; say some of {', '.join(PERSONAL_FIELDS)}")
        for site in self.redirect_sites:
            if not ORIGIN.fullmatch(site):
                raise SettingsError(
                    f"context `redirect_sites`: {site!r}; say an origin such as https://www.example.com"
                )
        self._check_internal()
        if self.lead_link and "{lead}" not in self.lead_link:
            raise SettingsError("context `lead_link`: it has no {lead}; say e.g. https://crm.example.com/leads/{lead}")
        self._check_domain()

    def _check_shapes(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            shape: Any = get_origin(field.type) or field.type
            if not isinstance(value, shape) or (shape is list and not all(isinstance(each, str) for each in value)):
                raise SettingsError(f"context `{field.name}`: {value!r}; say {SHAPES[shape]}")

    def _check_internal(self) -> None:
        for name, values in self.internal.items():
            if name not in INTERNAL:
                raise SettingsError(f"context `internal`: {name!r}; say lists by the name of {', '.join(INTERNAL)}")
            if not isinstance(values, list):
                raise SettingsError(f"context `internal`: {name} is no list; say e.g. {json.dumps([values])}")
        for network in self.internal.get("addresses", ()):
            try:
                ip_network(network)
            except ValueError:
                raise SettingsError(
                    f"context `internal`: {network!r} is no network; say e.g. 203.0.113.0/24 or 203.0.113.7"
                ) from None

    def _check_sources(self) -> None:
        for source, kind in self.sources.items():
            if kind not in SOURCE_KINDS:
                raise SettingsError(f"context `sources`: {source} is {kind!r}; say one of {', '.join(SOURCE_KINDS)}")
            if kind in WEBHOOK_KINDS and not WEBHOOK_NAME.fullmatch(source):
                raise SettingsError(f"context `sources`: {source!r}, a webhook's name: say some of a-z, 0-9, - and _")
            if source == SIGNED_LINKS:
                raise SettingsError(f"context `sources`: {source!r} is what signed links come from: give another name")
            if not SOURCE_NAME.fullmatch(source):
                raise SettingsError(f"context `sources`: {source!r} becomes part of a key: leave out blanks and `:`")
        for kind, why in (("mautic", "whose clients send no key"), (SES_KIND, "which is the account's own")):
            if list(self.sources.values()).count(kind) > 1:
                raise SettingsError(f"context `sources`: more than one is of kind {kind}, {why}; keep one")

    def _check_domain(self) -> None:
        if self.collect_domain and not HOST.fullmatch(self.collect_domain):
            raise SettingsError("context `collect_domain`: it is no host; say e.g. collect.example.com")
        if bool(self.collect_domain) != bool(self.collect_certificate):
            raise SettingsError("context `collect_domain` and `collect_certificate`: one is missing; give both or none")
        if self.collect_certificate and not CERTIFICATE.fullmatch(self.collect_certificate):
            raise SettingsError(
                "context `collect_certificate`: it is no certificate that CloudFront reads; say the ARN of one of AWS"
                " Certificate Manager in us-east-1"
            )

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> "Settings":
        """The settings that `context` gives. The command line gives text only: what should be more is read as JSON."""
        given = {field.name: context(field.name) for field in fields(cls)}
        for field in fields(cls):
            if field.type is not str and isinstance(given[field.name], str):
                given[field.name] = _from_json(field.name, given[field.name])
        return cls(**{name: value for name, value in given.items() if value is not None})


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise SettingsError(f"context `{name}`: it is no JSON; say it in quotes as in docs/deploy.md") from None
