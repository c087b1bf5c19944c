"""What a deployer may choose. Values come from cdk.json's context or `-c name=value`; infra/app.py reads them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from aws_cdk import RemovalPolicy

SOURCE_KINDS = ("public", "server", "mautic", "snowplow")
PERSONAL_FIELDS = ("email", "name")
#: As browsers write an origin. Plain HTTP is for trying things on a laptop only.
ORIGIN = re.compile(r"(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?)")
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
#: CloudFront reads certificates in this region only.
CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`sources` names who may send and how far it is believed; a source's write key is derived from its name.

    `cdn` puts CloudFront in front of the public door, and so does a `collect_domain`, with the ARN of its certificate.
    `ephemeral` lets `cdk destroy` take the data with it. `local` is set by the runner on a laptop only.
    """

    sources: dict[str, str]
    redirect_sites: list[str]
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
    def has_cdn(self) -> bool:
        return self.cdn or bool(self.collect_domain)

    def __post_init__(self) -> None:
        for source, kind in self.sources.items():
            if kind not in SOURCE_KINDS:
                raise ValueError(f"context `sources`: {source} is {kind!r}; say one of {', '.join(SOURCE_KINDS)}")
        if list(self.sources.values()).count("mautic") > 1:
            raise ValueError("context `sources`: more than one is of kind mautic, whose clients send no key; keep one")
        for field in self.personal_fields:
            if field not in PERSONAL_FIELDS:
                raise ValueError(f"context `personal_fields`: {field!r}; say some of {', '.join(PERSONAL_FIELDS)}")
        for site in self.redirect_sites:
            if not ORIGIN.fullmatch(site):
                raise ValueError(f"context `redirect_sites`: {site!r}; say an origin such as https://www.example.com")
        if self.lead_link and "{lead}" not in self.lead_link:
            raise ValueError("context `lead_link`: it has no {lead}; say e.g. https://crm.example.com/leads/{lead}")
        self._check_domain()

    def _check_domain(self) -> None:
        if self.collect_domain and not HOST.fullmatch(self.collect_domain):
            raise ValueError("context `collect_domain`: it is no host; say e.g. collect.example.com")
        if bool(self.collect_domain) != bool(self.collect_certificate):
            raise ValueError("context `collect_domain` and `collect_certificate`: one is missing; give both or none")
        if self.collect_certificate and not CERTIFICATE.fullmatch(self.collect_certificate):
            raise ValueError(
                "context `collect_certificate`: it is no certificate that CloudFront reads; say the ARN of one of AWS"
                " Certificate Manager in us-east-1"
            )

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> "Settings":
        """The settings that `context` gives. The command line gives text only: what should be more is read as JSON."""
        given = {field.name: context(field.name) for field in fields(cls)}
        for field in fields(cls):
            if field.type is not str and isinstance(given[field.name], str):
                given[field.name] = json.loads(given[field.name])
        return cls(**{name: value for name, value in given.items() if value is not None})
