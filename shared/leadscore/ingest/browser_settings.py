"""What analytics.js, and Customer.io's client that is made after it, ask for before they send anything."""

from typing import Any

from leadscore.ingest.http import Request


def browser_settings(request: Request, key: str) -> dict[str, Any]:
    """Segment's shape. Without `metrics`, analytics.js would report on itself to Segment."""
    enabled = {"__default": {"enabled": True, "integrations": {}}}
    ours = {
        "apiKey": key,
        "apiHost": f"{request.header('host')}/v1",
        "protocol": "https" if request.header("x-forwarded-proto") == "https" else "http",
    }
    return {
        "integrations": {"Segment.io": ours, "Customer.io Data Pipelines": ours},
        "plan": {"track": enabled, "identify": enabled, "group": enabled},
        "metrics": {"sampleRate": 0},
    }
