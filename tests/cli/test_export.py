"""`leadscore export`: what is in the file, who may read it, and what a spreadsheet makes of it."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from leadscore.adapters.memory import FixedModels, MemoryFailedEvents, MemoryStore
from leadscore.cli import export, main
from leadscore.cli.csv_cells import HarmlessCsv
from leadscore.domain.compiler import compile_model
from leadscore.domain.event import LeadEvent, Trust
from leadscore.ingest.arrival import Arrival
from leadscore.ingest.segment import read_call
from leadscore.use_cases.audience import PLATFORMS
from leadscore.use_cases.messages import events_body
from leadscore.use_cases.read_leads import LeadReading
from leadscore.use_cases.rescoring.rescore import Rescoring
from leadscore.use_cases.score_batch import score_batch
from tests.accounts import account_keeping
from tests.leads import DAY, NOON
from tests.use_cases.world import run_in_turn

MODEL = compile_model(
    {
        "model": "small",
        "stages": [{"stage": "new"}, {"stage": "mql", "at": 20, "route": "nurture"}],
        "fit": [{"rule": "Director", "points": 15, "when": {"title": ["Director"]}}],
        "engagement": [
            {"rule": "Trial", "event": "Trial Started", "points": 20},
            {"rule": "Page", "event": "Page Viewed", "points": -3},
        ],
        "inactivity": [{"rule": "30 days quiet", "after": "30d", "take": 5}],
        "escape": [{"rule": "Unsubscribed", "event": "Unsubscribed"}],
        "accounts": {"score": "top"},
    }
)
#: What a spreadsheet would run, also in the widths that Excel takes for the same.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\ufe62")
#: What a program may take away before it looks: blanks, also those that nobody sees, and quotation marks.
TAKEN_AWAY = " \u00a0\u2007\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\x0b\x7f'\"`\u2018\u201c"


class Office:
    """A deployment in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore(page_size=2)
        self.models = FixedModels(1, MODEL)
        self.now = NOON
        self._count = 0

    def receive(self, *calls: dict[str, Any], trust: Trust = Trust.SERVER) -> None:
        for call in calls:
            self._count += 1
            arrival = Arrival("backend", trust, NOON, new_id=lambda: f"event {self._count}")
            event = read_call(call, call["type"], arrival)
            assert isinstance(event, LeadEvent)
            result = score_batch(
                {"m": events_body(f"token {self._count}", [event])}, rescoring=self._rescoring(), store=self.store,
                accounts=account_keeping(self.store, self.store, self.models), failed_events=MemoryFailedEvents(),
                new_lead=lambda: f"lead{self._count}", run_all=run_in_turn,
            )  # fmt: skip
            assert not result.failures

    def _rescoring(self) -> Rescoring:
        return Rescoring(
            store=self.store, log=self.store, models=self.models, now=lambda: self.now, pause=lambda _: None
        )

    def stack(self) -> export.Stack:
        reading = LeadReading(
            store=self.store, log=self.store, transitions=self.store, index=self.store, models=self.models,
            now=lambda: self.now,
        )  # fmt: skip
        return export.Stack(reading, self.store, self.store, ["new", "mql", "out", "disqualified"], MODEL)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office()

    @contextmanager
    def deployed(_stack: str, *, local: bool) -> Iterator[None]:
        yield

    monkeypatch.setattr(export, "deployed", deployed)
    monkeypatch.setattr(export, "stack_of", lambda _: made.stack())
    return made


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def identify(user: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "traits": traits}


def track(user: str, event: str) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": event}


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


ADA = identify("ada", email="Ada@x.example", title="Director", company_size=250, pets=["cat"])


