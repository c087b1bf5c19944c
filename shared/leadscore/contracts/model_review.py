"""What no single field of a scoring model shows: contradictions, which forbid it, and doubts, which do not."""

from collections.abc import Iterator

from leadscore.contracts.model_review_matching import doubts_of_conditions
from leadscore.contracts.model_review_names import RULES_MAX, Finding, contradictions_of_names, contradictions_of_stages
from leadscore.contracts.model_review_reach import doubts_of_numbers
from leadscore.contracts.model_schema import ModelDocument
from leadscore.domain.matching import MATCHERS

__all__ = ["MATCHERS", "ROUTES", "RULES_MAX", "Finding", "contradictions", "doubts"]

#: Routes that the stack has a queue for; others reach whoever subscribes to the topic for them.
ROUTES = ("nurture", "sales")


def contradictions(model: ModelDocument) -> Iterator[Finding]:
    yield from contradictions_of_names(model)
    yield from contradictions_of_stages(model)


def doubts(model: ModelDocument) -> Iterator[Finding]:
    """What its authors should look at again."""
    yield from doubts_of_numbers(model)
    yield from doubts_of_conditions(model)
    yield from _routes(model)


def _routes(model: ModelDocument) -> Iterator[Finding]:
    for path, _, ladder in model.ladders():
        for place, stage in enumerate(ladder):
            if stage.route not in (None, *ROUTES):
                remedy = "subscribe your own to the topic, for that route"
                text = f"no queue of this project takes route `{stage.route}`: {remedy}"
                yield (*path, place, "route"), text
