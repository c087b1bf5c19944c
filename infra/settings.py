"""What a deployer may choose. Values come from cdk.json's context or `-c name=value`; infra/app.py reads them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from aws_cdk import RemovalPolicy

SOURCE_KINDS = ("public", "server")
PERSONAL_FIELDS = ("email", "name")
#: As browsers write an origin. Plain HTTP is for trying things on a laptop only.
ORIGIN = re.compile(r"(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?)")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`sources` names who may send and how far it is believed; a source's write key is derived from its name.

    `ephemeral` lets `cdk destroy` take the data with it. `local` is set by the runner on a laptop only.
    """

    sources: dict[str, str]
    redirect_sites: list[str]
    personal_fields: list[str]
    lead_link: str
    notify_email: str
    notify_https: str
    alarm_email: str
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

    def __post_init__(self) -> None:
        for source, kind in self.sources.items():
            if kind not in SOURCE_KINDS:
                raise ValueError(f"context `sources`: {source} is {kind!r}; say one of {', '.join(SOURCE_KINDS)}")
        for field in self.personal_fields:
            if field not in PERSONAL_FIELDS:
                raise ValueError(f"context `personal_fields`: {field!r}; say some of {', '.join(PERSONAL_FIELDS)}")
        for site in self.redirect_sites:
            if not ORIGIN.fullmatch(site):
                raise ValueError(f"context `redirect_sites`: {site!r}; say an origin such as https://www.example.com")
        if self.lead_link and "{lead}" not in self.lead_link:
            raise ValueError("context `lead_link`: it has no {lead}; say e.g. https://crm.example.com/leads/{lead}")

    @classmethod
    def read(cls, context: Callable[[str], Any]) -> "Settings":
        """The settings that `context` gives. The command line gives text only: what should be more is read as JSON."""
        given = {field.name: context(field.name) for field in fields(cls)}
        for field in fields(cls):
            if field.type is not str and isinstance(given[field.name], str):
                given[field.name] = json.loads(given[field.name])
        return cls(**{name: value for name, value in given.items() if value is not None})