def test_a_lead_is_a_row_with_its_scores_names_and_traits(office: Office) -> None:
    office.receive({**ADA, "timestamp": "2026-02-01T12:00:00Z"}, track("ada", "Trial Started"))

    (ada,) = rows(run("leads"))

    assert {
        "stage": "mql", "lists": "mql", "total": "35", "fit": "15", "engagement": "20", "grade": "", "user_id": "ada",
        "email": "ada@x.example", "activity": "active", "first_seen_at": "2026-02-01T12:00:00.000Z",
        "last_seen_at": "2026-03-01T12:00:00.000Z", "as_of": "2026-03-01T12:00:00.000Z", "title": "Director",
        "company_size": "250", "company": "", "account": "x.example",
    }.items() <= ada.items()  # fmt: skip
    assert json.loads(ada["other_traits"])["pets"] == ["cat"]


def test_scores_are_those_of_this_moment_and_the_stage_is_the_one_that_was_told(office: Office) -> None:
    office.receive(ADA, track("ada", "Trial Started"))
    office.now = NOON + 31 * DAY

    (ada,) = rows(run("leads"))

    assert (ada["total"], ada["activity"], ada["stage"]) == ("30", "quiet", "mql")


def test_a_lead_of_another_activation_is_scored_by_the_model_in_force(office: Office) -> None:
    office.receive(ADA, track("ada", "Trial Started"))
    office.models.activation = 2
    office.models.model = compile_model(
        {
            "model": "other",
            "stages": [{"stage": "new"}],
            "engagement": [{"rule": "Trial", "event": "Trial Started", "points": 1}],
        }
    )

    (ada,) = rows(run("leads"))

    assert (ada["total"], ada["stage"]) == ("1", "mql")


def test_every_lead_is_there_once_by_all_pages_and_stages(office: Office) -> None:
    office.receive(*(identify(f"u{number}", title="Director") for number in range(7)), track("u3", "Trial Started"))
    office.receive(track("u4", "Unsubscribed"))

    found = rows(run("leads"))

    assert {row["user_id"]: row["stage"] for row in found}["u4"] == "out"
    assert sorted(row["user_id"] for row in found) == [f"u{number}" for number in range(7)]
    assert {row["user_id"] for row in rows(run("leads", "--stage", "mql"))} == {"u3"}


def test_a_visitor_who_became_a_person_is_one_lead(office: Office) -> None:
    office.receive({"type": "page", "anonymousId": "cookie"})
    office.receive({**ADA, "anonymousId": "cookie"})

    (ada,) = rows(run("leads"))

    assert ada["other_ids"] == "anonymous_id:cookie"


def test_a_lead_that_the_index_still_has_after_its_merge_is_in_no_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.receive({"type": "page", "anonymousId": "cookie"}, ADA, {**ADA, "anonymousId": "cookie"})
    pages = {("new", 0, ""): ["lead1", "lead2"]}
    monkeypatch.setattr(
        office.store, "page", lambda stage, *, shard, after: pages.get((stage, shard, after), []), raising=True
    )

    assert [row["lead"] for row in rows(run("leads"))] == ["lead2"]


def test_json_has_an_object_per_line_under_the_names_of_the_leads_api(office: Office) -> None:
    office.receive(ADA)

    (ada,) = map(json.loads, run("leads", "--format", "jsonl").stdout.splitlines())

    assert (ada["external_ids"], ada["scores"]) == (
        {"user_id": "ada", "email": "ada@x.example"},
        {"fit": 15, "engagement": 0},
    )
    assert {"company_size": 250, "pets": ["cat"]}.items() <= ada["traits"].items()
    assert ada["account"] == "x.example"


def test_a_visitor_whom_nobody_knows_counts_for_no_account(office: Office) -> None:
    office.receive({"type": "page", "anonymousId": "browser", "properties": {}})

    assert [row["account"] for row in rows(run("leads"))] == [""]
    assert [json.loads(line)["account"] for line in run("leads", "--format", "jsonl").stdout.splitlines()] == [None]


