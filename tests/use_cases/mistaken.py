"""A plausible mistake in one part of the write path, in the place of that part."""

from typing import Any

from leadscore.use_cases.rescoring.rescore import Rescoring


def in_its_place(mistaken: type[Any]) -> type[Rescoring]:
    """`Rescoring` with this class, of a part with one decision changed, wherever it has that part."""

    class Mistaken(Rescoring):
        def __init__(self, **ports: Any) -> None:
            super().__init__(**ports)
            (part,) = (part for part in vars(self).values() if type(part) is mistaken.__base__)
            part.__class__ = mistaken

    Mistaken.__name__ = mistaken.__name__
    Mistaken.__doc__ = mistaken.__doc__
    return Mistaken
