"""Reading a path from YAML or CSV text (formats: docs/import.md). Pure: text in, values or row errors out."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import yaml

from portal.curricula import options
from portal.errors import N_, DomainError, Invalid, InvalidRows
from portal.library.graph import find_cycle
from portal.models.library import ActivityKind

MAX_STEPS = 2000
COLUMNS = (
    *("unit", "key", "title", "domain", "category", "minutes", "difficulty", "kind", "required"),
    *("needs", "lag_days", "lag_in_study_days", "description", "url", "tags", "activity"),
    *("splittable", "min_session", "opens", "due", "closes", "at", "week", "review_after"),
)
_BOUNDS = {"opens": "release", "due": "due", "closes": "lock"}
_YES, _NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}


@dataclass(frozen=True, slots=True)
class Need:
    """A prerequisite by step key, with its lag."""

    key: str
    lag_days: int = 0
    in_study_days: bool = False


@dataclass(frozen=True, slots=True)
class StepEntry:
    """A step of the file: a reference to the library (``activity``), or an activity of its own fields.

    ``line`` is the line of a CSV file, or the number of the step in a YAML one.
    """

    line: int
    unit: str
    key: str
    activity: str | None = None
    title: str = ""
    domain: str = ""
    category: str = ""
    description: str = ""
    minutes: int | None = None
    difficulty: int = 3
    kind: ActivityKind = ActivityKind.STUDY
    url: str | None = None
    tags: tuple[str, ...] = ()
    required: bool = True
    needs: tuple[Need, ...] = ()
    splittable: bool = False
    min_session: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathFile:
    """A whole path as read."""

    title: str
    description: str
    steps: tuple[StepEntry, ...] = field(default=())


def read(data: bytes, file_format: str, *, title: str = "") -> PathFile:
    """Read ``yaml`` or ``csv`` bytes. InvalidRows names each wrong row and field; Invalid the file's own fault.

    A CSV file has no title of its own: ``title`` gives it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "encoding",
            N_("The file is not UTF-8 text (byte %(position)d). Save it as UTF-8."),
            position=error.start + 1,
        ) from error
    path = _from_csv(text, title) if file_format == "csv" else _from_yaml(text)
    if not path.steps:
        raise Invalid("empty_file", N_("The file has no step."))
    if len(path.steps) > MAX_STEPS:
        raise Invalid("too_long", N_("A path has at most %(maximum)d steps."), maximum=MAX_STEPS)
    _check_keys(path)
    return path


def _from_yaml(text: str) -> PathFile:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Invalid(
            "yaml",
            N_("Line %(line)d is not valid YAML: %(problem)s."),
            line=mark.line + 1 if mark else 1,
            problem=getattr(error, "problem", None) or "unreadable",
        ) from error
    if not isinstance(data, dict) or not str(data.get("title") or "").strip():
        raise Invalid("title", N_("The file needs a title: at its top, “title: …”."), field="title")
    units = data.get("units")
    if not isinstance(units, list):
        raise Invalid("units", N_("The file needs a list of units: “units: …”."), field="units")
    rows: list[tuple[str, Any]] = []
    for number, unit in enumerate(units, 1):
        if not isinstance(unit, dict) or not isinstance(unit.get("steps"), list):
            raise Invalid(
                "units", N_("Unit %(number)d needs a title and a list of steps."), field="units", number=number
            )
        rows += [(str(unit.get("title") or f"Unit {number}"), step) for step in unit["steps"]]
    return PathFile(
        str(data["title"]).strip(), str(data.get("description") or "").strip(), _entries(rows, first_line=1)
    )


