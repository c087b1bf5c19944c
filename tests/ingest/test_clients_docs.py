"""docs/clients.md says what really happens: its paths, its tables and its snippets."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.settings import SOURCE_KINDS
from leadscore.ingest.snowplow import PING_SECONDS
from tests.ingest.door import Door

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/clients.md").read_text()
VENDOR = "com.snowplowanalytics.snowplow"


def mapped() -> list[tuple[str, str]]:
    """The table of Snowplow's events: its name, and what it says that becomes of it, where that is one name."""
    rows = re.findall(r"^\| `([a-z_]+)` +\| `([A-Z][\w ]+)` +\|", TEXT, re.MULTILINE)
    assert len(rows) > 8
    return rows


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:GET|POST) /[^`]*)`", TEXT))))
def test_its_paths_exist(path: str) -> None:
    method, _, place = path.partition(" ")
    filled = place.replace("{form}", "f")
    response = Door().get(filled, method=method)
    assert response.status not in {404, 405}


@pytest.mark.parametrize(("theirs", "ours"), mapped())
def test_its_table_of_snowplows_events_is_true(theirs: str, ours: str) -> None:
    door = Door(kinds={"shop-web": "snowplow"})
    inner = {"schema": f"iglu:{VENDOR}/{theirs}/jsonschema/1-0-0", "data": {}}
    outer = {"schema": f"iglu:{VENDOR}/unstruct_event/jsonschema/1-0-0", "data": inner}
    payload = {"e": theirs} if len(theirs) == 2 else {"e": "ue", "ue_pr": json.dumps(outer)}
    sent = {"data": [{**payload, "aid": "shop-web", "duid": "device"}]}
    door.post(f"/{VENDOR}/tp2", sent, key=None)
    assert door.event.name == ours


def test_it_tells_how_long_a_ping_is() -> None:
    assert f"each counts as {PING_SECONDS} seconds" in TEXT
    assert f"`seconds`: {PING_SECONDS} for each ping" in TEXT


def test_its_sources_may_be_configured() -> None:
    kinds = [kind for text in re.findall(r"`(\{[^`]*\})` in\s", TEXT) for kind in json.loads(text).values()]
    assert kinds == ["snowplow", "mautic"]
    assert set(kinds) <= set(SOURCE_KINDS)


def test_its_snippet_finds_the_script() -> None:
    (url,) = re.findall(r"'(https://[^']*mtc\.js)'", TEXT)
    assert Door().get(urlsplit(url).path).content_type == "text/javascript; charset=utf-8"
