"""Why a commit happened. Apart from transitions, since whoever only queues messages needs no engine for that."""

from enum import StrEnum


class Cause(StrEnum):
    """Why a commit happened. One commit has one cause."""

    EVENT = "event"
    TIME = "time"
    MODEL = "model"
    IMPORT = "import"
    MERGE = "merge"
    REPAIR = "repair"


#: Causes that tell nobody: they change how leads are seen, and no lead did anything.
QUIET_CAUSES = frozenset({Cause.MODEL, Cause.IMPORT, Cause.REPAIR})
