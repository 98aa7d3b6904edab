"""Reading a path from YAML or CSV text (formats: docs/import.md). Pure: text in, values or row errors out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.curricula import options, plain_yaml
from portal.errors import N_, DomainError, Invalid, InvalidRows
from portal.library.graph import find_cycle
from portal.models.library import ActivityKind
from portal.web.parse import UNSTORABLE
from portal.web.uploads import table, text_of

MAX_STEPS = 2000
COLUMNS = (
    *("unit", "key", "title", "domain", "category", "minutes", "difficulty", "kind", "required"),
    *("needs", "lag_days", "lag_in_study_days", "description", "url", "tags", "activity"),
    *("splittable", "min_session", "opens", "due", "closes", "at", "week", "review_after"),
)
_BOUNDS = {"opens": "release", "due": "due", "closes": "lock"}
_YES, _NO = {"yes", "true", "on", "1", "y"}, {"no", "false", "off", "0", "n"}


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
    text = text_of(data)
    path = _from_csv(text, title) if file_format == "csv" else _from_yaml(text)
    if not path.steps:
        raise Invalid("empty_file", N_("The file has no step."))
    _check_length(path.steps)
    _check_keys(path)
    return path


def _check_length(steps: Sequence[Any]) -> None:
    if len(steps) > MAX_STEPS:
        raise Invalid("too_long", N_("A path has at most %(maximum)d steps."), maximum=MAX_STEPS)


def _from_yaml(text: str) -> PathFile:
    data = plain_yaml.load(text)
    if not isinstance(data, dict) or not _text(data, "title"):
        raise Invalid("title", N_("The file needs a title: at its top, “title: …”."), field="title")
    units = data.get("units")
    if not isinstance(units, list):
        raise Invalid("units", N_("The file needs a list of units: “units: …”."), field="units")
    rows: list[tuple[int, Any, Any]] = []
    for number, unit in enumerate(units, 1):
        if not isinstance(unit, dict) or not isinstance(unit.get("steps"), list):
            raise Invalid(
                "units", N_("Unit %(number)d needs a title and a list of steps."), field="units", number=number
            )
        title = unit.get("title") or f"Unit {number}"
        rows += [(line, title, step) for line, step in enumerate(unit["steps"], len(rows) + 1)]
        _check_length(rows)
    return PathFile(_text(data, "title"), _text(data, "description"), _entries(rows))


def _from_csv(text: str, title: str) -> PathFile:
    if not title.strip():
        raise Invalid("title", N_("A CSV file has no title: give one."), field="title")
    names, table_rows = table(text)
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
    rows = [(line, row.get("unit", ""), {k: v for k, v in row.items() if k and v}) for line, row in table_rows]
    return PathFile(title.strip(), "", _entries(rows))


def _entries(rows: list[tuple[int, Any, Any]]) -> tuple[StepEntry, ...]:
    entries, wrong = [], []
    for line, unit, row in rows:
        try:
            entries.append(_entry(line, _words(unit, "unit"), row))
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
    unknown = sorted(map(str, row.keys() - set(COLUMNS)))
    if unknown:
        name = _words(unknown[0], "fields")[:80]
        raise Invalid("fields", N_("%(name)s: there is no such field."), field=name, name=name)
    activity = _text(row, "activity") or None
    title = _text(row, "title")
    if activity is None and not title:
        raise Invalid("title", N_("title: is missing."), field="title")
    minutes = _number(row, "minutes", 5, 6000)
    if minutes is not None and minutes % 5:
        raise Invalid("minutes", N_("minutes: %(value)d is not a multiple of 5."), field="minutes", value=minutes)
    return StepEntry(
        line=line,
        unit=unit or "Unit 1",
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
    return _words(row.get(name), name)


def _words(value: Any, column: str) -> str:
    """A single value as text. YAML's aliases could make a list of lists fill the memory, so those are refused."""
    if isinstance(value, dict | list | set | tuple):
        raise Invalid(column, N_("%(column)s: one value is needed, not several."), field=column, column=column)
    text = "" if value is None else str(value).strip()
    if UNSTORABLE.search(text):
        raise Invalid(column, N_("%(column)s: holds a character that nothing can keep."), field=column, column=column)
    return text


def _number(row: dict[str, Any], name: str, low: int, high: int) -> int | None:
    if row.get(name) is None:
        return None
    text = _text(row, name)
    if not text.isdecimal() or len(text) > len(str(high)) or not low <= int(text) <= high:
        raise Invalid(
            name,
            N_("%(column)s: “%(value)s” is not a whole number between %(low)d and %(high)d."),
            column=name,
            value=text[:80],
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
            value=text[:80],
            known=", ".join(ActivityKind),
        )
    return ActivityKind(text)


def _url(row: dict[str, Any]) -> str | None:
    text = _text(row, "url")
    if text and not text.startswith(("https://", "http://")):
        raise Invalid("url", N_("url: “%(value)s” must begin with https:// or http://."), field="url", value=text[:80])
    return text or None


def _yes(row: dict[str, Any], name: str, *, default: bool) -> bool:
    text = _text(row, name).lower()
    if text and text not in _YES | _NO:
        raise Invalid(
            name, N_("%(column)s: “%(value)s” is neither yes nor no."), field=name, column=name, value=text[:80]
        )
    return text in _YES if text else default


def _list(row: dict[str, Any], name: str) -> list[str]:
    value = row.get(name)
    parts = value if isinstance(value, list) else _words(value, name).split(";")
    return [text for part in parts if (text := _words(part, name))]


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
            found.append(Need(_words(part, "needs")))
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
            value=text[:80],
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
            value=text[:80],
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
