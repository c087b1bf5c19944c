"""A transition as an item, in plain attributes: the leads table's stream hands it to `notify`, and people read it."""

from collections.abc import Mapping
from typing import Any

from leadscore.adapters.dynamodb_attributes import from_item
from leadscore.adapters.dynamodb_keys import transition_key
from leadscore.domain.cause import Cause
from leadscore.domain.transition import Transition


def transition_values(transition: Transition) -> dict[str, Any]:
    reasons = [{"rule": rule, "points": points} for rule, points in transition.reasons]
    return {**transition_key(transition.lead, transition.version), **transition._asdict(), "reasons": reasons}


def transition_from(values: Mapping[str, Any]) -> Transition:
    """An attribute that this version of the code does not know is left out; one that came later has its default."""
    known = {name: values[name] for name in Transition._fields if name in values}
    known |= {
        "passed": tuple(values["passed"]),
        "routes": tuple(values["routes"]),
        "cause": Cause(values["cause"]),
        "reasons": tuple((reason["rule"], reason["points"]) for reason in values["reasons"]),
        "entered": tuple(values.get("entered", ())),
        "left": tuple(values.get("left", ())),
        "other_scores": tuple((name, points) for name, points in values.get("other_scores", ())),
        "total": values.get("total", values["fit"] + values["engagement"]),
    }
    return Transition(**known)


def transition_from_item(image: Mapping[str, Any]) -> Transition:
    """The transition of a stream record, from its NewImage in DynamoDB's own JSON."""
    return transition_from(from_item(image))
