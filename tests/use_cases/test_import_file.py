import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.adapters.memory import FixedModels, MemoryFailedEvents, MemoryQueue, MemoryStore
from leadscore.contracts.import_mapping import ImportMapping, read_mapping
from leadscore.domain.cause import Cause
from leadscore.domain.event import LeadEvent
from leadscore.ingest.file_lines import lines_of
from leadscore.ingest.rejection import Rejected
from leadscore.use_cases.import_file import (
    LINES_MAX,
    OTHER_REASONS,
    REASONS_MAX,
    ROWS_PER_SENDING,
    Importer,
    Progress,
    Refused,
    Row,
    import_rows,
    is_csv,
    open_csv,
    rows_of_csv,
    rows_of_json,
)
from leadscore.use_cases.messages import events_body, read_message
from leadscore.use_cases.refused_rows import RefusedCsv, RefusedJson
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.score_batch import score_batch
from tests.accounts import account_keeping
from tests.leads import NOON, small_model
from tests.use_cases.world import run_in_turn

IMPORTER = Importer("import", NOON)
EVENT = {"type": "track", "event": "Demo Requested", "userId": "u1", "timestamp": "2020-01-01T00:00:00Z"}
CELLS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["", "a@x.example", "u1", "2020-01-01"])


class Imported:
    """What came of a file: the events on the queue, and the file of those rows that were refused."""

    def __init__(self, content: bytes | str, *, mapping: str = "", **options: Any) -> None:
        self.refused: list[Refused] = []
        self._file = io.BytesIO()
        self.queue = MemoryQueue()
        raw = content if isinstance(content, bytes) else content.encode()
        self.progress = import_rows(
            self._rows(raw, mapping), queue=self.queue, new_token=iter(map(str, range(10**6))).__next__,
            keep_refused=self._keep, **{"cause": Cause.IMPORT, **options},
        )  # fmt: skip
        self.messages = [read_message(body) for body in self.queue.take()]

    @property
    def events(self) -> list[LeadEvent]:
        return [event for message in self.messages for event in message.events]

    @property
    def refused_file(self) -> str:
        return self._file.getvalue().decode("utf-8-sig", "surrogateescape")

    def _rows(self, raw: bytes, mapping: str) -> Iterator[Row]:
        lines = lines_of([raw])
        if raw.startswith(b"{"):
            self._writer: RefusedCsv | RefusedJson = RefusedJson(self._file.write)
            return rows_of_json(lines, IMPORTER)
        said = read_mapping(mapping, name="m") if mapping else ImportMapping({})
        file = open_csv(lines, said)
        self._writer = RefusedCsv(self._file.write, file.head)
        return rows_of_csv(lines, file, IMPORTER)

    def _keep(self, refused: Refused) -> None:
        self.refused.append(refused)
        self._writer.keep(refused)


def people(count: int) -> str:
    return "email,name\n" + "".join(f"p{number}@x.example,P{number}\n" for number in range(count))


def test_rows_travel_in_messages_of_fifty_that_tell_nobody() -> None:
    done = Imported(people(120))

    assert [len(message.events) for message in done.messages] == [50, 50, 20]
    assert {message.cause for message in done.messages} == {Cause.IMPORT}
    assert len({message.token for message in done.messages}) == 3
    assert (done.progress.taken, done.progress.refused, done.progress.is_finished) == (120, 0, True)


def test_events_keep_the_time_at_which_they_happened() -> None:
    (event,) = Imported(json.dumps(EVENT)).events

    assert (event.name, event.source, event.occurred_at) == ("Demo Requested", "import", 1_577_836_800_000)


