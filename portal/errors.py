"""Domain errors: a stable code, an English message marked for translation, and its values. No HTTP here.

The web edge turns each class into a status and a page; the command line prints ``str(error)``.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def N_(message: str) -> str:  # noqa: N802  # the name gettext tools look for
    """Mark ``message`` for translation without translating it; the edge translates when it shows the error."""
    return message


class DomainError(Exception):
    """Something the user asked for cannot be done; the message says what to do about it."""

    def __init__(self, code: str, message: str, /, **values: Any) -> None:
        """``code`` is stable and lower-case; ``message`` is an English %-template filled from ``values``."""
        self.code = code
        self.message = message
        self.values: Mapping[str, Any] = values
        super().__init__(message % values if values else message)


class Invalid(DomainError):
    """Input that breaks a rule; ``field`` names the form field, column or claim."""

    def __init__(self, code: str, message: str, /, *, field: str | None = None, **values: Any) -> None:
        """As `DomainError`, with the field at fault when there is just one."""
        super().__init__(code, message, **values)
        self.field = field


class InvalidRows(DomainError):
    """A file of which some rows are wrong; nothing of it was stored. ``rows`` are (line number, error)."""

    def __init__(self, rows: Sequence[tuple[int, DomainError]]) -> None:
        """``rows`` holds one-based line numbers of the file as the user sees them."""
        super().__init__(
            "invalid_rows",
            N_("Nothing was imported: %(count)s to correct."),
            count=len(rows),
        )
        self.rows = tuple(rows)


class NotFound(DomainError):
    """The thing does not exist, or the actor may not know that it does."""


class Forbidden(DomainError):
    """The actor may see the thing but not do this with it."""


class Conflict(DomainError):
    """Somebody else changed the thing meanwhile, or the same thing exists already."""


class TooMany(DomainError):
    """A rate limit; ``retry_after_seconds`` says when to come back."""

    def __init__(self, code: str, message: str, /, *, retry_after_seconds: int, **values: Any) -> None:
        """As `DomainError`, with the seconds until the limit opens again."""
        super().__init__(code, message, **values)
        self.retry_after_seconds = retry_after_seconds
