"""The functions need no environment to be imported, and no more than their own settings to work."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from functions import decay, leads_api, notify
from leadscore.adapters import clients

MODULES = ("functions.decay", "functions.notify", "functions.leads_api")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What Lambda itself gives, for clients that are made and never called."""
    for name, value in {"DEFAULT_REGION": "eu-central-1", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    made = (clients.dynamodb, clients.sqs, clients.sns, clients.secrets_manager)
    for client in made:
        client.cache_clear()
    yield
    for client in made:
        client.cache_clear()


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_function_needs_no_environment(module: str) -> None:
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path[:0] = ['.']; import {module}"], env={})  # noqa: PLW1510

    assert done.returncode == 0


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("collect", ("leadscore.domain.fold",)),
        ("decay", ("leadscore.domain.fold", "pydantic")),
        ("notify", ("leadscore.domain.fold",)),
        ("score", ("pydantic",)),
        ("leads_api", ()),
    ],
)
def test_a_start_loads_nothing_that_an_ordinary_call_does_not_need_and_collects_no_garbage(
    module: str, unwanted: tuple[str, ...]
) -> None:
    code = f"""
import sys, gc
sys.path[:0] = ['.']
import functions
before = gc.get_stats()
import functions.{module}
print([name for name in {(*unwanted, "yaml")} if name in sys.modules], gc.get_stats() == before)
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], env={}, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[] True"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("make", "variables"),
    [
        (decay.due_index, {"LEADS_TABLE": "leads"}),
        (decay.events_queue, {"EVENTS_QUEUE_URL": "https://queue"}),
        (notify.lead_store, {"LEADS_TABLE": "leads"}),
        (notify.topic, {"TOPIC_ARN": "arn"}),
        (notify.settings, {"TOPIC_ARN": "arn", "PERSONAL_FIELDS": '["email","name"]', "LEAD_LINK": ""}),
        (leads_api.reading, {"LEADS_TABLE": "leads", "EVENTS_TABLE": "events"}),
        (leads_api.secrets, {}),
    ],
)
def test_a_functions_settings_are_all_it_needs(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], object], variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert make.__wrapped__() is not None  # type: ignore[attr-defined]
    for name, value in variables.items():
        monkeypatch.delenv(name)
        if name not in ("PERSONAL_FIELDS", "LEAD_LINK"):
            with pytest.raises(KeyError, match=name):
                make.__wrapped__()  # type: ignore[attr-defined]
        monkeypatch.setenv(name, value)
