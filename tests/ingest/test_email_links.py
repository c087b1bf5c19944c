"""Links and pictures in e-mails: who has the token tells of its one person, and leads to its one target."""

import base64
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.adapters.memory import MemoryQueue
from leadscore.domain.event import Trust
from leadscore.domain.write_key import write_key
from leadscore.ingest.email_links import EmailLink, Purpose, UnfitLink, email_link, make_token, read_token
from leadscore.ingest.http import Response
from leadscore.ingest.rejection import Rejected
from tests.ingest.door import NOON, ROOT, Door, document, identifiers

REPOSITORY = Path(__file__).parents[2]
LATER = NOON // 1000 + 3_600
TARGET = "https://www.example.com/pricing?plan=team&utm_source=newsletter#top"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"


def link(target: str = TARGET, *, user_id: str = "u-1042", expires_at: int = LATER) -> EmailLink:
    return email_link(user_id=user_id, campaign_id="spring", target=target, expires_at=expires_at)


def token(target: str = TARGET, *, expires_at: int = LATER, root: str = ROOT) -> str:
    return make_token(link(target, expires_at=expires_at), root)


def click(door: Door, said: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Response:
    return door.get(f"/e/c/{said}", method=method, headers={"user-agent": PHONE, **(headers or {})})


def look(door: Door, said: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Response:
    response = door.get(f"/e/o/{said}.gif", method=method, headers={"user-agent": PHONE, **(headers or {})})
    assert (response.status, response.content_type) == (200, "image/gif")
    assert "no-store" in response.headers["cache-control"]
    assert response.body == (b"" if method == "HEAD" else response.body)
    return response


def test_a_click_is_an_event_and_leads_to_its_target() -> None:
    door = Door()
    response = click(door, token())

    assert (response.status, response.headers["location"]) == (302, TARGET)
    event = door.event
    assert (event.name, event.call, event.trust, event.received_at) == (
        "Email Link Clicked",
        "track",
        Trust.PUBLIC,
        NOON,
    )
    assert identifiers(event) == {"user_id": "u-1042"}
    assert event.properties == {"campaign_id": "spring", "link_url": TARGET}
    assert "machine" not in event.context


def test_an_opening_is_an_event_and_shows_nothing() -> None:
    door = Door()
    assert look(door, token("")).body.startswith(b"GIF89a")

    event = door.event
    assert (event.name, event.trust, identifiers(event)) == ("Email Opened", Trust.PUBLIC, {"user_id": "u-1042"})
    assert event.properties == {"campaign_id": "spring"}


def test_every_click_is_one_of_its_own() -> None:
    door = Door()
    said = token()
    for _ in range(2):
        click(door, said)

    assert len({event.id for event in door.events}) == 2


def test_whoever_clicks_in_a_forwarded_mail_does_not_become_its_receiver() -> None:
    door = Door()
    click(door, token(), headers={"cookie": f"ls_aid={'0' * 32}"})

    assert identifiers(door.event) == {"user_id": "u-1042"}


def test_a_program_is_led_on_and_counts_nothing() -> None:
    door = Door()
    said = token()

    assert click(door, said, method="HEAD").status == 302
    assert door.events == []
    for headers in ({"sec-purpose": "prefetch"}, {"user-agent": CRAWLER}):
        assert click(door, said, headers=headers).headers["location"] == TARGET
    assert [event.context["machine"] for event in door.events] == [True, True]


def test_a_picture_that_a_program_loads_counts_nothing() -> None:
    door = Door()
    assert look(door, token(""), method="HEAD").body == b""
    assert door.events == []
    look(door, token(""), headers={"purpose": "prefetch"})
    assert door.event.context["machine"] is True


def test_an_expired_link_leads_on_and_counts_nothing() -> None:
    door = Door()
    expired = NOON // 1000

    assert click(door, token(expires_at=expired)).headers["location"] == TARGET
    look(door, token("", expires_at=expired))
    assert door.events == []
    assert door.metrics == {"email_link.dropped": 2}
    click(door, token(expires_at=expired + 1))
    assert len(door.events) == 1


@pytest.mark.parametrize("after", [".", ",", ")", ">", '"', "!?"])
def test_what_stands_behind_a_link_in_a_sentence_leads_nobody_astray(after: str) -> None:
    door = Door()
    assert click(door, token() + after).headers["location"] == TARGET
    assert door.event.name == "Email Link Clicked"


def test_a_link_that_is_none_of_ours_leads_nowhere() -> None:
    door = Door()
    for said in ("x", "AQ", token("", root="another root"), token(root="another root"), "A" * 9_000):
        response = click(door, said)
        assert (response.status, document(response)["code"]) == (404, "invalid_email_link")
        assert "location" not in response.headers
        look(door, said)
    assert door.events == []
    assert door.metrics == {"email_link.dropped": 5}


def test_a_token_with_any_one_character_changed_is_refused() -> None:
    said = token()
    for place, character in enumerate(said):
        other = said[:place] + ("B" if character == "A" else "A") + said[place + 1 :]
        with pytest.raises(Rejected):
            read_token(other, Purpose.CLICK, ROOT)
    for other in (said + "A", said + "=", said[:-1], f" {said}", said.replace(said[0], "À", 1)):
        with pytest.raises(Rejected):
            read_token(other, Purpose.CLICK, ROOT)


def test_a_picture_is_no_link_and_a_link_no_picture() -> None:
    door = Door()

    assert click(door, token("")).status == 404
    look(door, token())
    assert door.events == []


def test_content_that_somebody_else_signed_is_refused_even_by_a_write_keys_holder() -> None:
    """A write key is made of the same root, and is public."""
    forged = make_token(link("https://phishing.example/"), write_key(ROOT, "website"))

    assert click(Door(), forged).status == 404


def test_the_target_is_reached_though_the_queue_is_away() -> None:
    def fail(_call: str) -> None:
        raise ConnectionError

    door = Door(queue=MemoryQueue(before_call=fail))

    assert click(door, token()).headers["location"] == TARGET
    look(door, token(""))
    assert door.metrics == {"email_link.dropped": 2}
    assert [type(error) for error in door.reports] == [ConnectionError, ConnectionError]


def test_without_the_root_a_click_is_asked_to_come_again() -> None:
    def no_root() -> str:
        raise OSError

    door = Door(read_root=no_root)
    assert click(door, token()).status == 503
    look(door, token(""))


@pytest.mark.parametrize(
    "user_id",
    ["", "null", "ada@example.org", "Ada@Example.ORG ", "ada%40example.org", "id:ada@example.org", "a\0b", "x" * 300],
)
def test_no_link_names_a_person_by_address_or_not_at_all(user_id: str) -> None:
    with pytest.raises(UnfitLink) as unfit:
        link(user_id=user_id)
    assert "ada" not in str(unfit.value).lower()


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "//www.example.com/",
        "www.example.com",
        "https://",
        "https://www.example.com@phishing.example/",
        "https://www.example.com/\r\nSet-Cookie: a=b",
        "https://www.example.com\\@phishing.example/",
        "https://www.example.com/a b",
        "https://bücher.example/",
        "https://www.example.com/?email=ada%40example.org",
        "https://www.example.com/" + "x" * 2_048,
    ],
)
def test_no_link_leads_to_what_is_no_plain_address(target: str) -> None:
    with pytest.raises(UnfitLink) as unfit:
        link(target)
    assert "example" not in str(unfit.value)


