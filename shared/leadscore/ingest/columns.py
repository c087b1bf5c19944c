"""What the columns of a file mean, and the event that a row is.

Columns are known by their names, as forms' fields are and as HubSpot, Salesforce and Mautic export them; of others a
mapping says what they are. The rest is left out, and told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from leadscore.domain.event import EXTERNAL_IDS_MAX, LeadEvent, is_external_type
from leadscore.ingest.arrival import Arrival, event_name
from leadscore.ingest.clock import EARLIEST, parse_time
from leadscore.ingest.form import snake_case, trait_named, trait_value
from leadscore.ingest.ids import email_address, identifier
from leadscore.ingest.json_body import checked, fingerprint, well_formed
from leadscore.ingest.opt_out import EMAIL_OPT_OUT, is_opt_out, opt_out_value
from leadscore.ingest.rejection import Rejected
from leadscore.ingest.yes_no import NO, YES

PERSON = "Identified"
#: What stands before the columns in a file of refused rows: mended, it can be imported as it is.
REFUSED_COLUMNS = ("line", "refused because")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
#: Beyond, a float would not be the number that was written.
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
#: What CRMs call what forms' fields have no name for, or another one.
_CRM_TRAITS: Mapping[str, str] = {
    "account_name": "company",
    "associated_company": "company",
    "company_account": "company",
    "country_region": "country",
    "job_function": "role",
    "lead_source": "lead_source",
    "lead_status": "lead_status",
    "lifecycle_stage": "lifecycle_stage",
    "mailing_city": "city",
    "mailing_country": "country",
    "mailing_state_province": "state",
    "mobile_phone": "phone",
    "mobile_phone_number": "phone",
    "no_of_employees": "company_size",
    "original_source": "lead_source",
    "state_province": "state",
    "state_region": "state",
    "website_url": "website",
}
_KNOWN_IDS: Mapping[str, str] = {
    "user_id": "user_id",
    "anonymous_id": "anonymous_id",
    "record_id": "hubspot",
    "record_id_contact": "hubspot",
    "hubspot_id": "hubspot",
    "lead_id": "salesforce",
    "contact_id": "salesforce",
    "salesforce_id": "salesforce",
    "mautic_id": "mautic",
}


class Meaning(StrEnum):
    """What a column may hold."""

    TRAIT = "trait"
    PROPERTY = "property"
    IDENTIFIER = "identifier"
    TIMESTAMP = "timestamp"
    EVENT = "event"
    MESSAGE_ID = "message_id"
    IGNORED = "ignore"
    UNKNOWN = "unknown"


class Column(NamedTuple):
    """What a column holds: the name of the trait, property or kind of identifier, and how its cells are read.

    `form` is `number` or `boolean`, or of a timestamp the format as strptime takes it; `zone` the time's own.
    """

    meaning: Meaning
    name: str = ""
    form: str = ""
    zone: str = ""

    def __str__(self) -> str:
        return "identifier email" if self == EMAIL else f"{self.meaning} {self.name}".strip()


#: A trait that names somebody.
EMAIL = Column(Meaning.TRAIT, "email")

_PLAIN = {
    "timestamp": Column(Meaning.TIMESTAMP),
    "event": Column(Meaning.EVENT),
    "event_name": Column(Meaning.EVENT),
    "message_id": Column(Meaning.MESSAGE_ID),
}
_UNKNOWN = Column(Meaning.UNKNOWN)


@dataclass(slots=True)
class _Said:
    """What the cells of a row say."""

    identifiers: dict[str, str]
    traits: dict[str, Any]
    properties: dict[str, Any]
    event: str = ""
    message_id: str = ""
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one file, in order, each with its name. `event` is what all rows are, where it is said."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    event: str = ""

    @property
    def left_out(self) -> list[str]:
        """The names of the columns that nobody knows the meaning of."""
        pairs = zip(self.names, self.columns, strict=True)
        unknown = (name for name, column in pairs if column.meaning is Meaning.UNKNOWN)
        return [name for name in unknown if name and name not in REFUSED_COLUMNS]

    def read(self, cells: Sequence[str], arrival: Arrival) -> LeadEvent:
        """The event of a row: a person, or what its event says. Raises Rejected.

        A row that comes twice is the same event, whichever file it stands in: it is known by what its columns say.
        """
        if any(cell.strip() for cell in cells[len(self.names) :]):
            raise Rejected("invalid_row", "the row has more cells than there are names of columns: mind its quotes")
        said = self._said(cells)
        if not said.identifiers:
            raise self._names_nobody(cells)
        name = event_name("event", said.event or self.event or PERSON)
        content = checked(
            {
                "event": name,
                "identifiers": said.identifiers,
                "traits": said.traits,
                "properties": said.properties,
                "timestamp": said.timestamp,
            }
        )
        return arrival.event(
            call="identify" if name == PERSON else "track",
            name=name,
            identifiers=said.identifiers,
            content=content,
            message_id=said.message_id or f"row:{fingerprint(content)}",
            occurred_at=_not_in_the_future(said.timestamp, arrival.received_at),
            properties=said.properties,
            traits=said.traits,
            context={},
        )

    def _said(self, cells: Sequence[str]) -> _Said:
        said = _Said({}, {}, {})
        for name, column, text in self._filled(cells):
            match column.meaning:
                case Meaning.IDENTIFIER:
                    _name(said, column.name, identifier(name, text))
                    if is_external_type(column.name):
                        # So that whoever looks at the lead sees what the other system calls it.
                        said.traits.setdefault(f"{column.name}_id", text)
                case Meaning.TRAIT if column == EMAIL:
                    _name(said, "email", email_address(text))
                    said.traits.setdefault("email", email_address(text) or text)
                case Meaning.TRAIT:
                    said.traits.setdefault(column.name, _value(name, column, text))
                case Meaning.PROPERTY:
                    said.properties.setdefault(column.name, _value(name, column, text))
                case Meaning.TIMESTAMP:
                    said.timestamp = _moment(name, column, text)
                case Meaning.EVENT:
                    said.event = said.event or text
                case Meaning.MESSAGE_ID:
                    said.message_id = said.message_id or text
                case _:
                    pass
        return said

    def _names_nobody(self, cells: Sequence[str]) -> Rejected:
        for name, column, _ in self._filled(cells):
            if column == EMAIL:
                problem = (
                    f"the cell of `{name}` is no e-mail address of a person: leave one there, and nothing beside it"
                )
                return Rejected("no_user_anon_id", problem)
        return Rejected("no_user_anon_id", "the row names nobody: it needs an e-mail address or another identifier")

    def _filled(self, cells: Sequence[str]) -> Iterator[tuple[str, Column, str]]:
        """The cells that say something: a blank one is no answer, and a row may end early."""
        for name, column, cell in zip(self.names, self.columns, cells, strict=False):
            if text := well_formed(cell).strip():
                yield name, column, text


def columns_of(names: Sequence[str], mapping: Mapping[str, Column] | None = None, *, event: str = "") -> Columns:
    """What the columns of these names are. Raises Rejected where they cannot make an event."""
    if any(email_address(name) for name in names):
        raise Rejected("invalid_file", "the first row holds an address: put a row with the columns' names above it")
    given = {_folded(name): column for name, column in (mapping or {}).items()}
    if missing := sorted(set(given) - {_folded(name) for name in names}):
        said = next(name for name in mapping or {} if _folded(name) == missing[0])
        raise Rejected("invalid_mapping", f"the file has no column `{said}`, which the mapping names")
    columns = tuple(_accepted(given.get(_folded(name)) or _known(name)) for name in names)
    kinds = {column.name for column in columns if column.meaning is Meaning.IDENTIFIER}
    if len(list(filter(is_external_type, kinds))) > EXTERNAL_IDS_MAX:
        raise Rejected("invalid_mapping", f"there are ids of more than {EXTERNAL_IDS_MAX} other systems: map fewer")
    if not _can_name(columns):
        raise Rejected(
            "invalid_file",
            "no column names a person: there must be one of e-mail addresses or other identifiers,"
            " under a name that is known or in a mapping",
        )
    return Columns(tuple(names), columns, event)


def _known(name: str) -> Column:
    word = snake_case(name)
    if word in _PLAIN:
        return _PLAIN[word]
    if word in _KNOWN_IDS:
        return Column(Meaning.IDENTIFIER, _KNOWN_IDS[word])
    if trait := trait_named(name) or _CRM_TRAITS.get(word):
        return Column(Meaning.TRAIT, trait)
    if is_opt_out(name):
        return Column(Meaning.TRAIT, EMAIL_OPT_OUT)
    return _UNKNOWN


def _accepted(column: Column) -> Column:
    """An address is a trait that names somebody."""
    return EMAIL if column.meaning is Meaning.IDENTIFIER and column.name == "email" else column


def _can_name(columns: Iterable[Column]) -> bool:
    return any(column.meaning is Meaning.IDENTIFIER or column == EMAIL for column in columns)


def _name(said: _Said, kind: str, value: str | None) -> None:
    if value:
        said.identifiers.setdefault(kind, value)


def _value(name: str, column: Column, text: str) -> Any:
    match column.form:
        case "number":
            if not _NUMBER.fullmatch(text):
                raise Rejected("invalid_number", f"the cell of `{name}` is no number: write it like 12 or 12.5")
            return float(text) if "." in text else int(text)
        case "boolean":
            word = text.casefold()
            if word not in YES and word not in NO:
                raise Rejected("invalid_boolean", f"the cell of `{name}` is neither true nor false: write one of them")
            return word in YES
        case _ if column.meaning is Meaning.PROPERTY:
            return text
        case _ if column.name == EMAIL_OPT_OUT:
            return opt_out_value(text)
        case _:
            return trait_value(column.name, text)


def _moment(name: str, column: Column, text: str) -> int:
    """The time in a cell: as the format says, or else ISO 8601 or an epoch. Without an offset it is the zone's."""
    at: int | None
    try:
        if column.form:
            at = _in_zone(datetime.strptime(text, column.form), column.zone)  # noqa: DTZ007  The zone comes next.
        elif column.zone:
            at = _in_zone(datetime.fromisoformat(text.upper()), column.zone)
        else:
            at = parse_time(text)
    except (ValueError, OverflowError):
        at = None
    if at is None:
        if column.form:
            problem = f"the cell of `{name}` is no time in the format {column.form}: mend it, or the mapping"
        else:
            problem = f"the cell of `{name}` is no time in ISO 8601: say its format in a mapping"
        raise Rejected("invalid_timestamp", problem)
    if at < EARLIEST:
        raise Rejected("invalid_timestamp", f"the time in `{name}` lies before the year 2000: mend it, or leave it out")
    return at


def _in_zone(moment: datetime, zone: str) -> int:
    own: tzinfo = ZoneInfo(zone) if zone else UTC
    return ((moment if moment.tzinfo else moment.replace(tzinfo=own)) - _EPOCH) // _MILLISECOND


def _not_in_the_future(said: int | None, received_at: int) -> int:
    if said is not None and said > received_at:
        raise Rejected("invalid_timestamp", "the time lies in the future: import what has happened")
    return received_at if said is None else said


def _folded(name: str) -> str:
    return name.strip().casefold()
