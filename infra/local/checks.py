"""Whether the stories ended as they should: what the demo ends with, and the end-to-end tests begin with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from infra.local.play import Document, Outcome, Played


@dataclass(frozen=True)
class Check:
    """Something that must be so. `problems` says where it is not."""

    what: str
    problems: Sequence[str]


def checks(played: Played) -> list[Check]:
    outcomes = played.outcomes
    told = {queue: sum(len(outcome.messages[queue]) for outcome in outcomes) for queue in ("sales", "nurture")}
    return [
        Check(
            f"{len(outcomes)} leads have the score and the stage that they should have",
            [problem for outcome in outcomes for problem in wrong_ending(outcome)],
        ),
        Check(
            "every explanation adds up to its score",
            [problem for outcome in outcomes for problem in wrong_sum(outcome)],
        ),
        Check(
            f"sales was told {told['sales']} changes and nurture {told['nurture']}, each once and in order",
            [problem for outcome in outcomes for problem in wrong_messages(outcome)],
        ),
        Check(
            "the clock moved the one lead whose time was up",
            [] if played.due == 1 else [f"{played.due} leads were due"],
        ),
        Check("nothing failed or was left over", played.failed),
    ]


def change(message: Document) -> str:
    data = message["data"]
    return f"{data['from'] or 'nothing'} to {data['to'] or 'nothing'}"


def wrong_ending(outcome: Outcome) -> Iterator[str]:
    story, lead = outcome.story, outcome.lead
    if (lead["total"], lead["stage"]) != (story.ending.total, story.ending.stage):
        yield (
            f"{story.name} should be at {story.ending.total} ({story.ending.stage})"
            f" and is at {lead['total']} ({lead['stage']})"
        )


def wrong_sum(outcome: Outcome) -> Iterator[str]:
    total, explained = outcome.lead["total"], sum(line["points"] for line in outcome.lead["explanation"])
    if explained != total:
        yield f"{outcome.story.name}'s score is {total}, its explanation adds up to {explained}"


def wrong_messages(outcome: Outcome) -> Iterator[str]:
    ending = outcome.story.ending
    for queue, expected in (("sales", ending.sales), ("nurture", ending.nurture)):
        told = tuple(change(message) for message in outcome.messages[queue])
        if told != expected:
            yield f"of {outcome.story.name}, {queue} should hear {_listed(expected)} and heard {_listed(told)}"


def _listed(changes: Sequence[str]) -> str:
    return ", ".join(changes) or "nothing"
