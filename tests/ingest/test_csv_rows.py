import csv
import io
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadscore.ingest.csv_rows import DELIMITERS, ENCODINGS, ROW_BYTES_MAX, CsvRow, csv_rows, read_head
from leadscore.ingest.file_lines import LINE_BYTES_MAX, Line, lines_of
from leadscore.ingest.rejection import Rejected

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
HEADED = "Email,Name\n"


def rows(text: str | bytes, *, piece: int = 7, encoding: str = "utf-8") -> list[CsvRow]:
    content = text if isinstance(text, bytes) else text.encode()
    lines = pieces_of(content, piece)
    head = read_head(lines, encoding=encoding)
    return list(csv_rows(lines, encoding=encoding, delimiter=head.delimiter))


def pieces_of(content: bytes, piece: int) -> Iterator[Line]:
    return lines_of(content[start : start + piece] for start in range(0, len(content), piece))


def test_a_file_in_pieces_has_the_same_lines_as_in_one() -> None:
    content = b"a\nbb\r\n\nccc"

    found = [list(pieces_of(content, piece)) for piece in (1, 2, 3, 100)]

    assert found == [[Line(1, 2, b"a\n"), Line(2, 6, b"bb\r\n"), Line(3, 7, b"\n"), Line(4, 10, b"ccc")]] * 4


@given(st.binary(max_size=40), st.integers(1, 9))
def test_lines_go_on_where_they_were_left(content: bytes, piece: int) -> None:
    lines = list(pieces_of(content, piece))

    assert b"".join(line.raw for line in lines) == content
    for line in lines:
        assert list(lines_of([content[line.end :]], after=line.number, end=line.end)) == lines[line.number :]


def test_of_an_endless_line_only_the_beginning_is_kept() -> None:
    found = list(pieces_of(b"x" * (3 * LINE_BYTES_MAX) + b"\nnext\n", 100_000))

    assert [(line.number, len(line.raw), line.is_cut) for line in found] == [(1, LINE_BYTES_MAX, True), (2, 5, False)]
    assert found[-1].end == 3 * LINE_BYTES_MAX + 6


@pytest.mark.parametrize("delimiter", DELIMITERS)
@given(table=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6), piece=st.integers(1, 50))
def test_what_a_program_writes_is_read_as_it_was(delimiter: str, table: list[list[str]], piece: int) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows([["Email", "Name", "City", "Country"], *table])

    found = rows(file.getvalue(), piece=piece)

    expected = [cells for cells in table if any(cell.strip() for cell in cells)]
    assert [list(row.cells) for row in found] == expected


@example('Email,Name\n"', 3)
@example("Email\n\0", 3)
@example("Email\na\rb", 3)
@given(st.text(max_size=60), st.integers(1, 9))
def test_no_text_breaks_the_reader(text: str, piece: int) -> None:
    content = text.encode("utf-8", "surrogatepass")
    assert_whole(content, piece)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(content=st.binary(max_size=60), piece=st.integers(1, 9))
def test_no_bytes_break_the_reader(encoding: str, content: bytes, piece: int) -> None:
    assert_whole(b'Email,"N"\n' + content, piece, encoding)


