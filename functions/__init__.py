"""The functions, one module per trigger. This runs before anything else of theirs is imported."""

import gc

#: What an import makes stays, so looking it through for garbage every 2,000 objects finds nothing, and takes a tenth of
#: a cold start. Garbage in cycles is rare besides: the collector has time.
gc.set_threshold(100_000)
