"""The tracker as the collector serves it: the script itself is tested in tests/browser."""

import gzip
import re

import pytest

from infra.bundle import minified
from leadscore.ingest import form
from leadscore.use_cases.collecting.tracker import tracker
from tests.ingest.door import Door

GZIPPED_BYTES_MAX = 3 * 1024


def test_the_script_is_served_to_any_site_and_kept_for_an_hour() -> None:
    response = Door().get("/tracker.js")
    answer = response.to_gateway()

    assert (response.status, response.content_type) == (200, "text/javascript; charset=utf-8")
    assert response.body == tracker().content
    assert answer["headers"]["cache-control"] == "public, max-age=3600"
    assert answer["headers"]["access-control-allow-origin"] == "*"
    assert answer["headers"]["cross-origin-resource-policy"] == "cross-origin"
    assert (answer["isBase64Encoded"], answer["body"]) == (False, response.body.decode())


def test_a_browser_that_has_it_already_gets_it_not_again() -> None:
    tag = Door().get("/tracker.js").headers["etag"]

    for asked in (tag, f"W/{tag}", f'"another", {tag}'):
        again = Door().get("/tracker.js", headers={"if-none-match": asked})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert Door().get("/tracker.js", headers={"if-none-match": '"another"'}).status == 200


def test_it_is_small_enough_for_any_page() -> None:
    source = tracker().content.decode()

    assert len(gzip.compress(minified(source), 9)) < GZIPPED_BYTES_MAX


def test_what_is_deployed_is_minified() -> None:
    source = tracker().content.decode()

    assert len(minified(source)) < len(source) / 2
    assert b"// " not in minified(source).replace(b"https://", b"")


def sends(field: str) -> bool:
    """Whether the script sends a field of this name that nobody has marked, as its regular expression says."""
    found = re.search(r"const TRAIT =\s+/(.+)/i;", tracker().content.decode())
    assert found is not None
    return re.match(found[1], re.sub(r"[\W_]", "", field), re.IGNORECASE | re.ASCII) is not None


def test_it_sends_each_field_that_the_collector_takes_for_a_trait() -> None:
    assert [spelling for spelling in form._TRAIT_NAMES if not sends(spelling)] == []
    for spelled in (
        "firstName",
        "First Name",
        "job-title",
        "annualRevenue",
        "Number of employees",
        "consent_newsletter",
        "your-company",
    ):
        assert sends(spelled), spelled


@pytest.mark.parametrize(
    "field",
    [
        *("message", "username", "user_name", "nickname", "company_secret", "card_number", "maiden_name", "pin"),
        *("password", "token", "csrf", "statement", "cityscape", "organization_id", "phone_pin", "employee_id", "iban"),
    ],
)
def test_it_sends_no_other_field_unmarked(field: str) -> None:
    assert form.trait_named(field) is None
    assert not sends(field)
