"""A program that uses rudder-sdk-python, which compresses by itself. `rudder_python.py URL KEY USER [plain]`"""

import sys

from rudderstack.analytics.client import Client

url, key, user, *options = sys.argv[1:]
client = Client(key, host=url, gzip="plain" not in options)
client.identify(user, {"title": "CTO"})
client.track(user, "Trial Started", {"plan": "team"})
client.track(user, "Email Link Clicked")
client.shutdown()
