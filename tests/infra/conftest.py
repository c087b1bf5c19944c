"""The template is synthesised once per session: the first synthesis in a process takes seconds."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Before the CDK is imported, which starts Node and warns of an old one.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

from aws_cdk import App
from aws_cdk.assertions import Template

from infra.settings import Settings
from infra.stack import LeadScoreStack

ROOT = Path(__file__).parents[2]
CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000"

type Synthesise = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the functions run from does not matter to the template."""
    directory = tmp_path_factory.mktemp("bundle")
    (directory / "placeholder.py").touch()
    return directory


@pytest.fixture(scope="session")
def make_stack(bundle: Path) -> Callable[..., LeadScoreStack]:
    def make(**context: Any) -> LeadScoreStack:
        settings = Settings.read((CONTEXT | context).get)
        return LeadScoreStack(App(context=CONTEXT), "LeadScore", settings=settings, bundle=bundle, synthesizer=None)

    return make


@pytest.fixture(scope="session")
def synthesise(make_stack: Callable[..., LeadScoreStack]) -> Synthesise:
    """The template, as data, that a context gives."""
    return lambda **context: Template.from_stack(make_stack(**context)).to_json()


@pytest.fixture(scope="session")
def template(synthesise: Synthesise) -> dict[str, Any]:
    """What a deployer gets who changes nothing."""
    return synthesise()


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    return template["Resources"]
