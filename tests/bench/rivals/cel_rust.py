"""common-expression-language (CEL in Rust). Expressions are compiled once.

What costs is turning the facts into CEL's values: once for each rule if they are passed as a dictionary, as its manual
begins, and once for all rules if one program holds them all. Both are measured.
"""

import json
from collections.abc import Callable, Sequence

import cel

from tests.bench.rules import Condition, Facts, Operator, Rule

NAME = "common-expression-language"


def rule_by_rule(rules: Sequence[Rule]) -> Callable[[Facts], int]:
    programs = [(cel.compile(_expression(rule)), rule.points) for rule in rules]
    return lambda facts: sum(points for program, points in programs if program.execute(facts))


def all_in_one(rules: Sequence[Rule]) -> Callable[[Facts], int]:
    program = cel.compile(" + ".join(f"(({_expression(rule)}) ? {rule.points} : 0)" for rule in rules))

    def points(facts: Facts) -> int:
        given: int = program.execute(facts)
        return given

    return points


MODES = {"rule by rule": rule_by_rule, "all rules in one program": all_in_one}


def _expression(rule: Rule) -> str:
    return " && ".join(_comparison(condition) for condition in rule.all_conditions)


def _comparison(condition: Condition) -> str:
    match condition.operator:
        case Operator.ONE_OF if len(condition.operand) == 1:
            return f"{condition.field} == {json.dumps(condition.operand[0])}"
        case Operator.ONE_OF:
            return f"{condition.field} in {json.dumps(condition.operand)}"
        case Operator.PREFIX:
            return f"{condition.field}.startsWith({json.dumps(condition.operand)})"
        case Operator.AT_LEAST:
            return f"{condition.field} >= {condition.operand}"
