"""Search engines, social networks and mail sites by their hosts, from the list that Shopify's pyreferrer carries.

Its code, which wants packages of its own, is not loaded. It is the newest such list that comes as a package; what has
come up since, or moved, stands in `referrers`, which is asked first.
"""

import json
from functools import cache
from importlib.abc import FileLoader
from importlib.util import find_spec

_CHANNELS = {"search": "organic-search", "social": "social", "email": "email"}


@cache
def listed_hosts() -> dict[str, str]:
    """The channel of each host that is listed. Entries for a path below a host are left out: too much is beside it."""
    spec = find_spec("pyreferrer")
    if spec is None or not isinstance(spec.loader, FileLoader) or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pyreferrer is not installed: run make setup")
    groups = json.loads(spec.loader.get_data(f"{spec.submodule_search_locations[0]}/data/referrers.json"))
    return {
        host.removeprefix("www."): channel
        for group, channel in _CHANNELS.items()
        for site in groups[group].values()
        for host in site["domains"]
        if "/" not in host
    }
