from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from aws_cdk import App

from infra import app
from infra.settings import Settings, SettingsError
from tests.infra.conftest import CERTIFICATE, CONTEXT
from tests.infra.template import mapping_of


def read(**context: Any) -> Settings:
    given: Mapping[str, Any] = CONTEXT | context
    return Settings.read(given.get)


def test_the_context_that_ships_is_valid_keeps_data_and_tells_nothing_personal() -> None:
    settings = read()

    assert settings.sources == {"website": "public", "backend": "server"}
    assert (settings.ephemeral, settings.local, settings.tls_only, settings.personal_fields) == (False, False, True, [])


def test_the_command_line_gives_text_which_is_read_as_what_it_means() -> None:
    settings = read(ephemeral="true", sources='{"shop": "server"}', lead_link="https://crm.example.com/{lead}")

    assert settings.ephemeral is True
    assert settings.sources == {"shop": "server"}
    assert settings.lead_link == "https://crm.example.com/{lead}"


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({"sources": {"shop": "declared"}}, r"`sources`: shop is 'declared'; say one of public, server"),
        ({"sources": {"a": "mautic", "b": "mautic"}}, r"`sources`: more than one is of kind mautic"),
        ({"sources": {"Web Site": "public"}}, r"`sources`: 'Web Site' becomes part of a key"),
        ({"sources": {"email-links": "public"}}, r"`sources`: 'email-links' is what signed links come from"),
        ({"sources": {"web:site": "public"}}, r"`sources`: 'web:site' becomes part of a key"),
        ({"sources": "{'shop': 'server'}"}, r"`sources`: it is no JSON"),
        ({"internal": {"domains": ["acme.com"]}}, r"`internal`: 'domains'; say lists by the name of email_domains"),
        ({"internal": {"email_domains": "acme.com"}}, r"`internal`: email_domains is no list; .*\[\"acme.com\"\]"),
        ({"internal": {"addresses": ["office"]}}, r"`internal`: 'office' is no network"),
        ({"personal_fields": ["phone"]}, r"`personal_fields`: 'phone'; say some of email, name"),
        ({"redirect_sites": ["http://www.example.com"]}, r"`redirect_sites`: .*; say an origin"),
        ({"redirect_sites": ["https://www.example.com/thanks"]}, r"`redirect_sites`: .*; say an origin"),
        ({"consent_categories": '"analytics"'}, r"`consent_categories`: 'analytics'; say a list such as '\[\"first"),
        ({"consent_categories": [2]}, r"`consent_categories`: \[2\]; say a list"),
        ({"internal": []}, r"`internal`: \[\]; say an object"),
        ({"ephemeral": '"false"'}, r"`ephemeral`: 'false'; say true or false"),
        ({"alarm_email": ["ops@example.com"]}, r"`alarm_email`: .*; say a text"),
        ({"lead_link": "https://crm.example.com/"}, r"`lead_link`: it has no \{lead\}"),
        ({"collect_domain": "https://collect.example.com"}, r"`collect_domain`: it is no host"),
        ({"collect_domain": "collect.example.com"}, r"`collect_certificate`: one is missing"),
        ({"collect_certificate": CERTIFICATE}, r"`collect_certificate`: one is missing"),
        (
            {
                "collect_domain": "collect.example.com",
                "collect_certificate": CERTIFICATE.replace("us-east-1", "eu-central-1"),
            },
            r"`collect_certificate`: .* in us-east-1",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_the_remedy(context: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read(**context)


def test_a_wrong_value_ends_the_synthesis_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "App", lambda: App(context=CONTEXT | {"sources": {"survey": "typefrm"}}))

    with pytest.raises(SystemExit, match=r"^context `sources`: survey is 'typefrm'; say one of public"):
        app.main()


def test_a_laptop_gets_the_same_stack_but_for_tls_a_call_of_the_emulators_and_how_many_score_at_once(
    template: dict[str, Any], synthesise: Callable[..., dict[str, Any]]
) -> None:
    on_aws = _without_policies(deepcopy(template["Resources"]))
    on_a_laptop = _without_policies(synthesise(local=True)["Resources"])

    at_once = [mapping_of(resources, "score").pop("ScalingConfig") for resources in (on_aws, on_a_laptop)]
    assert at_once == [{"MaximumConcurrency": 100}, {"MaximumConcurrency": 2}]
    assert on_a_laptop == on_aws


def _without_policies(resources: dict[str, Any]) -> dict[str, Any]:
    """What is left when the statements on transport, and the actions of roles, are taken out."""
    return {
        name: {key: value for key, value in resource.items() if key != "DependsOn"}
        for name, resource in resources.items()
        if not resource["Type"].endswith("Policy")
    }
