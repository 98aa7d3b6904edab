"""Text and tables out of files: what is read, and why a file is refused."""

import pytest

from portal.curricula import pathfile
from portal.errors import Invalid, InvalidRows
from portal.web.uploads import table, text_of


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert text_of("\ufeffname".encode()) == "name"


@pytest.mark.parametrize(("data", "words"), [(b"name\nZo\xeb", r"byte 8"), (b"name\nEva\x00", r"Line 2 holds a NUL")])
def test_bytes_that_are_no_text_are_placed(data, words):
    with pytest.raises(Invalid, match=words):
        text_of(data)


def test_rows_know_the_line_they_begin_on_and_empty_ones_are_left_out():
    names, rows = table('Name;E-Mail\n\n"Eva\nLind"; e@example.org \n;;\nNoa;n@example.org\n')
    assert names == ["name", "e-mail"]
    assert rows == [
        (3, {"name": "Eva\nLind", "e-mail": "e@example.org"}),
        (6, {"name": "Noa", "e-mail": "n@example.org"}),
    ]


def test_a_field_longer_than_any_can_be_is_refused_with_its_line():
    with pytest.raises(Invalid, match=r"Line 2 cannot be read"):
        table("name,email\n" + "x" * 200_000)


def _problem(text, file_format="yaml"):
    with pytest.raises(InvalidRows) as caught:
        pathfile.read(text.encode(), file_format, title="A path")
    ((line, error),) = caught.value.rows
    return line, str(error)


def test_lists_where_one_value_is_needed_are_refused_before_they_can_grow():
    """Each alias doubles: written out, the last would fill the memory."""
    head = "title: A path\nbombs:\n  - &b0 [x, x]\n" + "".join(
        f"  - &b{n} [*b{n - 1}, *b{n - 1}]\n" for n in range(1, 60)
    )
    assert _problem(f"{head}units:\n- steps:\n  - title: *b59\n") == (1, "title: one value is needed, not several.")
    assert "one value is needed" in _problem(f"{head}units:\n- steps:\n  - {{title: A, tags: [*b59]}}\n")[1]
    with pytest.raises(Invalid, match="one value is needed"):
        pathfile.read(f"{head.replace('title: A path', '')}title: *b59\nunits: []\n".encode(), "yaml")


def test_a_nul_written_as_an_escape_is_refused_with_its_column():
    assert _problem('title: A\nunits:\n- steps:\n  - title: "a\\0b"\n') == (
        1,
        "title: holds a character that nothing can keep.",
    )


def test_a_number_of_thousands_of_digits_is_no_number_of_minutes():
    line, words = _problem(f"title,minutes\nA,{'9' * 5000}\n", "csv")
    assert (line, "is not a whole number between 5 and 6000" in words) == (2, True)


def test_a_wrong_row_after_one_of_several_lines_is_named_by_its_own_line():
    assert _problem('title,description,minutes\nA,"two\nlines",30\n\nB,,7\n', "csv")[0] == 5