def test_a_file_is_for_its_owner_alone_and_stands_there_only_when_it_is_whole(office: Office, tmp_path: Path) -> None:
    office.receive(ADA)
    file = tmp_path / "leads.csv"
    file.write_text("of yesterday")
    file.chmod(0o644)

    result = run("leads", "--out", file)

    assert (result.stdout, result.stderr) == ("", "1 lead\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "ada@x.example" in file.read_text()

    def fail(_call: str) -> None:
        raise KeyError

    office.store.before_call = fail
    assert run("leads", "--out", file).exit_code == 1
    assert "ada@x.example" in file.read_text()
    assert list(tmp_path.iterdir()) == [file]


def test_a_stage_that_never_was_is_refused(office: Office) -> None:
    result = run("leads", "--stage", "sqll")

    assert result.exit_code == 2
    assert "there are new, mql, out, disqualified" in result.stderr


@example("a;=1+1")
@given(st.text() | st.builds("{}{}{}".format, st.text(TAKEN_AWAY), st.sampled_from(FORMULAS), st.text()))
def test_no_text_is_a_formula_however_a_spreadsheet_parts_or_trims_cells(text: str) -> None:
    file = io.StringIO(newline="")
    HarmlessCsv(file).write(text, "end")

    for delimiter in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=delimiter):
            assert not [cell for cell in row if cell.startswith(FORMULAS)]
    (cells,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    is_formula = text.lstrip(TAKEN_AWAY).startswith(FORMULAS)
    assert cells[0] in ([f"'{text}"] if is_formula else [text, f"'{text}"])


@pytest.mark.parametrize("text", ["Ada", "", "O'Neil", "'quoted'", "a=1", " 12 + 4", "1-2", "ada@x.example", '"A" - B'])
def test_text_that_no_spreadsheet_runs_stays_as_it_is(text: str) -> None:
    file = io.StringIO()
    HarmlessCsv(file).write(text)

    assert next(csv.reader(io.StringIO(file.getvalue()))) == [text]


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_stay_numbers(number: float) -> None:
    file = io.StringIO()
    HarmlessCsv(file).write(number)

    assert file.getvalue() == f"{number}\n"


def test_formulas_in_traits_are_text_and_negative_scores_are_numbers(office: Office) -> None:
    office.receive(identify("=1+1", company="@SUM(1)", phone="+1 555"), {"type": "page", "userId": "=1+1"})

    result = run("leads")

    (row,) = rows(result)
    assert (row["user_id"], row["company"], row["phone"]) == ("'=1+1", "'@SUM(1)", "'+1 555")
    assert ",-3," in result.stdout


# -- audiences ---------------------------------------------------------------------------------------------------------


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("platform", "header", "normal"),
    [("google", "Email", "adalovelace@gmail.com"), ("meta", "email", "ada.love.lace@gmail.com"),
     ("linkedin", "email", "ada.love.lace@gmail.com")],
)  # fmt: skip
def test_an_audience_has_hashes_as_its_platform_makes_them_and_nothing_else(
    office: Office, platform: str, header: str, normal: str
) -> None:
    office.receive(identify("ada", email=" Ada.Love.Lace@Gmail.com "), identify("bob", name="Bob"))

    result = run("audience", "--platform", platform)

    assert result.stdout == f"{header}\n{sha256(normal)}\n"


def test_google_knows_the_aliases_of_its_own_addresses_alone() -> None:
    google = PLATFORMS["google"]

    assert google.hash("a.b+shop@googlemail.com") == sha256("ab@googlemail.com")
    assert google.hash("a.b+c+d@gmail.com") == sha256("ab@gmail.com")
    assert google.hash("a.b+c@x.gmail.com") == sha256("a.b+c@x.gmail.com")
    assert google.hash("a.b+c@example.com") == sha256("a.b+c@example.com")