def test_a_target_in_another_script_travels_in_a_header() -> None:
    response = click(Door(), token("https://www.example.com/preise/für-alle"))

    assert response.headers["location"] == "https://www.example.com/preise/f%C3%BCr-alle"


def test_a_token_shows_no_more_than_it_was_made_of() -> None:
    """So that the documentation can say what logs may see."""
    said = token()
    raw = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))

    assert json.loads(raw[33:]) == ["u-1042", "spring", TARGET, LATER]


@given(st.text(max_size=200), st.sampled_from(Purpose))
def test_no_text_is_anything_but_refused(said: str, purpose: Purpose) -> None:
    with pytest.raises(Rejected):
        read_token(said, purpose, ROOT)


@given(st.binary(max_size=200), st.sampled_from(Purpose))
def test_no_bytes_in_a_tokens_form_are_anything_but_refused(raw: bytes, purpose: Purpose) -> None:
    said = base64.urlsafe_b64encode(b"\x01" + raw).decode().rstrip("=")
    with pytest.raises(Rejected):
        read_token(said, purpose, ROOT)


@given(st.text(), st.text(max_size=250), st.text(max_size=100))
def test_what_can_be_made_can_be_read_and_leads_where_it_says(user_id: str, campaign: str, path: str) -> None:
    try:
        made = email_link(
            user_id=user_id, campaign_id=campaign, target=f"https://www.example.com/{path}", expires_at=LATER
        )
    except UnfitLink:
        return
    said = make_token(made, ROOT)
    assert read_token(said, Purpose.CLICK, ROOT) == made
    response = click(Door(), said)
    assert response.headers["location"].isascii()
    assert urlsplit(response.headers["location"]).netloc == "www.example.com"


def test_the_recipe_in_the_documentation_makes_links_that_are_taken() -> None:
    (recipe,) = re.findall(
        r"^```py\n(.*?)^```$", (REPOSITORY / "docs/collect.md").read_text(), re.MULTILINE | re.DOTALL
    )
    names = {"COLLECT_URL": "https://collect.example.com", "WRITE_KEY_SECRET": ROOT, "EXPIRES_AT": LATER}
    exec(compile(recipe, "docs/collect.md", "exec"), names)  # noqa: S102
    door = Door()
    response = door.get(urlsplit(str(names["url"])).path)

    assert (response.status, response.headers["location"]) == (302, "https://www.example.com/pricing")
    assert door.event.name == "Email Link Clicked"