def assert_whole(content: bytes, piece: int, encoding: str = "utf-8") -> None:
    """Every row has the text that stood there: nothing is lost but blank rows, and the places are right."""
    lines = pieces_of(content, piece)
    try:
        head = read_head(lines, encoding=encoding)
    except Rejected:
        return
    end = head.end
    for row in csv_rows(lines, encoding=encoding, delimiter=head.delimiter):
        raw = row.text.encode(encoding, "surrogateescape")
        assert content[row.end - len(raw) : row.end] == raw
        between = content[end : row.end - len(raw)].decode(encoding, "surrogateescape")
        assert not between.replace('"', "").replace(head.delimiter, "").strip()
        assert bool(row.cells) != bool(row.problem)
        end = row.end


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("\ufeffE-mail;First Name\n", ("E-mail", "First Name")),
        ('sep=;\nE-mail;"First, Name"\n', ("E-mail", "First, Name")),
        ("E-mail\tFirst Name\r\n", ("E-mail", "First Name")),
        ("\n\nE-mail , First Name", ("E-mail", "First Name")),
        ('"E-mail, or nothing";First Name\n', ("E-mail, or nothing", "First Name")),
        ('"E-\nmail",Name\n', ("E-\nmail", "Name")),
        ("E-mail\n", ("E-mail",)),
    ],
)
def test_a_head_says_how_the_file_is_written(text: str, names: tuple[str, ...]) -> None:
    assert read_head(lines_of([text.encode()])).names == names


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file holds nothing"),
        ("E-mail\n".encode("utf-16"), "the file is UTF-16: save it as CSV in UTF-8"),
        ("E-mail\r\n".encode("utf-16-le"), "the file is UTF-16: save it as CSV in UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\n", "the file is a workbook or an archive, whatever its name: save it as CSV"),
        ("Straße\n".encode("cp1252"), "a character is not UTF-8: save the file as UTF-8, or say its encoding"),
        (b'"E-mail\n', "or a quote that is never closed"),
        (b"E-mail,Name\ra@x.example,A\r", "the lines end as those of old Macs"),
    ],
)
def test_a_file_without_a_head_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_head(lines_of([content]))
    assert complaint in refused.value.message


def test_another_encoding_is_read_only_when_it_is_said() -> None:
    content = "Email,Name\na@x.example,Jürgen\n".encode("cp1252")

    (refused,) = rows(content)
    (read,) = rows(content, encoding="windows-1252")

    assert "not UTF-8" in refused.problem
    assert read.cells == ("a@x.example", "Jürgen")


def test_a_row_over_several_lines_is_one_row() -> None:
    found = rows(HEADED + '"a@x.example","one\ntwo ""and"" three"\nb@x.example,four\n')

    assert [(row.line, row.cells) for row in found] == [
        (2, ("a@x.example", 'one\ntwo "and" three')),
        (4, ("b@x.example", "four")),
    ]


def test_a_bad_row_does_not_take_its_neighbours_along() -> None:
    found = rows(HEADED + 'a@x.example,A\nb@x.example,"B"b\nc@x.example,C\n')

    assert [(row.line, bool(row.problem)) for row in found] == [(2, False), (3, True), (4, False)]
    assert found[1].text == 'b@x.example,"B"b\n'


def test_a_quote_that_is_never_closed_refuses_the_rest_line_by_line() -> None:
    found = rows(HEADED + 'a@x.example,A\nb@x.example,"B\nc@x.example,C\n')

    assert [(row.line, row.cells, row.text) for row in found] == [
        (2, ("a@x.example", "A"), "a@x.example,A\n"),
        (3, (), 'b@x.example,"B\n'),
        (4, (), "c@x.example,C\n"),
    ]
    assert "begins in line 3" in found[2].problem


def test_nobody_can_write_rows_into_a_cell_of_a_form() -> None:
    message = "x" * ROW_BYTES_MAX + "\nboss@x.example,Boss\n" * 3

    found = rows(HEADED + f'a@x.example,"{message}"\nb@x.example,B\n', piece=10_000)

    assert [row.cells for row in found if not row.problem] == [("b@x.example", "B")]
    assert "".join(row.text for row in found).count("boss@x.example,Boss") == 3


def test_a_cell_full_of_line_breaks_is_read_at_once() -> None:
    before = time.process_time()

    found = rows(HEADED + f'a@x.example,"{"\n" * 20_000}"\n' * 3, piece=10_000)

    assert [len(row.cells[1]) for row in found] == [20_000] * 3
    assert time.process_time() - before < 10  # Counting all lines of a row with each of them took half a minute.
