"""One person is not several, and several are not one."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import IDENTIFIER_BYTES_MAX, Identifier
from leadscore.ingest import ids
from leadscore.ingest.ids import JUNK, email_address, identifier
from leadscore.ingest.rejection import Rejected


@pytest.mark.parametrize(
    ("sent", "known_as"),
    [
        ("u-1", "u-1"),
        ("  u-1\n", "u-1"),
        (1042, "1042"),
        (10**40, "1" + "0" * 40),
        ("x#STATE", "x#STATE"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("CaseCounts", "CaseCounts"),
        ("{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "{6F9619FF-8B86-D011-B42D-00C04FC964FF}"),
        ("{af9619ff8b86d011b42d00c04fc964ff}", "{af9619ff8b86d011b42d00c04fc964ff}"),
        ("$device:1-2", "$device:1-2"),
        ("100%", "100%"),
        ("a%b%c", "a%b%c"),
        ("<3", "<3"),
        ("10203", "10203"),
        ("-12", "-12"),
        ("userid-7", "userid-7"),
    ],
)
def test_an_id_has_one_form(sent: Any, known_as: str) -> None:
    assert identifier("userId", sent) == known_as


@pytest.mark.parametrize(
    "junk",
    [
        *(None, 0, -1, *sorted(JUNK), "NULL", " Undefined ", "[object Object]", "NaN", "Anonymous", "   "),
        *('"null"', "'undefined'", '""', "`none`", "N/A", "(not set)", "null@null"),
        *("0" * 32, "00000000-0000-0000-0000-000000000000", "-", "--", "000"),
    ],
)
def test_junk_is_no_id(junk: Any) -> None:
    assert identifier("userId", junk) is None


@pytest.mark.parametrize(
    "unfilled",
    [
        *(
            "{{user_id}}",
            "{{ user.id }}",
            "{{{id}}}",
            "u-{{id}}",
            "${userId}",
            "prefix-${id}",
            "#{id}",
            "{%id%}",
            "[%id%]",
        ),
        *("%%user_id%%", "%%=ContactKey=%%", "%USER_ID%", "<user_id>", "<%= user.id %>", "<nil>", "*|UNIQID|*"),
        *("{userId}", "{user.id}", "[user_id]", "[[user_id]]", "YOUR-${x}"),
    ],
)
def test_a_templates_place_for_an_id_is_none(unfilled: str) -> None:
    assert identifier("userId", unfilled) is None


@pytest.mark.parametrize(
    "bad", ["a\0b", "a\x1bb", "a\x85b", "a\ud800b", "cut \ufffd", "x" * 257, "\u00e9" * 129, 1.5, True, [], {}]
)
def test_an_id_that_could_mean_harm_is_refused_without_quoting_it(bad: Any) -> None:
    with pytest.raises(Rejected) as refused:
        identifier("userId", bad)
    assert refused.value.code == "invalid_id"
    assert "userId" in refused.value.message
    assert str(bad) not in refused.value.message


def test_a_text_that_is_slow_to_normalise_is_not_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks in a wrong order take the square of their number."""
    monkeypatch.setattr(ids, "unicodedata", None)
    marks = "\u0301\u0327" * 50_000
    with pytest.raises(Rejected):
        identifier("userId", marks)
    assert email_address(f"{marks}@example.org") is None


def test_an_id_that_is_short_only_in_its_composed_form_is_taken() -> None:
    assert identifier("userId", "\u03b1\u0313\u0300\u0345" * 85) == "\u1f82" * 85


@given(st.text())
def test_every_accepted_id_makes_a_key_that_fits(text: str) -> None:
    try:
        value = identifier("userId", text)
    except Rejected:
        return
    if value is not None:
        assert identifier("userId", value) == value
        assert len(value.encode()) <= IDENTIFIER_BYTES_MAX
        assert len(Identifier("anonymous_id", value).key) < 1_024


@pytest.mark.parametrize(
    ("sent", "known_as"),
    [
        ("Ada.Lovelace@Example.ORG", "ada.lovelace@example.org"),
        ("  ada@example.org ", "ada@example.org"),
        ("ada+lead@example.org", "ada+lead@example.org"),
        ("zoe\u0308@example.org", "zo\u00eb@example.org"),
    ],
)
def test_an_address_has_one_form(sent: str, known_as: str) -> None:
    assert email_address(sent) == known_as


@pytest.mark.parametrize(
    "other",
    [
        None,
        42,
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@@example.org",
        "a@b@c",
        "ada lovelace@example.org",
        "Ada <ada@example.org>",
        "ada@example.org, grace@example.org",
        "ada@example.org;",
        "ada\0@example.org",
        "ada\n@example.org",
        "ada@\ud800.org",
        "a" * 250 + "@b.org",
    ],
)
def test_what_is_no_address_is_no_identifier(other: Any) -> None:
    assert email_address(other) is None


@pytest.mark.parametrize("unfilled", ["{{email}}@acme.com", "${user}@acme.com", "{{user}}@{{domain}}", "%%a%%@b.com"])
def test_a_templates_place_for_an_address_is_none(unfilled: str) -> None:
    assert email_address(unfilled) is None


@given(st.text() | st.emails())
def test_an_address_is_its_own_normal_form(text: str) -> None:
    address = email_address(text)
    if address is not None:
        assert email_address(address) == address
        assert address == unicodedata.normalize("NFC", address)
