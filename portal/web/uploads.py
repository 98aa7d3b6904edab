"""Files people bring: UTF-8 text, and tables in it whose first row names the columns. Pure."""

import csv
import io

from portal.errors import N_, Invalid


def text_of(data: bytes) -> str:
    """The file's text. Invalid when it is not UTF-8, or holds a NUL, which nothing can keep."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "encoding",
            N_("The file is not UTF-8 text (byte %(position)d). Save it as UTF-8."),
            position=error.start + 1,
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise Invalid("encoding", N_("Line %(line)d holds a NUL character. Save the file as UTF-8 text."), line=line)
    return text


def table(text: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Column names in lower case, and each row that is not empty with the line it begins on, values stripped.

    Commas or semicolons separate, whichever the first row has more of. Invalid for what is no such table.
    """
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    names: list[str] = []
    rows = []
    line = 1
    try:
        for values in reader:
            stripped = [value.strip() for value in values]
            if not names:
                names = [value.lower() for value in stripped]
            elif any(stripped):
                rows.append((line, dict(zip(names, stripped, strict=False))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid("csv", N_("Line %(line)d cannot be read: %(problem)s."), line=line, problem=error) from error
    return names, rows
