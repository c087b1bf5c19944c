"""Ways to look into a template."""

from typing import Any


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Properties by logical id."""
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def target(reference: Any) -> str:
    """The logical id that a Ref or a GetAtt names."""
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case _:
            raise ValueError(f"not a reference: {reference}")


def functions(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Properties of each function, by the name of its module."""
    found = of_type(resources, "AWS::Lambda::Function").values()
    return {properties["Handler"].split(".")[1]: properties for properties in found}


def mapping_of(resources: dict[str, Any], function: str) -> dict[str, Any]:
    """What a function is fed from, by the name of its module."""
    [mapping] = [
        mapping
        for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
        if resources[target(mapping["FunctionName"])]["Properties"]["Handler"] == f"functions.{function}.handler"
    ]
    return mapping


def statements(resources: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """What a role may do."""
    return [
        statement
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        if role in map(target, policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
