from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.columns import Column, Columns, Meaning, columns_of
from leadscore.ingest.rejection import Rejected
from tests.leads import NOON

HUBSPOT = "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Company Name,Lifecycle Stage,Country/Region"
SALESFORCE = "Lead ID,First Name,Last Name,Email,Title,Company / Account,Lead Source,No. of Employees,State/Province"
JOINED = {
    "Attendee": Column(Meaning.IDENTIFIER, "email"),
    "Joined at": Column(Meaning.TIMESTAMP, form="%d.%m.%Y %H:%M", zone="Europe/Berlin"),
    "Minutes": Column(Meaning.PROPERTY, "minutes", "number"),
}


def arrival(source: str = "import") -> Arrival:
    return Arrival(source, Trust.SERVER, NOON, new_id=lambda: "never used")


def read(names: str, *cells: str, mapping: dict[str, Column] | None = None, event: str = "") -> LeadEvent:
    return columns_of(names.split(","), mapping, event=event).read(cells, arrival())


def refusal(names: str, *cells: str, mapping: dict[str, Column] | None = None) -> str:
    with pytest.raises(Rejected) as refused:
        read(names, *cells, mapping=mapping)
    return refused.value.message


def test_a_row_is_a_person_whatever_the_spelling_of_the_columns() -> None:
    one = read("E-mail,First Name,Company Size", " Ada@X.example ", "Ada", "250")
    other = read("firstName,employees,email address", "Ada", "250", "ada@x.example")

    assert (one.name, one.call, one.source, one.trust, one.occurred_at) == (
        "Identified", "identify", "import", Trust.SERVER, NOON,
    )  # fmt: skip
    assert dict(one.identifiers) == {"email": "ada@x.example"}
    assert {"email": "ada@x.example", "first_name": "Ada", "company_size": 250}.items() <= one.traits.items()
    assert other == one, "the same row in another file is the same event"


@pytest.mark.parametrize("name", ["E-mail Address", "E-mail address", "Primary email", "Email 1", "E-mail 1 - Value"])
def test_an_address_names_somebody_whatever_a_program_calls_its_column(name: str) -> None:
    assert dict(read(f"Name,{name}", "Ada", "Ada@X.example").identifiers) == {"email": "ada@x.example"}


@pytest.mark.parametrize(
    ("names", "kind", "traits"),
    [
        (HUBSPOT, "hubspot", "first_name last_name phone title company lifecycle_stage country"),
        (HUBSPOT.replace("Record ID", "Record ID - Contact"), "hubspot",
         "first_name last_name phone title company lifecycle_stage country"),
        (SALESFORCE, "salesforce", "first_name last_name title company lead_source company_size state"),
        ("mautic_id,firstname,lastname,email,company,position", "mautic", "first_name last_name company title"),
    ],
)  # fmt: skip
def test_exports_of_crms_need_no_mapping(names: str, kind: str, traits: str) -> None:
    columns = columns_of(names.split(","))
    said = columns.read(["ada@x.example" if name.lower() == "email" else "901" for name in columns.names], arrival())

    assert columns.left_out == []
    assert dict(said.identifiers) == {"email": "ada@x.example", kind: "901"}
    assert {*traits.split(), f"{kind}_id"} <= set(said.traits)


@pytest.mark.parametrize(
    "name",
    ["Email Opt Out", "Unsubscribed", "Opted out of email", "HasOptedOutOfEmail", "Do not email", "UNSUB_TIME",
     "Unsubscribed from all email", "email_opt_out", "Opted Out"],
)  # fmt: skip
def test_a_column_that_says_who_wants_no_mail_is_known_however_it_says_yes(name: str) -> None:
    for yes in ("y", "Yes", "x", "1", "TRUE", "Opted Out", "unsubscribed"):
        assert read(f"Email,{name}", "a@x.example", yes).traits["email_opt_out"] is True
    for no in ("n", "No", "0", "false", "opted in", "subscribed"):
        assert read(f"Email,{name}", "a@x.example", no).traits["email_opt_out"] is False
    assert read(f"Email,{name}", "a@x.example", "24.12.2025").traits["email_opt_out"] == "24.12.2025"
    assert "email_opt_out" not in read(f"Email,{name}", "a@x.example", " ").traits


def test_what_nobody_knows_is_left_out_and_told() -> None:
    columns = columns_of(["Email", "Shoe Size", "", "line", "refused because"])

    assert columns.left_out == ["Shoe Size"]
    assert "44" not in str(columns.read(["a@x.example", "44", "x", "7", "y"], arrival()).to_json())


def test_the_first_of_two_columns_that_say_something_counts() -> None:
    said = read("Email,Phone,Mobile Phone", "a@x.example", "", "0123")

    assert said.traits["phone"] == "0123"


def test_a_mapping_makes_events_of_rows() -> None:
    said = read(
        "Attendee,Joined at,Minutes",
        "a@x.example",
        "24.12.2025 10:00",
        "42.5",
        mapping=JOINED,
        event="Webinar Attended",
    )

    assert (said.name, said.call, said.properties) == ("Webinar Attended", "track", {"minutes": 42.5})
    assert said.occurred_at == 1_766_566_800_000, "09:00 UTC"