def _from_csv(text: str, title: str) -> PathFile:
    if not title.strip():
        raise Invalid("title", N_("A CSV file has no title: give one."), field="title")
    reader = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text))
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if "title" not in names:
        raise Invalid("columns", N_("The first row must name the columns; “title” is missing."), field="title")
    unknown = sorted(set(names) - set(COLUMNS) - {""})
    if unknown:
        raise Invalid(
            "columns",
            N_("There is no column “%(name)s”. Columns: %(known)s."),
            name=unknown[0],
            known=", ".join(COLUMNS),
        )
    reader.fieldnames = names
    rows = [
        (row.get("unit") or "Unit 1", {k: v for k, v in row.items() if k and v not in (None, "")}) for row in reader
    ]
    return PathFile(title.strip(), "", _entries(rows, first_line=2))


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _entries(rows: list[tuple[str, Any]], *, first_line: int) -> tuple[StepEntry, ...]:
    entries, wrong = [], []
    for line, (unit, row) in enumerate(rows, first_line):
        try:
            entries.append(_entry(line, unit, row))
        except DomainError as error:
            wrong.append((line, error))
    if wrong:
        raise InvalidRows(wrong)
    return tuple(entries)


def _entry(line: int, unit: str, row: Any) -> StepEntry:
    if isinstance(row, str):
        row = {"activity": row}
    if not isinstance(row, dict):
        raise Invalid("step", N_("A step is the name of an activity, or a list of its fields."))
    activity = _text(row, "activity") or None
    title = _text(row, "title")
    if activity is None and not title:
        raise Invalid("title", N_("title: is missing."), field="title")
    minutes = _number(row, "minutes", 5, 6000)
    if minutes is not None and minutes % 5:
        raise Invalid("minutes", N_("minutes: %(value)d is not a multiple of 5."), field="minutes", value=minutes)
    return StepEntry(
        line=line,
        unit=unit.strip(),
        key=_text(row, "key") or activity or title,
        activity=activity,
        title=title,
        domain=_text(row, "domain"),
        category=_text(row, "category"),
        description=_text(row, "description"),
        minutes=minutes,
        difficulty=_number(row, "difficulty", 1, 10) or 3,
        kind=_kind(row),
        url=_url(row),
        tags=tuple(word.lower() for word in _list(row, "tags")),
        required=_yes(row, "required", default=True),
        needs=tuple(_needs(row)),
        splittable=_yes(row, "splittable", default=False),
        min_session=_number(row, "min_session", 5, 6000),
        options=_options(row),
    )


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _number(row: dict[str, Any], name: str, low: int, high: int) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    text = str(value).strip()
    if not text.isdecimal() or not low <= int(text) <= high:
        raise Invalid(
            name,
            N_("%(column)s: “%(value)s” is not a whole number between %(low)d and %(high)d."),
            column=name,
            value=text,
            low=low,
            high=high,
            field=name,
        )
    return int(text)


def _kind(row: dict[str, Any]) -> ActivityKind:
    text = _text(row, "kind").lower() or ActivityKind.STUDY.value
    if text not in set(ActivityKind):
        raise Invalid(
            "kind",
            N_("kind: “%(value)s” is none of %(known)s."),
            field="kind",
            value=text,
            known=", ".join(ActivityKind),
        )
    return ActivityKind(text)


def _url(row: dict[str, Any]) -> str | None:
    text = _text(row, "url")
    if text and not text.startswith(("https://", "http://")):
        raise Invalid("url", N_("url: “%(value)s” must begin with https:// or http://."), field="url", value=text[:80])
    return text or None


def _yes(row: dict[str, Any], name: str, *, default: bool) -> bool:
    text = str(row.get(name, "")).strip().lower()
    if text and text not in _YES | _NO:
        raise Invalid(name, N_("%(column)s: “%(value)s” is neither yes nor no."), field=name, column=name, value=text)
    return text in _YES if text else default


def _list(row: dict[str, Any], name: str) -> list[str]:
    value = row.get(name)
    parts = value if isinstance(value, list) else str(value or "").split(";")
    return [str(part).strip() for part in parts if str(part).strip()]