def test_an_event_of_the_future_is_refused() -> None:
    done = Imported(json.dumps({**EVENT, "timestamp": "2999-01-01"}))

    assert (done.progress.taken, done.refused[0].reason) == (
        0,
        "the time lies in the future: import what has happened",
    )


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=4), max_size=12),
    st.sampled_from(["email", "user_id", "Record ID"]),
    st.sampled_from(["timestamp", "Name", "event"]),
)
def test_every_row_is_taken_or_refused_and_a_second_run_makes_the_same_events(
    table: list[list[str]], first: str, second: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([[first, second, "Other"], *table])

    one, other = Imported(file.getvalue()), Imported(file.getvalue())

    said_something = sum(any(cell.strip() for cell in row) for row in table)
    assert one.progress.taken + one.progress.refused == said_something
    assert (len(one.events), len(one.refused)) == (one.progress.taken, one.progress.refused)
    assert sum(reason.rows for reason in one.progress.reasons.values()) == one.progress.refused
    assert one.events == other.events


@given(st.binary(max_size=80))
def test_no_line_does_anything_but_make_an_event_or_be_refused(line: bytes) -> None:
    done = Imported(b"{}\n" + line)

    assert done.progress.taken + done.progress.refused == sum(
        bool(each.strip()) for each in (b"{}\n" + line).split(b"\n")
    )


@given(
    st.dictionaries(st.sampled_from([*EVENT, "traits", "context", "form", "fields", "source"]), st.text() | st.none())
)
def test_no_event_breaks_the_import(more: dict[str, Any]) -> None:
    done = Imported(json.dumps({**EVENT, **more}))

    assert done.progress.taken + done.progress.refused == 1 or done.events == []


def lead_scores(*imports: Imported) -> tuple[int, set[int]]:
    """How many events count for how many leads' totals, after these imports."""
    store = MemoryStore()
    rescoring = Rescoring(
        store=store, log=store, models=FixedModels(1, small_model()), now=lambda: NOON, pause=lambda _: None
    )
    for number, done in enumerate(imports):
        bodies = {f"{number}-{index}": body for index, body in enumerate(bodies_of(done))}
        names = iter(f"lead{number}-{index}" for index in range(100))
        result = score_batch(
            bodies, rescoring=rescoring, store=store, accounts=account_keeping(store, store, rescoring.models),
            failed_events=MemoryFailedEvents(), new_lead=names.__next__, run_all=run_in_turn,
        )  # fmt: skip
        assert not result.failures
    states = store.all_states().values()
    assert not [transition for transition in store.stream if transition.publish]
    return len(store.all_events()), {state.folded_count for state in states}


def bodies_of(done: Imported) -> list[str]:
    """Under tokens of their own, as another run sends them."""
    return [events_body(f"{message.token} {id(done)}", message.events, message.cause) for message in done.messages]


def test_a_file_that_is_imported_twice_counts_once_and_nobody_is_told() -> None:
    assert lead_scores(Imported(people(3)), Imported(people(3))) == lead_scores(Imported(people(3))) == (3, {1})


def test_refused_rows_are_kept_as_they_came_with_line_and_reason() -> None:
    done = Imported('email;name;city\na@x.example;A;B\nnobody;"N;""o""";=1+1\n')

    header, row = csv.reader(io.StringIO(done.refused_file), delimiter=";")
    assert header == ["line", "refused because", "email", "name", "city"]
    assert row[0] == "3"
    assert "the cell of `email`" in row[1]
    assert row[2:] == ["nobody", 'N;"o"', "=1+1"]


def test_refused_rows_that_are_mended_can_be_imported_and_refused_again() -> None:
    first = Imported("email,name\nnobody,A\nnowhere,B\n")
    second = Imported(first.refused_file.replace("nobody", "a@x.example"))

    assert [event.identifiers[0].value for event in second.events] == ["a@x.example"]
    assert second.events == Imported("email,name\na@x.example,A\n").events
    assert second.refused_file.splitlines()[0] == first.refused_file.splitlines()[0]
    (row,) = list(csv.reader(io.StringIO(second.refused_file)))[1:]
    assert row == ["3", first.refused[1].reason, "nowhere", "B"]


def test_refused_events_that_are_mended_can_be_imported() -> None:
    first = Imported('{"type": "track", "event": "Trial Started", "properties": {"plan": "team"}}\n{no json\n')
    (one, two) = map(json.loads, first.refused_file.splitlines())

    assert (one["refusedLine"], one["properties"], two["raw"]) == (1, {"plan": "team"}, "{no json")
    assert "no usable" in one["refusedBecause"]
    mended = Imported(json.dumps({**one, "userId": "u1", "timestamp": "2020-01-01"}))
    assert mended.events == Imported(json.dumps({
        "type": "track", "event": "Trial Started", "properties": {"plan": "team"}, "userId": "u1",
        "timestamp": "2020-01-01",
    })).events  # fmt: skip


def test_bytes_of_another_encoding_reach_the_refused_file_unharmed() -> None:
    done = Imported(b"email,name\na@x.example,J" + b"\xfc" + b"rgen\n")

    assert b"J\xfcrgen" in done.refused_file.encode("utf-8", "surrogateescape")


def test_an_import_goes_on_behind_what_was_sent() -> None:
    content = people(3 * ROWS_PER_SENDING).encode()
    looks = iter([False, True])
    begun = Imported(content, is_stopped=looks.__next__).progress
    assert (begun.taken, begun.is_finished) == (2 * ROWS_PER_SENDING, False)

    lines = lines_of([content])
    file = open_csv(lines, ImportMapping({}))
    rest = lines_of([content[begun.end :]], after=begun.line, end=begun.end)
    queue = MemoryQueue()
    carried = Progress.from_json(json.loads(json.dumps(begun.to_json())), line=begun.line, end=begun.end)
    done = import_rows(
        rows_of_csv(rest, file, IMPORTER), queue=queue, cause=Cause.IMPORT, new_token=str,
        keep_refused=lambda _: None, progress=carried,
    )  # fmt: skip

    (first, *_) = read_message(queue.take()[0]).events
    assert first.identifiers[0].value == f"p{2 * ROWS_PER_SENDING}@x.example"
    assert (done.taken, done.is_finished, done.end) == (3 * ROWS_PER_SENDING, True, len(content))


def test_a_report_names_a_bounded_number_of_reasons_and_lines() -> None:
    progress = Progress()
    for number in range(REASONS_MAX + 10):
        progress.refuse(Refused(number, f"reason {number}", ""))
    for number in range(LINES_MAX + 10):
        progress.refuse(Refused(number, "reason 0", ""))

    assert len(progress.reasons) == REASONS_MAX + 1
    assert progress.reasons[OTHER_REASONS].rows == 10
    assert (progress.reasons["reason 0"].rows, len(progress.reasons["reason 0"].lines)) == (LINES_MAX + 11, LINES_MAX)


@pytest.mark.parametrize(("name", "expected"), [("a.CSV", True), ("a.tsv", True), ("a.jsonl", False)])
def test_a_file_says_by_its_name_what_it_is(name: str, expected: bool) -> None:
    assert is_csv(name) is expected


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(Rejected, match="invalid_file"):
        is_csv("leads.xlsx")
