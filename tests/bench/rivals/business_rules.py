"""business-rules (Venmo's). Its rules are dictionaries that it walks through each time: there is nothing to compile."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_NUMERIC
from business_rules.operators import NumericType, StringType
from business_rules.variables import BaseVariables, rule_variable

from tests.bench.rules import Condition, Facts, Operator, Rule

NAME = "business-rules"
_NUMBERS = frozenset({"seconds", "employees"})
_OPERATORS = {
    # Of its ways to say "one of these", this is the fastest: `any` of several comparisons takes 1.7 times as long.
    Operator.ONE_OF: "matches_regex",
    Operator.PREFIX: "starts_with",
    Operator.AT_LEAST: "greater_than_or_equal_to",
}


def run_all_rules(rules: Sequence[Rule]) -> Callable[[Facts], int]:
    fields = {condition.field for rule in rules for condition in rule.all_conditions}
    variables = type("Variables", (_Variables,), {field: _variable(field) for field in fields})
    documents = [_document(rule) for rule in rules]

    def points(facts: Facts) -> int:
        given = _Given()
        run_all(rule_list=documents, defined_variables=variables(facts), defined_actions=given)
        return given.points

    return points


MODES = {"run_all": run_all_rules}


class _Variables(BaseVariables):  # type: ignore[misc]
    def __init__(self, facts: Facts) -> None:
        self.facts = facts


class _Given(BaseActions):  # type: ignore[misc]
    def __init__(self) -> None:
        self.points = 0

    @rule_action(params={"points": FIELD_NUMERIC})  # type: ignore[untyped-decorator]
    def give(self, points: int) -> None:
        self.points += points


def _variable(field: str) -> Any:
    def read(self: _Variables) -> Any:
        return self.facts[field]

    read.__name__ = field
    return rule_variable(NumericType if field in _NUMBERS else StringType)(read)


def _document(rule: Rule) -> dict[str, Any]:
    return {
        "conditions": {"all": [_comparison(condition) for condition in rule.all_conditions]},
        "actions": [{"name": "give", "params": {"points": rule.points}}],
    }


def _comparison(condition: Condition) -> dict[str, Any]:
    if condition.operator is not Operator.ONE_OF:
        return {
            "name": condition.field,
            "operator": _OPERATORS[condition.operator],
            "value": condition.operand,
        }
    if len(condition.operand) == 1:
        return {"name": condition.field, "operator": "equal_to", "value": condition.operand[0]}
    expression = f"^(?:{'|'.join(map(re.escape, condition.operand))})$"
    return {"name": condition.field, "operator": _OPERATORS[Operator.ONE_OF], "value": expression}
