"""What a cold start costs each function in CPU, as a ratio to that of a bare boto3 client of DynamoDB.

Each measurement is a process of its own on the bundle alone. Both sides of a pair run one after the other, so that
what else the machine does hits both.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from infra import bundle
from tests.bench.figures import Figure, Progress, Section

PAIRS = 15
_BARE = "import boto3; boto3.client('dynamodb')"
#: What a cold start does before the first event is looked at: the import, and what the handler makes once.
_STARTS: Mapping[str, str] = {
    "score": "import functions.score as f; f.rescoring()",
    "score, and the model compiled": "import functions.score as f; f.rescoring(); import yaml;"
    " from leadscore.adapters.models import compile_model, shipped_text;"
    " compile_model(yaml.load(shipped_text(), yaml.CSafeLoader))",
    "collect": "import functions.collect as f; f.collector()",
    "decay": "import functions.decay as f; f.due_index(); f.events_queue()",
    "notify": "import functions.notify as f; f.lead_store(); f.topic(); f.settings()",
    "leads_api": "import functions.leads_api as f; f.reading(); f.secrets()",
}
_GOALS = {"score": 1.3, "collect": 1.5}
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "LeadScore",
    "EVENTS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/events",
    "EVENTS_TABLE": "events",
    "FAILED_EVENTS_BUCKET": "failed-events",
    "LEADS_TABLE": "leads",
    "LEADS_TOKEN_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:token",
    "REDIRECT_SITES": "[]",
    "INTERNAL": "{}",
    "CONSENT_CATEGORIES": "[]",
    "SOURCES": '{"website": "public"}',
    "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:transitions",
    "WRITE_KEY_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:key",
}
#: CPU seconds from the started interpreter on, and the modules that are loaded then.
_PROCESS = """
import sys, time
sys.path.insert(0, sys.argv[1])
before = time.process_time()
exec(sys.argv[2])
print(time.process_time() - before, len(sys.modules))
"""


@dataclass(frozen=True)
class Pairs:
    """A function's starts over the bare client's, pair by pair."""

    ratios: list[float]
    bare_ms: float
    modules: int

    @property
    def quartiles(self) -> tuple[float, float]:
        first, _, third = quantiles(self.ratios, n=4)
        return first, third


def measure(name: str, directory: Path, pairs: int = PAIRS) -> Pairs:
    _start(_STARTS[name], directory)
    ratios, bares, modules = [], [], 0
    for _ in range(pairs):
        bare, _ = _start(_BARE, directory)
        own, modules = _start(_STARTS[name], directory)
        bares.append(bare)
        ratios.append(own / bare)
    return Pairs(ratios, median(bares) * 1_000, modules)


def _start(statements: str, directory: Path) -> tuple[float, int]:
    command = [sys.executable, "-I", "-S", "-c", _PROCESS, str(directory), statements]
    ran = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=True, cwd=directory)
    seconds, modules = json.loads(f"[{ran.stdout.replace(' ', ',')}]")
    return seconds, modules


def sections(progress: Progress) -> list[Section]:
    progress("building for this machine")
    directory = bundle.build("local")
    figures = []
    bare_ms = 0.0
    for name in _STARTS:
        progress(f"starting {name}, {PAIRS} times")
        pairs = measure(name, directory)
        low, high = pairs.quartiles
        bare_ms = pairs.bare_ms
        note = f"quartiles {low:.2f} to {high:.2f}; {pairs.modules} modules"
        figures.append(Figure(name, median(pairs.ratios), most=_GOALS.get(name), note=note))
    return [
        Section(
            "Cold start over a bare boto3 client's",
            f"CPU of import and clients; the bare one takes {bare_ms:.0f} ms here, from the same bundle, which is"
            " trimmed already. Medians of pairs.",
            figures,
            unit="ratio",
        )
    ]
