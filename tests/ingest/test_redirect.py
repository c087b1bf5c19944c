"""No visitor is sent where the deployer did not say so."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.ingest.redirect import allowed_redirect

SITES = frozenset({"https://www.example.com", "http://localhost:8000"})


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com",
        "https://www.example.com/",
        "https://www.example.com/thanks?from=form#top",
        "https://www.example.com?x=1",
        "HTTPS://WWW.EXAMPLE.COM/thanks",
        "http://localhost:8000/thanks",
    ],
)
def test_an_allowed_site_is_taken_as_it_is(url: str) -> None:
    assert allowed_redirect(url, SITES) == url


def test_other_characters_are_encoded() -> None:
    assert allowed_redirect("https://www.example.com/d\u00e4nke", SITES) == "https://www.example.com/d%C3%A4nke"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/thanks",
        "thanks",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https://evil.example/https://www.example.com",
        "https://evil.example/?https://www.example.com",
        "https://evil.example#https://www.example.com",
        "https://www.example.com@evil.example/",
        "https://www.example.com:443@evil.example/",
        "https://user@www.example.com/",
        "https://user:pass@www.example.com/",
        "https://www.example.com.evil.example/",
        "https://www.example.comevil.example/",
        "https://evil-www.example.com/",
        "https://www.example.com\\.evil.example/",
        "https://www.example.com\\@evil.example/",
        "https://www.example.com/\\evil",
        "https://www.example.com:8443/",
        "https://www.example.com:/",
        "http://www.example.com/",
        "https://example.com/",
        "https://www.ex\u0430mple.com/",
        "https://www\u3002example\u3002com/",
        "https://www.example.com\uff0fevil.example/",
        "https://www.example.com/\r\nset-cookie: a=b",
        "https://www.example.com/\nlocation: https://evil.example",
        "https://www.example.com/\x00",
        "https://www.example.com/a b",
        " https://www.example.com/",
        "https://www.example.com\t.evil.example/",
        "java\nscript:alert(1)",
        "javascript:alert(1)",
        "javascript://www.example.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "ftp://www.example.com/",
        "https://[::1]/",
        "https://%77ww.example.com/",
        "https://www.example.com/" + "a" * 3_000,
    ],
)
def test_tricks_lead_nowhere(url: str) -> None:
    assert allowed_redirect(url, SITES) is None


@given(
    st.text(st.sampled_from("htps:/\\@.?#[]%&= \t\r\n\0aevilwxmco-8000"), max_size=60)
    | st.builds("https://www.example.com{}".format, st.text(max_size=20))
    | st.text(max_size=40)
)
def test_whatever_is_allowed_stays_on_an_allowed_site(url: str) -> None:
    location = allowed_redirect(url, SITES)
    if location is not None:
        parts = urlsplit(location)
        assert f"{parts.scheme}://{parts.netloc}".lower() in SITES
        assert location.isascii()
        assert location.isprintable()
        assert "\\" not in location
