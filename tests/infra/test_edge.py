"""What happens to a request's headers on the way in: on AWS by edge.js, on a laptop by the front, by the same cases."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.local.front import at_the_edge

CASES = json.loads((Path(__file__).parent / "edge_cases.json").read_text())
EDGE = Path(__file__).parents[2] / "infra" / "edge.js"
ADDRESS = "203.0.113.7"

#: Runs the function as CloudFront does, on each case that comes in.
HARNESS = """
const source = require('fs').readFileSync(process.argv[1], 'utf8');
const handler = new Function(source + '; return handler;')();
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const wrapped = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }]));
const plain = (headers) => Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, header.value]));
const run = (given) => handler({
  version: '1.0',
  viewer: { ip: '203.0.113.7' },
  request: { method: 'POST', uri: '/v1/batch', querystring: {}, headers: wrapped(given), cookies: {} },
});
process.stdout.write(JSON.stringify(cases.map((given) => plain(run(given).headers))));
"""


@pytest.fixture(scope="module")
def by_cloudfront() -> dict[str, Any]:
    """The headers that edge.js makes, by case."""
    node = shutil.which("node")
    assert node, "node runs the CDK, and this test"
    given = json.dumps([case["given"] for case in CASES])
    ran = subprocess.run(
        [node, "-e", HARNESS, "--", str(EDGE)], input=given, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return dict(zip((case["case"] for case in CASES), json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_request_is_changed_at_the_edge_as_the_cases_say(case: dict[str, Any], by_cloudfront: dict[str, Any]) -> None:
    on_a_laptop = at_the_edge([(name.title(), value) for name, value in case["given"].items()], ADDRESS)

    assert len(on_a_laptop) == len(dict(on_a_laptop))
    assert dict(on_a_laptop) == case["expected"]
    assert by_cloudfront[case["case"]] == case["expected"]


def test_the_function_is_within_the_size_that_cloudfront_takes() -> None:
    assert len(EDGE.read_bytes()) < 10 * 1024
