"""Reading a roster file: name, email, start_date. Pure."""

from dataclasses import dataclass
from datetime import date

from email_validator import EmailNotValidError, validate_email

from portal.errors import N_, DomainError, Invalid, InvalidRows
from portal.web.uploads import table, text_of

MAX_ROWS = 10_000
MAX_BYTES = 8 * 1024 * 1024
COLUMNS = ("name", "email", "start_date")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One student; ``line`` is the line of the file."""

    line: int
    name: str
    email: str
    starts_on: date | None


def read(data: bytes) -> tuple[RosterRow, ...]:
    """The rows of a CSV roster. InvalidRows names every wrong line and field; Invalid the file's own fault."""
    names, table_rows = table(text_of(data))
    if not {"name", "email"} <= set(names):
        raise Invalid("columns", N_("The first row must name the columns: %(columns)s."), columns=", ".join(COLUMNS))
    rows, wrong, seen = [], list[tuple[int, DomainError]](), dict[str, int]()
    for line, values in table_rows:
        try:
            row = _row(line, values)
            if row.email in seen:
                raise Invalid(
                    "email",
                    N_("email: %(email)s stands on line %(line)d already."),
                    field="email",
                    email=row.email,
                    line=seen[row.email],
                )
        except DomainError as error:
            wrong.append((line, error))
            continue
        seen[row.email] = line
        rows.append(row)
    if wrong:
        raise InvalidRows(wrong)
    if not rows:
        raise Invalid("empty_file", N_("The file has no student."))
    if len(rows) > MAX_ROWS:
        raise Invalid("too_long", N_("A roster has at most %(maximum)d rows."), maximum=MAX_ROWS)
    return tuple(rows)


def _row(line: int, raw: dict[str, str]) -> RosterRow:
    if not raw.get("name"):
        raise Invalid("name", N_("name: is missing."), field="name")
    if len(raw["name"]) > 120:
        raise Invalid("name", N_("name: has more than 120 characters."), field="name")
    try:
        email = validate_email(
            raw.get("email", ""), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid(
            "email", N_("email: “%(value)s” is not an address."), field="email", value=raw.get("email", "")
        ) from error
    return RosterRow(line, raw["name"], email, _date(raw.get("start_date", "")))


def _date(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            "start_date",
            N_("start_date: “%(value)s” is not a date such as 2026-09-07."),
            field="start_date",
            value=text,
        ) from error
