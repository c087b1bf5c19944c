"""Doubts that only real people raise: traits that none of them has, and rules of fit and grade that none matches."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from leadscore.contracts.model_review_names import Finding
from leadscore.contracts.yaml_file import Path
from leadscore.domain.matching import OR, compile_pattern


def doubts_of_traits(document: Mapping[str, Any], leads: Collection[Mapping[str, Any]]) -> Iterator[Finding]:
    """`document` is a valid model's; each lead is its traits, as `domain.profile.said_traits` gives them."""
    occurring = Counter(name for traits in leads for name in traits)
    doubted: set[str] = set()
    for path, rule in _rules(document):
        missing = [name for name in dict.fromkeys(_wanted(rule["when"])) if name not in occurring]
        for name in missing:
            if name not in doubted:
                doubted.add(name)
                guess = next(iter(get_close_matches(name, occurring, n=1)), None)
                remedy = f"did you mean `{guess}`?" if guess else "is it spelt as it is sent?"
                yield (*path, "when"), f"no lead has the trait `{name}`: {remedy}"
        matches = compile_pattern(rule["when"])
        if leads and not missing and not any(matches(traits) for traits in leads):
            yield (*path, "when"), f"this matches none of the leads ({len(leads):,})"


def _rules(document: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    places = (
        (("fit",), document.get("fit", ())),
        (("grade", "criteria"), document.get("grade", {}).get("criteria", ())),
    )
    for path, rules in places:
        for place, rule in enumerate(rules):
            if "when" in rule:
                yield (*path, place), rule


def _wanted(pattern: Mapping[str, Any]) -> Iterator[str]:
    """The traits that must be there for some value to match: one that may be absent need not occur."""
    for name, condition in pattern.items():
        if name == OR:
            for alternative in condition:
                yield from _wanted(alternative)
        elif not isinstance(condition, list) or {"exists": False} not in condition:
            yield name
