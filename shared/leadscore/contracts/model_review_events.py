"""Doubts that only real events raise: names that none of them has, and rules that none of them matches."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from leadscore.contracts.model_review_names import Finding
from leadscore.contracts.model_schema import EFFECTS
from leadscore.contracts.yaml_file import Path
from leadscore.domain.event import Json, Trust
from leadscore.domain.matching import OR, compile_pattern
from leadscore.domain.model import SCORE_RESET, VISIT_STARTED

#: What happens without anybody sending it, or what people send by hand.
_EXPECTED = frozenset({VISIT_STARTED, SCORE_RESET})
#: What events of another place and time would not have in common with these.
_UNDECIDED = ("source", "lead")


class _Open(NamedTuple):
    """A rule that no event has matched yet."""

    path: Path
    names: frozenset[str] | None
    matches: Callable[[Json], bool]


def doubts_of_events(document: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """`document` is a valid model's, each event one that `domain.model.event_document` made."""
    names: Counter[str] = Counter()
    unmatched = list(_rules(document))
    for event in events:
        names[event["event"]] += 1
        unmatched = [rule for rule in unmatched if not _matches(rule, event)]
    number = names.total()
    first: dict[str, Path] = {}
    for name, path in _names(document):
        first.setdefault(name, path)
    for name, path in first.items():
        if name not in names and name not in _EXPECTED:
            guess = next(iter(get_close_matches(name, names, n=1)), None)
            remedy = f"did you mean `{guess}`?" if guess else "is it spelt as it is sent?"
            yield path, f"none of {number:,} events is called `{name}`: {remedy}"
    for rule in unmatched:
        if rule.names is None or rule.names & names.keys():
            named = number if rule.names is None else sum(names[name] for name in rule.names)
            yield (*rule.path, "when"), f"this matches none of the events that it looks at ({named:,})"


def _sections(document: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for section in ("engagement", *EFFECTS):
        for place, rule in enumerate(document.get(section, ())):
            yield (section, place), rule


def _names(document: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for path, rule in _sections(document):
        parts = [(path, rule), ((*path, "after"), rule.get("after", {}))]
        parts.append(((*path, "count", "without"), rule.get("count", {}).get("without", {})))
        for part_path, part in parts:
            for name in part.get("event", ()):
                yield name, (*part_path, "event")


def _rules(document: Mapping[str, Any]) -> Iterator[_Open]:
    """Rules whose conditions can be decided by an event alone."""
    for path, rule in _sections(document):
        names = frozenset(rule["event"]) if "event" in rule else None
        if "when" in rule and not _reads(rule["when"], _UNDECIDED) and VISIT_STARTED not in (names or ()):
            yield _Open(path, names, compile_pattern(rule["when"]))


def _reads(pattern: Any, fields: Iterable[str]) -> bool:
    if isinstance(pattern, list):
        return any(_reads(alternative, fields) for alternative in pattern)
    return isinstance(pattern, Mapping) and any(
        name in fields or (name == OR and _reads(condition, fields)) for name, condition in pattern.items()
    )


def _matches(rule: _Open, event: Mapping[str, Any]) -> bool:
    """As if any source had sent it: a file of events does not say how far its source is believed."""
    if rule.names is not None and event["event"] not in rule.names:
        return False
    return any(rule.matches({**event, "trust": trust.name.lower()}) for trust in Trust)
