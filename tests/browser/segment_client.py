"""Segment's own browser client, as sites have it in their bundles."""

import json
import subprocess
from functools import cache
from pathlib import Path

from infra.bundle import ESBUILD

ENTRY = Path(__file__).parent / "analytics.entry.js"
BATCHING = {"strategy": "batching", "config": {"size": 4, "timeout": 500}}


@cache
def bundled_client() -> str:
    """A script for a page: it lets the client be loaded as `segment.AnalyticsBrowser`."""
    command = [str(ESBUILD), "--bundle", "--format=iife", "--global-name=segment", str(ENTRY)]
    command += ["--define:process.env.NODE_ENV='production'", "--log-level=error"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def load(collector: str, key: str, *, strategy: str = "") -> str:
    """A page's head that loads the client, served at /analytics.js, as docs/collect.md says. `strategy` may be
    `batching`."""
    settings = json.dumps({"writeKey": key, "cdnURL": collector})
    options = {"integrations": {"Segment.io": {"deliveryStrategy": BATCHING}}} if strategy else {}
    call = f"const analytics = segment.AnalyticsBrowser.load({settings}, {json.dumps(options)})"
    return f'<script src="/analytics.js"></script><script>{call}</script>'
