"""A program that uses segment-analytics-python, as its documentation shows. `segment_python.py URL KEY USER [gzip]`"""

import sys

from segment.analytics import Client

url, key, user, *options = sys.argv[1:]
client = Client(key, host=url, gzip="gzip" in options)
client.identify(user, {"title": "CTO"})
client.track(user, "Trial Started", {"plan": "team"})
client.track(user, "Email Link Clicked")
client.shutdown()
