"""Scoring models to measure with: the one that ships, and one of a hundred rules."""

from typing import Any

import yaml

from leadscore.adapters.models import shipped_text
from leadscore.domain.compiler import compile_model
from leadscore.domain.model import Model

RULES = 100
EVENT_NAMES = tuple(f"Thing {number} Done" for number in range(12))


def shipped_document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(shipped_text())
    return document


def shipped_model() -> Model:
    return compile_model(shipped_document())


def model_of_a_hundred_rules() -> Model:
    """20 of fit and 80 of engagement over 12 kinds of event, with one to three conditions each."""
    fit = [
        {
            "rule": f"Fit {number}",
            "points": 5,
            "when": {"title": [{"prefix": {"equals-ignore-case": f"title {number}"}}]},
        }
        for number in range(20)
    ]
    conditions: list[dict[str, Any]] = [
        {"properties": {"path": [{"wildcard": "*/pricing*"}]}},
        {"properties": {"kind": ["white-paper", "ebook"], "path": [{"prefix": "/docs"}]}},
        {"properties": {"seconds": [{"numeric": [">=", 30, "<", 300]}]}},
        {"properties": {"form": [{"anything-but": ["newsletter"]}]}, "context": {"locale": [{"prefix": "en"}]}},
        {"$or": [{"properties": {"kind": ["webinar"]}}, {"properties": {"path": [{"suffix": "/demo"}]}}]},
    ]
    engagement = [
        {
            "rule": f"Rule {number}",
            "event": EVENT_NAMES[number % len(EVENT_NAMES)],
            "points": 1 + number % 7,
            "when": conditions[number % len(conditions)],
        }
        for number in range(RULES - len(fit))
    ]
    return compile_model(
        {
            "model": "hundred",
            "stages": [{"stage": "new"}, {"stage": "warm", "at": 20}, {"stage": "mql", "at": 10**9}],
            "fit": fit,
            "engagement": engagement,
            "inactivity": [{"rule": "Quiet", "after": "30d", "take": 50}],
        }
    )
