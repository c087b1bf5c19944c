"""CloudFront in front of the public door, for who asks for it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.stack import LeadScoreStack
from tests.infra.conftest import CERTIFICATE
from tests.infra.template import functions, of_type, target

#: CloudFront's own policies, which AWS lists under these ids.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
DOMAIN = {"collect_domain": "collect.example.com", "collect_certificate": CERTIFICATE}

type Synthesise = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def with_cdn(synthesise: Synthesise) -> dict[str, Any]:
    return synthesise(cdn="true")


@pytest.fixture(scope="module")
def with_domain(synthesise: Synthesise) -> dict[str, Any]:
    return synthesise(**DOMAIN)


def distribution(template: dict[str, Any]) -> dict[str, Any]:
    [found] = of_type(template["Resources"], "AWS::CloudFront::Distribution").values()
    return dict(found["DistributionConfig"])


def test_who_does_not_ask_for_it_gets_none(template: dict[str, Any]) -> None:
    assert not [r for r in template["Resources"].values() if r["Type"].startswith("AWS::CloudFront")]
    assert functions(template["Resources"])["collect"]["Environment"]["Variables"]["BEHIND_CDN"] == "false"


def test_it_stands_before_the_collectors_api_alone_over_tls(with_cdn: dict[str, Any]) -> None:
    [origin] = distribution(with_cdn)["Origins"]
    [collect] = [name for name in of_type(with_cdn["Resources"], "AWS::ApiGatewayV2::Api") if name.startswith("Coll")]

    assert {"Ref": collect} in origin["DomainName"]["Fn::Join"][1]
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_it_passes_everything_on_and_keeps_nothing(with_cdn: dict[str, Any]) -> None:
    behavior = distribution(with_cdn)["DefaultCacheBehavior"]

    assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(behavior["AllowedMethods"])
    assert (behavior["CachePolicyId"], behavior["OriginRequestPolicyId"]) == (CACHING_DISABLED, ALL_VIEWER_EXCEPT_HOST)
    errors = distribution(with_cdn)["CustomErrorResponses"]
    assert {400, 403, 404, 405, 500, 502, 503, 504} <= {error["ErrorCode"] for error in errors}
    assert {error["ErrorCachingMinTTL"] for error in errors} == {0}
    assert not any("ResponsePagePath" in error for error in errors)


def test_nobody_sends_in_the_clear_and_nobody_is_logged(with_cdn: dict[str, Any]) -> None:
    made = distribution(with_cdn)

    assert made["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    assert "Logging" not in made


def test_every_request_goes_through_the_function_that_the_cases_hold(with_cdn: dict[str, Any]) -> None:
    [(name, edge)] = of_type(with_cdn["Resources"], "AWS::CloudFront::Function").items()
    [association] = distribution(with_cdn)["DefaultCacheBehavior"]["FunctionAssociations"]

    assert association["EventType"] == "viewer-request"
    assert target(association["FunctionARN"]) == name
    assert edge["FunctionCode"] == (Path(__file__).parents[2] / "infra" / "edge.js").read_text()
    assert edge["AutoPublish"] is True


def test_the_collector_believes_what_it_says_of_addresses(
    with_cdn: dict[str, Any], with_domain: dict[str, Any]
) -> None:
    for template in (with_cdn, with_domain):
        assert functions(template["Resources"])["collect"]["Environment"]["Variables"]["BEHIND_CDN"] == "true"


def test_without_a_domain_senders_get_cloudfronts(with_cdn: dict[str, Any]) -> None:
    [name] = of_type(with_cdn["Resources"], "AWS::CloudFront::Distribution")

    domain = {"Fn::GetAtt": [name, "DomainName"]}
    assert with_cdn["Outputs"]["CollectUrl"]["Value"] == {"Fn::Join": ["", ["https://", domain]]}
    assert with_cdn["Outputs"]["CdnDomainName"]["Value"] == domain
    assert "Aliases" not in distribution(with_cdn)


def test_a_domain_comes_with_its_certificate_and_a_new_tls(with_domain: dict[str, Any]) -> None:
    made = distribution(with_domain)

    assert made["Aliases"] == ["collect.example.com"]
    assert made["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    assert with_domain["Outputs"]["CollectUrl"]["Value"] == "https://collect.example.com"


@pytest.mark.parametrize(
    ("context", "accepted"), [({"cdn": "true"}, {"CFR1", "CFR2", "CFR3", "CFR4"}), (DOMAIN, {"CFR1", "CFR2", "CFR3"})]
)
def test_cdk_nag_finds_nothing_new_that_is_not_acknowledged(
    make_stack: Callable[..., LeadScoreStack], context: dict[str, str], accepted: set[str]
) -> None:
    app = make_stack(**context).node.root
    assert isinstance(app, App)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))

    app.synth()  # Raises on an error, and prints what it is.

    reports = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    assert list(_rules(reports, "violations")) == []
    assert {rule for rule in _rules(reports, "suppressedViolations") if "CFR" in rule} == {
        f"AwsSolutions-{rule}" for rule in accepted
    }


def _rules(reports: list[dict[str, Any]], kind: str) -> Iterable[str]:
    return (violation["ruleName"] for report in reports for violation in report.get(kind, []))