@pytest.mark.parametrize(
    "word",
    [
        track("ada", "Unsubscribed"),
        track("ada", "Consent Withdrawn"),
        track("ada", "Email Marked as Spam"),
        identify("ada", email_opt_out=True),
        identify("ada", email_opt_out="y"),
        identify("ada", emailOptOut="Opted Out"),
        identify("ada", email_opt_out="24.12.2025"),
        identify("ada", hs_email_optout="true"),
        identify("ada", HasOptedOutOfEmail=1),
        {**track("ada", "Page Viewed"), "context": {"internal": "lead"}},
    ],
)
def test_whoever_said_no_is_in_no_audience(office: Office, word: dict[str, Any]) -> None:
    office.receive(identify("ada", email="ada@x.example"), identify("bob", email="bob@x.example"), word)

    result = run("audience", "--platform", "meta")

    assert result.stdout.splitlines()[1:] == [sha256("bob@x.example")]
    assert result.stderr.startswith("1 hashed; 1 left out")
    everybody = run("audience", "--platform", "meta", "--everybody").stdout
    assert sha256("ada@x.example") in everybody


@pytest.mark.parametrize("said", [False, "false", "No", "0", "", None])
def test_whoever_did_not_opt_out_is_in_the_audience(office: Office, said: Any) -> None:
    office.receive(identify("ada", email="ada@x.example", email_opt_out=said))

    assert sha256("ada@x.example") in run("audience", "--platform", "meta").stdout


@pytest.mark.parametrize(("trust", "is_in"), [(Trust.PUBLIC, True), (Trust.DECLARED, False), (Trust.SERVER, False)])
@pytest.mark.parametrize(
    "word",
    [
        *(track("ada", name) for name in ("Unsubscribed", "Consent Withdrawn", "Email Marked as Spam")),
        identify("ada", email_opt_out=True),
    ],
)
def test_a_public_key_takes_nobody_out_of_an_audience(
    office: Office, word: dict[str, Any], trust: Trust, *, is_in: bool
) -> None:
    office.receive(identify("ada", email="ada@x.example"))
    office.receive(word, trust=trust)

    assert (sha256("ada@x.example") in run("audience", "--platform", "meta").stdout) is is_in


def test_an_opt_out_that_a_server_repeats_counts_though_a_browser_said_it_first(office: Office) -> None:
    office.receive(identify("ada", email="ada@x.example", email_opt_out=True), trust=Trust.PUBLIC)
    office.receive(identify("ada", email_opt_out=True))

    assert sha256("ada@x.example") not in run("audience", "--platform", "meta").stdout


def test_what_a_server_took_back_is_taken_back(office: Office) -> None:
    office.receive(identify("ada", email="ada@x.example", email_opt_out=True))
    office.receive({**identify("ada", email_opt_out=False), "timestamp": "2026-03-01T12:00:00Z"})

    assert sha256("ada@x.example") in run("audience", "--platform", "meta").stdout


@pytest.mark.parametrize(("trust", "is_in"), [(Trust.PUBLIC, False), (Trust.DECLARED, True)])
def test_the_last_word_counts_and_a_browser_cannot_consent_for_anybody(
    office: Office, trust: Trust, *, is_in: bool
) -> None:
    spam = {**track("ada", "Email Marked as Spam"), "timestamp": "2026-01-01T00:00:00Z"}
    consent = {**track("ada", "Consent Given"), "timestamp": "2026-02-01T00:00:00Z"}
    office.receive(identify("ada", email="ada@x.example"))
    office.receive(consent, trust=trust)
    office.receive(spam)

    assert (sha256("ada@x.example") in run("audience", "--platform", "meta").stdout) is is_in


def test_an_audience_too_small_for_its_platform_is_told(office: Office, tmp_path: Path) -> None:
    office.receive(identify("ada", email="ada@x.example"))

    result = run("audience", "--platform", "linkedin", "--stage", "new", "--out", tmp_path / "a.csv")

    assert "linkedin takes audiences from 300 people on" in result.stderr
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600
