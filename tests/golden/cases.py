"""The published cases as data: what leads do, in Segment's format, and what must come of it.

A file holds one case of several leads, and where it was published. `model` is a scoring model, or the name of one that
ships; without it the one that is in force in a fresh deployment. A lead takes steps; each sends calls and then expects
a score. A call is one of Segment's (`type: track`) or a form post (`form: demo`), from the secret key's source unless
it says `source: public`. `at` says how long ago it happened: `-30d`, `-12h`, `-40m`; without it, just now. Calls of a
step happen in their order. A step with `advance: 30d` takes place so much later than the one before.

The same files run through the fold (`test_golden.py`), the command line and over HTTP: `requests` gives what to send.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from leadscore.contracts.model_file import load_model
from leadscore.domain.durations import duration_ms

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


@dataclass(frozen=True)
class Request:
    """A POST to the public door: `source` is `server` or `public` and says whose write key goes with it."""

    path: str
    body: dict[str, Any]
    source: str
    occurred_at: int


@dataclass(frozen=True)
class Expected:
    """`lines` are all lines of the total that have points; the scores, the grade and so on are told where they matter.

    Of `scores` those that are named count.
    """

    total: int
    stage: str
    lines: Mapping[str, int]
    fit: int | None = None
    engagement: int | None = None
    scores: Mapping[str, int] | None = None
    grade: str | None = None
    lists: Sequence[str] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is about no more than every model has."""
        return (self.scores, self.grade, self.lists) == (None, None, None)


@dataclass(frozen=True)
class Step:
    send: tuple[Mapping[str, Any], ...]
    expect: Expected
    advance: int = 0


class Play(NamedTuple):
    """What to send in one step, and what to expect at its moment, once all of it is processed."""

    requests: list[Request]
    expected: Expected
    as_of: int


@dataclass(frozen=True)
class Lead:
    name: str
    steps: tuple[Step, ...]

    @property
    def is_plain(self) -> bool:
        """Whether all of it is about what is now: who cannot wait can play it, too."""
        return all(step.expect.is_plain and not step.advance for step in self.steps)

    def plays(self, *, user_id: str, now: int) -> Iterator[Play]:
        """`now` is the moment of the first step, in ms since the epoch."""
        sent = 0
        for place, step in enumerate(self.steps):
            now += step.advance
            later = sum(len(other.send) for other in self._beside(place))
            requests = []
            for left, call in zip(reversed(range(later, later + len(step.send))), step.send, strict=True):
                # A millisecond apart, and none of them later than its `at`: 30 days ago is at least 30 days ago.
                requests.append(_request(call, user_id, f"{user_id}-{sent}", now + _offset_ms(call) - left))
                sent += 1
            yield Play(requests, step.expect, now)

    def requests(self, *, user_id: str, now: int) -> Iterator[tuple[list[Request], Expected]]:
        """For each step what to send, and what to expect once it is processed; of a lead that is about now."""
        for requests, expected, _ in self.plays(user_id=user_id, now=now):
            yield requests, expected

    def _beside(self, place: int) -> Iterator[Step]:
        """The steps after this one that take place at the same moment."""
        for step in self.steps[place + 1 :]:
            if step.advance:
                return
            yield step


@dataclass(frozen=True)
class Case:
    """`model` is None where the shipped model is meant, which is what a fresh deployment has in force."""

    id: str
    tells: str
    source: str
    leads: tuple[Lead, ...]
    model: Mapping[str, Any] | None = field(default=None, repr=False)


def cases() -> list[Case]:
    """The cases as far as they are about now, and about what every model has."""
    plain = [(case, tuple(lead for lead in case.leads if lead.is_plain)) for case in all_cases()]
    return [Case(case.id, case.tells, case.source, leads, case.model) for case, leads in plain if leads]


def all_cases() -> list[Case]:
    return [_case(yaml.safe_load(file.read_text())) for file in FILES]


def shipped(name: str) -> str:
    """The text of a model that ships."""
    return (resources.files("leadscore.models") / f"{name}.yaml").read_text("utf-8")


def _case(document: Mapping[str, Any]) -> Case:
    leads = tuple(Lead(name, tuple(map(_step, steps))) for name, steps in document["leads"].items())
    return Case(document["case"], document["tells"], document["source"], leads, _model(document.get("model")))


def _model(said: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if said is None:
        return None
    text = shipped(said) if isinstance(said, str) else yaml.safe_dump(said)
    return load_model(text, name="the model of a case")


def _step(step: Mapping[str, Any]) -> Step:
    advance = duration_ms(step["advance"]) if "advance" in step else 0
    return Step(tuple(step.get("send", ())), Expected(**step["expect"]), advance)


def _offset_ms(call: Mapping[str, Any]) -> int:
    at = call.get("at")
    return 0 if at is None else -duration_ms(at.removeprefix("-"))


def _request(call: Mapping[str, Any], user_id: str, message_id: str, occurred_at: int) -> Request:
    if "form" in call:
        fields = {**call.get("fields", {}), "userId": user_id, "messageId": message_id}
        return Request(f"/forms/{call['form']}", fields, "public", occurred_at)
    said = {name: value for name, value in call.items() if name not in ("at", "source")}
    timestamp = datetime.fromtimestamp(occurred_at / 1000, UTC).isoformat(timespec="milliseconds")
    body = {**said, "userId": user_id, "messageId": message_id, "timestamp": timestamp}
    return Request(f"/v1/{call['type']}", body, call.get("source", "server"), occurred_at)
