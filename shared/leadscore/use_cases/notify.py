"""Tells a transition to whoever subscribed. The message is a function of committed facts and of the deployment's
settings, never of the clock or of the delivery, so that every repeat carries the same id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from leadscore.contracts.attribution import Touch
from leadscore.contracts.moments import moment
from leadscore.contracts.notification import (
    REASONS_MAX,
    TEXT_CHARACTERS_MAX,
    TOUCHES_MAX,
    TYPE,
    Notification,
    Reason,
    StageChange,
)
from leadscore.domain.attribution import Attribution, attribution
from leadscore.domain.state import Profile
from leadscore.domain.transition import Transition
from leadscore.use_cases.ports import Histories, LeadStore, Topic, TransitionLog

EMAIL = "email"
NAME = "name"
#: Forms' fields arrive in snake case; analytics clients say what they like, and most like Segment's camel case.
GIVEN_NAMES = ("first_name", "firstName")
FAMILY_NAMES = ("last_name", "lastName")
PERSONAL_FIELDS = frozenset({EMAIL, NAME})
#: A notification does not wait for the events of a lead that has more.
EVENTS_READ_MAX = 10_000
#: Of a message's 256 KB. Links can be so long that twenty touches took more than SNS takes.
TOUCHES_BYTES_MAX = 64 * 1024
#: A lead that changed its stage more often is not told about from its beginning.
REPUBLISHED_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettings:
    """What this deployment's messages say: where they are from, the template of a link to a lead (`{lead}`) or "",
    and which personal fields receivers may see.
    """

    source: str
    link: str
    personal: frozenset[str]

    def __post_init__(self) -> None:
        if unknown := self.personal - PERSONAL_FIELDS:
            raise ValueError(f"personal fields are {sorted(PERSONAL_FIELDS)}, not {sorted(unknown)}")


class Republished(NamedTuple):
    """How many were told again, and whether these were all that was asked for."""

    sent: int
    complete: bool


def publish_transition(
    *, transition: Transition, leads: LeadStore, histories: Histories, topic: Topic, settings: NotificationSettings
) -> None:
    """Publish one transition, if it is one to publish. A repeat has the same id; receivers drop it by that."""
    if not transition.publish:
        return
    ids = leads.read_known(transition.lead)
    profile = leads.read_profile(transition.lead) if settings.personal else {}
    came_by = _attribution(transition, leads, histories)
    notification = _notification(transition, ids, profile, came_by, settings)
    topic.publish(body=notification.to_json(), attributes=_attributes(transition))


def republish(
    *,
    lead: str,
    since_version: int,
    transitions: TransitionLog,
    leads: LeadStore,
    histories: Histories,
    topic: Topic,
    settings: NotificationSettings,
) -> Republished:
    """Publish again what the table holds of a lead from `since_version` on, oldest first."""
    newest_first = transitions.read_transitions(lead, limit=REPUBLISHED_MAX)
    wanted = [transition for transition in reversed(newest_first) if transition.version >= since_version]
    published = [transition for transition in wanted if transition.publish]
    for transition in published:
        publish_transition(transition=transition, leads=leads, histories=histories, topic=topic, settings=settings)
    return Republished(len(published), complete=len(wanted) < REPUBLISHED_MAX)


def _attribution(transition: Transition, leads: LeadStore, histories: Histories) -> Attribution:
    """What brought the lead here until it changed its stage; unknown of one whose events are too many to be read."""
    state = leads.read_states([transition.lead]).get(transition.lead)
    if state is None or state.merged_into or state.folded_count > EVENTS_READ_MAX:
        return Attribution(())
    return attribution(
        event for event in histories.read_history(transition.lead) if event.occurred_at <= transition.as_of
    )


def _notification(
    transition: Transition,
    ids: Mapping[str, str],
    profile: Profile,
    came_by: Attribution,
    settings: NotificationSettings,
) -> Notification:
    return Notification(
        specversion="1.0",
        id=transition.id,
        source=settings.source,
        type=TYPE,
        subject=transition.lead,
        time=moment(transition.as_of),
        datacontenttype="application/json",
        data=_stage_change(transition, ids, profile, came_by, settings),
    )


def _stage_change(
    transition: Transition,
    ids: Mapping[str, str],
    profile: Profile,
    came_by: Attribution,
    settings: NotificationSettings,
) -> StageChange:
    change = StageChange(
        lead=transition.lead,
        external_ids={kind: value for kind, value in ids.items() if _may_see(kind, value, settings)},
        link=settings.link.replace("{lead}", quote(transition.lead, safe="")) or None,
        from_stage=transition.told_from or None,
        to_stage=transition.to_stage or None,
        passed=list(transition.passed),
        direction=transition.direction,
        routes=list(transition.routes),
        cause=transition.cause,
        model=transition.model,
        activation=transition.activation,
        scores={
            "fit": transition.fit,
            "engagement": transition.engagement,
            "total": transition.total,
            **dict(transition.other_scores),
        },
        grade=transition.grade or None,
        matrix=transition.matrix or None,
        priority=transition.priority or None,
        entered=list(transition.entered),
        left=list(transition.left),
        reasons=[
            Reason(rule=rule[:TEXT_CHARACTERS_MAX], points=points) for rule, points in transition.reasons[:REASONS_MAX]
        ],
        sequence=transition.version,
        occurred_at=moment(transition.occurred_at),
        as_of=moment(transition.as_of),
        merged_into=transition.merged_into or None,
        first_touch=None if came_by.first is None else Touch.of(came_by.first),
        last_touch=None if came_by.last is None else Touch.of(came_by.last),
        touches=_touches(came_by),
    )
    return change.model_copy(update=_personal(ids, profile, settings))


def _touches(came_by: Attribution) -> list[Touch]:
    """The latest, oldest first: as many as there is room for."""
    told: list[Touch] = []
    room = TOUCHES_BYTES_MAX
    for touch in map(Touch.of, reversed(came_by.touches[-TOUCHES_MAX:])):
        room -= len(touch.model_dump_json().encode())
        if room < 0:
            break
        told.insert(0, touch)
    return told


def _may_see(kind: str, value: str, settings: NotificationSettings) -> bool:
    """Many systems use the e-mail address as the user id: it is no less personal under that name."""
    return EMAIL in settings.personal or (kind != EMAIL and "@" not in value)


def _personal(ids: Mapping[str, str], profile: Profile, settings: NotificationSettings) -> dict[str, str | None]:
    fields = {}
    if EMAIL in settings.personal:
        fields[EMAIL] = ids.get(EMAIL) or _text(profile, "email")
    if NAME in settings.personal:
        both = " ".join(filter(None, (_first(profile, GIVEN_NAMES), _first(profile, FAMILY_NAMES))))
        fields[NAME] = _text(profile, "name") or both[:TEXT_CHARACTERS_MAX] or None
    return fields


def _first(profile: Profile, traits: Iterable[str]) -> str | None:
    return next(filter(None, (_text(profile, trait) for trait in traits)), None)


def _text(profile: Profile, trait: str) -> str | None:
    value = profile[trait].value if trait in profile else None
    return value[:TEXT_CHARACTERS_MAX] if isinstance(value, str) else None


def _attributes(transition: Transition) -> Mapping[str, str | Sequence[str]]:
    """What subscriptions filter on. SNS takes no empty value: what does not apply is left out."""
    routes = transition.routes
    attributes = {
        "stage": transition.to_stage,
        "direction": transition.direction,
        "route": routes[0] if len(routes) == 1 else routes,
        "model": transition.model,
        "cause": transition.cause.value,
    }
    return {name: value for name, value in attributes.items() if value}
