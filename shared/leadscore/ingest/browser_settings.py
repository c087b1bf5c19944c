"""What analytics.js asks for before it sends anything."""

from typing import Any

from leadscore.ingest.http import Request


def browser_settings(request: Request, key: str) -> dict[str, Any]:
    """Segment's shape. Without `metrics`, analytics.js would report on itself to Segment."""
    enabled = {"__default": {"enabled": True, "integrations": {}}}
    return {
        # No other name: a second one, and analytics.js would load what runs integrations, from where there is none.
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{request.header('host')}/v1",
                "protocol": "https" if request.header("x-forwarded-proto") == "https" else "http",
            }
        },
        "plan": {"track": enabled, "identify": enabled, "group": enabled},
        "metrics": {"sampleRate": 0},
    }
