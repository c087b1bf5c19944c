"""A program that uses snowplow-tracker, with a write key for its app id. `snowplow_python.py URL KEY USER [get]`

The tracker tries again in the background, and ends with the program: so this one waits until nothing is left to send.
"""

import sys
import time

from snowplow_tracker import Emitter, SelfDescribing, SelfDescribingJson, StructuredEvent, Subject, Tracker

url, key, user, *options = sys.argv[1:]
emitter = Emitter(url, method="get" if "get" in options else "post")
tracker = Tracker("backend", emitter, subject=Subject().set_user_id(user), app_id=key)
tracker.track(StructuredEvent(category="product", action="Trial Started", label="team"))
tracker.track(
    SelfDescribing(SelfDescribingJson("iglu:com.example/email_link_clicked/jsonschema/1-0-0", {"mail": "42"}))
)
tracker.flush()

waiting = True
while waiting:
    time.sleep(0.05)
    with emitter.lock:
        waiting = emitter.event_store.size() > 0 or emitter.retry_timer.is_active()
