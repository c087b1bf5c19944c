"""The functions, one module per trigger. This runs before anything else of theirs is imported."""

import gc

# What an import makes stays, so looking it through for garbage every 2,000 objects finds nothing, and takes a tenth
# of a cold start. No start makes as many as this, and as many in cycles that are garbage would be some 20 MB.
gc.set_threshold(200_000)
