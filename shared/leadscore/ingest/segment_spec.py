"""What Segment's spec says in other words than ours: traits within objects, how far a video was watched, consent, and
which campaign made somebody install an app.

Source: https://segment.com/docs/connections/spec/identify/#traits, .../spec/video/, .../spec/mobile/ and
https://segment.com/docs/privacy/consent-management/consent-in-unify/.
"""

from collections.abc import Collection, Mapping
from typing import Any

from leadscore.domain.event import Json
from leadscore.domain.uncounted import CONSENT_GIVEN, CONSENT_WITHDRAWN
from leadscore.ingest.facts.consent import consent_answers
from leadscore.ingest.form import trait_value
from leadscore.ingest.json_body import EMPTY

VIDEO_WATCHED = "Video Watched"
#: Each tells how far somebody is, again and again.
VIDEO_EVENTS = frozenset(
    {
        "Video Content Playing",
        "Video Content Completed",
        "Video Playback Paused",
        "Video Playback Interrupted",
        "Video Playback Exited",
        "Video Playback Completed",
    }
)
#: Told whenever somebody answered a consent manager, whatever the answer was; by its earlier name, too.
CONSENT_EVENTS = frozenset({"Segment Consent Preference Updated", "Segment Consent Preference"})

#: What clients for apps pass on of whoever attributes installations, such as Adjust.
INSTALL_ATTRIBUTED = "Install Attributed"
_OF_CAMPAIGN = ("source", "medium", "name", "term", "content")

#: Our names by the spec's: of what stands beside our traits, and of what stands within an object, which is kept, too.
#: RudderStack's clients for apps write all in small letters, and Segment's for Flutter counts employees its own way.
_SPELLINGS = {"firstName": "first_name", "lastName": "last_name", "firstname": "first_name", "lastname": "last_name"}
_WITHIN: Mapping[str, Mapping[str, str]] = {
    "address": {"country": "country", "state": "state", "region": "state", "city": "city"},
    "company": {
        "name": "company_name",
        "industry": "industry",
        "employee_count": "company_size",
        "employeeCount": "company_size",
        "employees": "company_size",
        "size": "company_size",
    },
}
_THEIRS = frozenset({*_SPELLINGS, *_WITHIN})
_WHOLE = 100


def flat(traits: dict[str, Any]) -> dict[str, Any]:
    """The traits and, under our names, what the spec calls otherwise, unless it is said under our names already."""
    if traits.keys().isdisjoint(_THEIRS):
        return traits
    found = dict(traits)
    _fill(found, traits, _SPELLINGS)
    for holder, names in _WITHIN.items():
        if isinstance(within := traits.get(holder), dict):
            _fill(found, within, names)
    return found


def _fill(traits: dict[str, Any], said: Mapping[str, Any], names: Mapping[str, str]) -> None:
    for theirs, ours in names.items():
        value = said.get(theirs)
        if value not in EMPTY and isinstance(value, str | int | float) and traits.get(ours) in EMPTY:
            traits[ours] = trait_value(ours, value)


def watched(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of one of VIDEO_EVENTS, with our `share` and `video_id`."""
    found: dict[str, Any] = {"video_id": _video(properties), "share": _share(name, properties)}
    return {**{ours: value for ours, value in found.items() if value is not None}, **properties}


def attributed(properties: Mapping[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The context of INSTALL_ATTRIBUTED, with the campaign that the event has among its properties."""
    said = properties.get("campaign")
    if not isinstance(said, dict) or context.get("campaign") not in EMPTY:
        return context
    return {**context, "campaign": {name: said[name] for name in _OF_CAMPAIGN if isinstance(said.get(name), str)}}


def told_by_consent(name: str, context: Json, categories: Collection[str]) -> str:
    """Which of our events one of CONSENT_EVENTS is: none of them where it says nothing of what allows to score."""
    answers = consent_answers(context, categories)
    if not answers:
        return name
    return CONSENT_GIVEN if all(answers) else CONSENT_WITHDRAWN


def share_of(position: Any, length: Any) -> int | None:
    """How much of a video somebody has seen, in percent. Of what is broadcast live nobody knows."""
    if not _is_number(position) or not _is_number(length) or not length > 0:
        return None
    if position >= length:
        return _WHOLE
    return int(position / length * _WHOLE) if position > 0 else 0


def _share(name: str, properties: Mapping[str, Any]) -> int | None:
    share = share_of(properties.get("position"), properties.get("total_length"))
    return _WHOLE if share is None and name.endswith("Completed") else share


def _video(properties: Mapping[str, Any]) -> Any:
    """One alone: an event of the player may have several in its list, and says not which."""
    listed = properties.get("content_asset_ids")
    only = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
    return properties.get("content_asset_id") or only


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
