from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.contracts.import_mapping import ColumnMeaning, ImportMapping, MappingError, read_mapping

MAPPING = """
event: Webinar Attended
source: webinars
encoding: windows-1252
delimiter: ";"
notify: true
columns:
  Attendee: {identifier: email}
  Customer: {identifier: erp}
  Sector: {trait: industry}
  Minutes: {property: minutes, as: number}
  Joined at: {timestamp: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
  Left at: {zone: Europe/Berlin}
  Booking: message_id
  Notes: ignore
"""


def test_a_mapping_says_what_columns_are() -> None:
    assert read_mapping(MAPPING, name="m.yaml") == ImportMapping(
        event="Webinar Attended",
        source="webinars",
        encoding="windows-1252",
        delimiter=";",
        notify=True,
        columns={
            "Attendee": ColumnMeaning("identifier", "email"),
            "Customer": ColumnMeaning("identifier", "erp"),
            "Sector": ColumnMeaning("trait", "industry"),
            "Minutes": ColumnMeaning("property", "minutes", "number"),
            "Joined at": ColumnMeaning("timestamp", "", "%d.%m.%Y %H:%M", "Europe/Berlin"),
            "Left at": ColumnMeaning("timestamp", "", "", "Europe/Berlin"),
            "Booking": ColumnMeaning("message_id"),
            "Notes": ColumnMeaning("ignore"),
        },
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "1: there must be fields here, out of event, columns"),
        ("colums: {}", "1: colums: unknown field; known are event, columns"),
        ("columns:\n  A: trait", "2: columns.A: this must be one of {trait: industry}"),
        ("columns:\n  A: {trait: x, property: y}", "2: columns.A: this must be one of"),
        ("columns:\n  A: {trait: 5}", "2: columns.A.trait: this must be a trait's name"),
        ("columns:\n  A: {identifier: Hub Spot}", "2: columns.A.identifier: this must be user_id, email"),
        ("columns:\n  A: {foo: x}", "2: columns.A.foo: unknown field; known are trait, property"),
        ("columns:\n  A: {trait: a, as: date}", "2: columns.A.as: this must be number or boolean"),
        ("columns:\n  A: {identifier: email, as: number}", "2: columns.A: `as` is for a trait or a property"),
        ("columns:\n  A: {as: number}", "2: columns.A: this must be one of"),
        ("columns:\n  A: {timestamp: '%d', zone: ../passwd}", "2: columns.A.zone: this must be a time zone's name"),
        ("columns:\n  A: {timestamp: '%d', zone: Europe}", "2: columns.A.zone: this must be a time zone's name"),
        ("columns:\n  A: {trait: x, zone: Europe/Berlin}", "2: columns.A: `zone` is for a timestamp"),
        ("delimiter: '\"'", "1: delimiter: this must be one character"),
        ("source: a b", "1: source: this must be a name of 1 to 32"),
        ("event: a\nevent: b", "2: `event` is here twice"),
        ("x" * 70_000, "1: the file has more than 64 KB"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_remedy(text: str, complaint: str) -> None:
    with pytest.raises(MappingError) as refused:
        read_mapping(text, name="m.yaml")
    assert f"m.yaml:{complaint}" in str(refused.value)


@given(st.text() | st.sampled_from(MAPPING.splitlines()).flatmap(lambda line: st.text().map(lambda end: line + end)))
def test_no_text_does_anything_but_make_a_mapping_or_be_refused(text: str) -> None:
    with suppress(MappingError):
        assert isinstance(read_mapping(text, name="m.yaml"), ImportMapping)
