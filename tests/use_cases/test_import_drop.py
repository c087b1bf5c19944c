import json
from collections.abc import Callable, Iterator
from typing import IO, Any

from leadscore.adapters.memory import MemoryQueue
from leadscore.domain.cause import Cause
from leadscore.domain.event import LeadEvent
from leadscore.use_cases.import_drop import PARTS_MAX, DropImport, Job
from leadscore.use_cases.import_file import ROWS_PER_SENDING
from leadscore.use_cases.messages import read_message
from leadscore.use_cases.ports import FileGone
from tests.leads import NOON
from tests.use_cases.test_import_file import people


class MemoryDrop:
    """The bucket, in memory. A file's tag is its content."""

    def __init__(self, **files: str) -> None:
        self.files = {f"import/{name.replace('_', '.')}": content.encode() for name, content in files.items()}

    def read(self, key: str, *, etag: str, start: int = 0) -> Iterator[bytes]:
        if self.files.get(key) != etag.encode():
            raise FileGone
        return iter([self.files[key][start:]])

    def read_text(self, key: str) -> str | None:
        return self.files[key].decode() if key in self.files else None

    def write(self, key: str, content: IO[bytes]) -> None:
        self.files[key] = content.read()

    def report(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.files[f"report/{name}.json"]))


class Importing:
    """The function and its queues. `stops` says after each sending whether the time is up."""

    def __init__(self, drop: MemoryDrop, stops: Callable[[], bool] = lambda: False) -> None:
        self.drop = drop
        self.queue = MemoryQueue()
        self.parts = 0
        self._work = DropImport(
            drop=drop, queue=self.queue, now=lambda: NOON, new_token=lambda: "token", is_out_of_time=stops
        )

    def put(self, name: str) -> list[LeadEvent]:
        """The events of the file, once all its parts are done."""
        key = f"import/{name}"
        job: Job | None = Job(key, self.drop.files[key].decode())
        while job is not None:
            self.parts += 1
            following = self._work.work_on(job)
            job = None if following is None else Job.from_json(json.loads(following.to_json()))
        messages = [read_message(body) for body in self.queue.take()]
        self.causes = {message.cause for message in messages}
        return [event for message in messages for event in message.events]


def test_a_file_is_imported_and_reported_on() -> None:
    drop = MemoryDrop(leads_csv="email,Shoe\na@x.example,1\nnobody,2\n")

    importing = Importing(drop)
    events = importing.put("leads.csv")

    assert [event.identifiers[0].value for event in events] == ["a@x.example"]
    assert importing.causes == {Cause.IMPORT}
    assert drop.report("leads.csv") == {
        "file": "import/leads.csv",
        "finished": True,
        "taken": 1,
        "refused": 1,
        "reasons": [
            {
                "reason": "the cell of `email` is no e-mail address of a person: leave one there, and nothing "
                "beside it",
                "rows": 1,
                "lines": [3],
            }
        ],
        "left_out_columns": ["Shoe"],
        "at": "2026-03-01T12:00:00.000Z",
    }
    assert drop.files["report/leads.refused.csv"].decode("utf-8-sig").splitlines()[1].endswith(",nobody,2")


def test_without_refused_rows_there_is_no_file_of_them() -> None:
    drop = MemoryDrop(leads_csv="email\na@x.example\n")

    Importing(drop).put("leads.csv")

    assert set(drop.files) == {"import/leads.csv", "report/leads.csv.json"}


def test_a_mapping_beside_the_file_says_what_it_is() -> None:
    drop = MemoryDrop(
        leads_csv="Attendee\na@x.example\n",
        leads_csv_mapping_yaml="event: Webinar Attended\nnotify: true\ncolumns:\n  Attendee: {identifier: email}\n",
    )
    importing = Importing(drop)

    (event,) = importing.put("leads.csv")

    assert event.name == "Webinar Attended"
    assert importing.causes == {Cause.EVENT}


def test_a_large_file_is_imported_in_parts_that_add_up() -> None:
    content = people(3 * ROWS_PER_SENDING).replace("p7@x.example", "nobody").replace("p900@x.example", "nobody")
    drop = MemoryDrop(leads_csv=content)
    in_parts, at_once = Importing(drop, stops=lambda: True), Importing(MemoryDrop(leads_csv=content))

    events = in_parts.put("leads.csv")

    assert in_parts.parts > 3
    assert [event.id for event in events] == [event.id for event in at_once.put("leads.csv")]
    report = drop.report("leads.csv")
    assert (report["finished"], report["taken"], report["refused"]) == (True, 3 * ROWS_PER_SENDING - 2, 2)
    assert report["reasons"][0]["lines"] == [9, 902]
    assert {name for name in drop.files if "refused" in name} == {
        "report/leads.refused.csv",
        "report/leads.refused-3.csv",
    }


def test_a_part_that_ends_with_a_row_of_several_lines_is_gone_on_from_behind_them() -> None:
    content = people(ROWS_PER_SENDING - 1) + '"z@x.example","one\ntwo\nthree"\nnobody,VP\n'
    drop = MemoryDrop(leads_csv=content)

    importing = Importing(drop, stops=lambda: True)
    importing.put("leads.csv")

    assert importing.parts > 1
    assert drop.report("leads.csv")["reasons"][0]["lines"] == [content.count("\n")]


def test_a_file_that_is_too_large_says_where_the_rest_begins() -> None:
    drop = MemoryDrop(leads_csv=people((PARTS_MAX + 2) * ROWS_PER_SENDING))

    events = Importing(drop, stops=lambda: True).put("leads.csv")

    report = drop.report("leads.csv")
    assert len(events) == report["taken"] == PARTS_MAX * ROWS_PER_SENDING
    assert report["problem"] == (
        f"the file is too large: import what comes behind line {1 + PARTS_MAX * ROWS_PER_SENDING} as a file of its own"
    )


def test_what_cannot_be_imported_at_all_is_reported() -> None:
    drop = MemoryDrop(
        leads_xlsx="x", leads_csv="City\nRome\n", events_csv="email\n", events_csv_mapping_yaml="columns: 5\n"
    )
    importing = Importing(drop)

    assert [importing.put(name) for name in ("leads.xlsx", "leads.csv", "events.csv")] == [[], [], []]

    problems = [drop.report(name)["problem"] for name in ("leads.xlsx", "leads.csv", "events.csv")]
    assert "ends in what it is" in problems[0]
    assert "no column names a person" in problems[1]
    assert problems[2].startswith("events.csv.mapping.yaml:1: columns: this must be")


def test_events_are_imported_in_parts_too() -> None:
    lines = [json.dumps({"type": "track", "event": "A", "userId": f"u{n}"}) + "\n" for n in range(2 * ROWS_PER_SENDING)]
    drop = MemoryDrop(events_jsonl="".join(lines) + "{no json\n")

    events = Importing(drop, stops=lambda: True).put("events.jsonl")

    assert len({event.id for event in events}) == 2 * ROWS_PER_SENDING
    assert json.loads(drop.files["report/events.refused-3.jsonl"])["raw"] == "{no json"