def test_each_row_may_name_its_event_and_its_message() -> None:
    one = read("user_id,event,message_id,timestamp", "u1", "Trial Started", "m1", "2025-12-24T10:00:00Z")
    other = read("user_id,event,message_id,timestamp", "u1", "Trial Started", "m2", "2025-12-24T10:00:00Z")

    assert one.name == "Trial Started"
    assert one.id != other.id


def test_equal_rows_of_two_sources_are_two_events() -> None:
    columns = columns_of(["email"])

    assert columns.read(["a@x.example"], arrival("one")).id != columns.read(["a@x.example"], arrival("two")).id


def test_rows_that_differ_in_anything_that_is_read_are_different_events() -> None:
    rows = [("a@x.example", "A", "1"), ("a@x.example", "B", "1"), ("b@x.example", "A", "1"), ("a@x.example", "A", "2")]

    assert len({read("email,name,user_id", *row).id for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("names", "cells", "complaint"),
    [
        ("email,name", ["", "A"], "the row names nobody"),
        ("E-mail,name", ["nobody", "A"], "the cell of `E-mail` is no e-mail address"),
        ("E-mail,name", ["a@x.example; b@x.example", "A"], "the cell of `E-mail` is no e-mail address"),
        ("E-mail,name", ["Ada <a@x.example>", "A"], "the cell of `E-mail` is no e-mail address"),
        ("user_id,name", ["null", "A"], "the row names nobody"),
        ("email,name", ["a@x.example", "A", "B"], "more cells than there are names"),
        ("email,timestamp", ["a@x.example", "24.12.2025"], "the cell of `timestamp` is no time in ISO 8601"),
        ("email,timestamp", ["a@x.example", "1999-12-24"], "before the year 2000"),
        ("email,timestamp", ["a@x.example", "2999-12-24"], "lies in the future"),
        ("email,event", ["a@x.example", "x" * 201], "1 to 200 characters"),
        ("email,message_id", ["a@x.example", "x" * 101], "at most 100 characters"),
        ("email,user_id", ["a@x.example", "x" * 257], "`user_id` is longer than 256 bytes"),
        ("email,name", ["a@x.example", "x" * 40_000], "larger than 32 KB"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_with_the_reason(names: str, cells: list[str], complaint: str) -> None:
    said = refusal(names, *cells)

    assert complaint in said
    assert "a@x.example" not in said


@pytest.mark.parametrize(
    ("joined", "minutes", "complaint"),
    [
        ("2025-12-24", "1", "`Joined at` is no time in the format %d.%m.%Y %H:%M"),
        ("24.12.2025 10:00", "1,5", "`Minutes` is no number"),
        ("24.12.2025 10:00", "1e9", "`Minutes` is no number"),
    ],
)
def test_a_mapped_cell_must_be_what_the_mapping_says(joined: str, minutes: str, complaint: str) -> None:
    assert complaint in refusal("Attendee,Joined at,Minutes", "a@x.example", joined, minutes, mapping=JOINED)


@pytest.mark.parametrize(
    ("names", "mapping", "complaint"),
    [
        (["Name", "City"], {}, "no column names a person"),
        (["ada@x.example", "Ada"], {}, "the first row holds an address"),
        (["Email"], {"Minutes": Column(Meaning.IGNORED)}, "the file has no column `Minutes`"),
        ([f"c{n}" for n in range(6)], {f"c{n}": Column(Meaning.IDENTIFIER, f"t{n}") for n in range(6)}, "more than 5"),
    ],
)
def test_columns_that_make_no_event_are_refused(
    names: Sequence[str], mapping: dict[str, Column], complaint: str
) -> None:
    with pytest.raises(Rejected) as refused:
        columns_of(names, mapping)
    assert complaint in refused.value.message


@given(st.lists(st.text(max_size=10), max_size=5), st.lists(st.text(), max_size=6), st.data())
def test_no_row_does_anything_but_make_an_event_or_be_refused(
    names: list[str], cells: list[str], data: st.DataObject
) -> None:
    known = st.sampled_from([*HUBSPOT.split(","), "timestamp", "event", "message_id", "user_id"])
    meanings: dict[str, Any] = {name: data.draw(meaning()) for name in names if data.draw(st.booleans())}
    try:
        columns: Columns = columns_of(["Email", *names, data.draw(known)], meanings)
        event = columns.read(["a@x.example", *cells], arrival())
    except Rejected:
        return
    assert LeadEvent.from_json(event.to_json()) == event


def meaning() -> st.SearchStrategy[Column]:
    forms = {
        Meaning.TRAIT: ("", "number", "boolean"),
        Meaning.PROPERTY: ("", "number", "boolean"),
        Meaning.TIMESTAMP: ("", "%d.%m.%Y", "%y", "%", "%z", "%c", "%j %G"),
    }
    return st.sampled_from(Meaning).flatmap(
        lambda kind: st.builds(
            Column,
            st.just(kind),
            st.just("hubspot"),
            st.sampled_from(forms.get(kind, ("",))),
            st.sampled_from(("", "Europe/Berlin")),
        )
    )
