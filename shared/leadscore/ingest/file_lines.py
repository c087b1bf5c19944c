"""The lines of a file of any size, out of the pieces in which it comes, and where in the file each of them ends."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: An event has 32 KB at most, but JSON may write a character in six. Of a longer line only the beginning is kept.
LINE_BYTES_MAX = 256 * 1024


class Line(NamedTuple):
    """`number` counts from 1, `end` is how many bytes of the file end with it, `raw` has its line break."""

    number: int
    end: int
    raw: bytes
    is_cut: bool = False


def lines_of(pieces: Iterable[bytes], *, after: int = 0, end: int = 0) -> Iterator[Line]:
    """The lines of these pieces, which begin behind line `after`, at byte `end` of the file."""
    kept, size, number = bytearray(), 0, after
    for piece in pieces:
        start = 0
        while (stop := piece.find(b"\n", start) + 1) > 0:
            size += stop - start
            kept += piece[start : min(stop, start + LINE_BYTES_MAX)]
            number, end = number + 1, end + size
            yield _line(number, end, kept, size)
            kept, size, start = bytearray(), 0, stop
        size += len(piece) - start
        if len(kept) < LINE_BYTES_MAX:
            kept += piece[start : start + LINE_BYTES_MAX]
    if size:
        yield _line(number + 1, end + size, kept, size)


def _line(number: int, end: int, kept: bytearray, size: int) -> Line:
    return Line(number, end, bytes(kept[:LINE_BYTES_MAX]), is_cut=size > LINE_BYTES_MAX)
