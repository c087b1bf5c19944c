"""zen-engine: all rules are one decision table, whose every row that matches is collected.

A decision made from text compiles its cells anew each time, unlike one that the engine itself loads
(https://github.com/gorules/zen/issues/441). Its manual begins with the first; both are measured.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import zen

from tests.bench.rules import Condition, Facts, Operator, Rule

NAME = "zen-engine"
_KEY = "scoring"


def from_text(rules: Sequence[Rule]) -> Callable[[Facts], int]:
    decision = zen.ZenEngine().create_decision(json.dumps(_graph(rules)))
    return lambda facts: _points(decision.evaluate(facts))


def loaded(rules: Sequence[Rule]) -> Callable[[Facts], int]:
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {_KEY: _graph(rules)}}})
    return lambda facts: _points(engine.evaluate(_KEY, facts))


MODES = {"decision from text": from_text, "compiled beforehand": loaded}


def _points(answer: Any) -> int:
    rows: list[dict[str, int]] = answer["result"]
    return sum(row["points"] for row in rows)


def _graph(rules: Sequence[Rule]) -> dict[str, Any]:
    fields = sorted({condition.field for rule in rules for condition in rule.all_conditions})
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": field, "name": field, "field": field} for field in fields],
        "outputs": [{"id": "points", "name": "points", "field": "points"}],
        "rules": [_row(rule, fields) for rule in rules],
    }
    return {
        "nodes": [
            _node("input", "inputNode", {"schema": ""}),
            _node("table", "decisionTableNode", table),
            _node("output", "outputNode", {"schema": ""}),
        ],
        "edges": [_edge("input", "table"), _edge("table", "output")],
    }


def _node(name: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "name": name, "type": kind, "position": {"x": 0, "y": 0}, "content": content}


def _edge(source: str, target: str) -> dict[str, str]:
    return {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}


def _row(rule: Rule, fields: Sequence[str]) -> dict[str, str]:
    """An empty cell matches everything."""
    cells = dict.fromkeys(fields, "") | {condition.field: _cell(condition) for condition in rule.all_conditions}
    return {"_id": rule.name, **cells, "points": str(rule.points)}


def _cell(condition: Condition) -> str:
    match condition.operator:
        case Operator.ONE_OF:
            return ", ".join(json.dumps(value) for value in condition.operand)
        case Operator.PREFIX:
            return f"startsWith($, {json.dumps(condition.operand)})"
        case Operator.AT_LEAST:
            return f">= {condition.operand}"
