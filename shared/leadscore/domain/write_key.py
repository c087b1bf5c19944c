"""Write keys are derived, not listed: one secret serves any number of sources, and dropping a source drops its key."""

import hashlib
import hmac
from functools import lru_cache


@lru_cache(maxsize=256)
def write_key(root: str, source: str) -> str:
    """The write key of `source` under the deployment's `root` secret: `<source>_<32 hex digits>`."""
    digest = hmac.new(root.encode(), f"write-key:{source}".encode(), hashlib.sha256).hexdigest()
    return f"{source}_{digest[:32]}"
