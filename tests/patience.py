"""How long a test waits for what must come: so long that only a broken promise outlasts it, on a busy machine, too.

Functions start cold on a machine that starts three deployments at once: an answer has been seen to take eight seconds.
"""

PATIENCE_SECONDS = 60