def _needs(row: dict[str, Any]) -> list[Need]:
    value = row.get("needs")
    if not isinstance(value, list):
        in_study_days = row.get("lag_in_study_days") is not None
        lag = _number(row, "lag_in_study_days" if in_study_days else "lag_days", 0, 366) or 0
        return [Need(key, lag, in_study_days) for key in _list(row, "needs")]
    found = []
    for part in value:
        if isinstance(part, dict):
            if not _text(part, "key"):
                raise Invalid("needs", N_("needs: each entry is a key, or a key with lag_days."), field="needs")
            in_study_days = "lag_in_study_days" in part
            name = "lag_in_study_days" if in_study_days else "lag_days"
            found.append(Need(_text(part, "key"), _number(part, name, 0, 366) or 0, in_study_days))
        else:
            found.append(Need(str(part).strip()))
    return found


def _options(row: dict[str, Any]) -> dict[str, Any]:
    """The options of `portal.curricula.options` from the columns that say when."""
    bounds = dict(_bound(row, column, name) for column, name in _BOUNDS.items() if _text(row, column))
    given = {
        **bounds,
        "anchor": _anchor(row),
        "week": _number(row, "week", 1, options.MAX_WEEK),
        "review_offsets": [_day(word, "review_after") for word in _list(row, "review_after")] or None,
    }
    found = {name: value for name, value in given.items() if value is not None}
    try:
        options.check(found)
    except Invalid as error:
        column = _column(error.field or "")
        raise Invalid(
            error.code, N_("%(column)s: %(problem)s"), field=column, column=column, problem=str(error)
        ) from error
    return found


def _bound(row: dict[str, Any], column: str, name: str) -> tuple[str, int | str]:
    """A day from the learner's start, or a date and time of the class."""
    text = _text(row, column)
    if text.isdecimal():
        return f"{name}_offset_days", _number(row, column, 0, options.MAX_DAY) or 0
    at = options.local_moment(text)
    if at is None:
        raise Invalid(
            column,
            N_("%(column)s: “%(value)s” is neither a number of days nor a date and time such as 2026-10-05 18:00."),
            field=column,
            column=column,
            value=text,
        )
    return f"{name}_at", at


def _anchor(row: dict[str, Any]) -> dict[str, Any] | None:
    text = _text(row, "at")
    anchor = options.read_anchor(text)
    if text and anchor is None:
        raise Invalid(
            "at",
            N_("at: “%(value)s” is not like “meeting 3”, “meeting 3 -15”, “week 2”, “friday” or “2026-10-05 18:00”."),
            field="at",
            value=text,
        )
    return anchor


def _day(text: str, column: str) -> int:
    return _number({column: text}, column, 1, options.MAX_REVIEW_DAY) or 0


def _column(option: str) -> str:
    """The column an option comes from."""
    found = next((column for column, name in _BOUNDS.items() if option.startswith(f"{name}_")), None)
    return found or ("at" if option.startswith("anchor") else "review_after")


def _check_keys(path: PathFile) -> None:
    """Keys are unique, needs name keys of the file, and nothing waits for itself."""
    wrong: list[tuple[int, DomainError]] = []
    seen: dict[str, int] = {}
    for step in path.steps:
        if step.key in seen:
            wrong.append(
                (
                    step.line,
                    Invalid(
                        "key",
                        N_("key: “%(key)s” is used twice; give one of them another key."),
                        field="key",
                        key=step.key,
                    ),
                )
            )
        seen.setdefault(step.key, step.line)
    for step in path.steps:
        wrong += [
            (
                step.line,
                Invalid("needs", N_("needs: there is no step with the key “%(key)s”."), field="needs", key=need.key),
            )
            for need in step.needs
            if need.key not in seen
        ]
    if wrong:
        raise InvalidRows(wrong)
    cycle = find_cycle({step.key: [need.key for need in step.needs] for step in path.steps})
    if cycle is not None:
        raise Invalid(
            "cycle", N_("These wait for each other: %(cycle)s. Remove one of the needs."), cycle=" → ".join(cycle)
        )
