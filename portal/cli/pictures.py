"""The pictures of docs/pacing.md: each is a real plan of the engine. `portal draw-pacing docs/pictures` makes them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from flask import Flask
from flask_babel import Babel

from portal.cli.drawing import Panel, draw
from portal.pacing.engine import diagnose, plan
from portal.pacing.results import Base, Plan, RepairCode
from portal.pacing.types import (
    Arrangement,
    ClassCalendar,
    Completion,
    Edge,
    LateJoin,
    Learner,
    MissedWork,
    PathVersion,
    Pin,
    Policy,
    SlotStatus,
    Step,
    StepKind,
)
from portal.schedules.reasons import in_words

MONDAY = date(2026, 9, 7)
DAYS = tuple(MONDAY + timedelta(days=number) for number in range(11))
MON, TUE, WED, THU, FRI = DAYS[:5]
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
HOUR_A_DAY = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0))
NAMES = ("Loops", "Lists", "Files", "Maps", "Tests", "Project", "Quiz")


def pictures() -> Iterator[tuple[str, str]]:
    """(file name, SVG) of each picture, always the same."""
    for name, label, panels in (
        ("pacing-dates", "Six steps fall into the study days of two weeks", _dates()),
        ("pacing-load", "The same path as soon as possible and spread evenly", _load()),
        ("pacing-prerequisites", "While a lag blocks one branch, other steps go ahead", _prerequisites()),
        ("pacing-late-joiner", "Who joins late gets later ends or fuller days", _late_joiner()),
        ("pacing-late-choices", "Who joins late catches up, or starts where the class is", _late_choices()),
        ("pacing-missed", "Missed work moves to the next free time", _missed()),
        ("pacing-compress", "Missed work is rolled forward, or spread over the days left", _compress()),
        ("pacing-least-change", "A day off moves only what was planned for it", _least_change()),
        ("pacing-pin", "A slot put somewhere by hand stays there", _pin()),
        ("pacing-notice", "What has to move earlier stays out of the days of the notice", _notice()),
        ("pacing-spacing", "Two hard assessments get days of their own", _spacing()),
        ("pacing-does-not-fit", "Work that ends after the class, and two repairs", _does_not_fit()),
        ("pacing-why-here", "Each slot says why it is there", _why_here()),
    ):
        yield f"{name}.svg", draw(label, panels, DAYS, NAMES)


def _path(*minutes: int, edges: tuple[Edge, ...] = ()) -> PathVersion:
    return PathVersion(tuple(Step(name, each) for name, each in zip(NAMES, minutes, strict=False)), edges)


def _made(
    path: PathVersion,
    calendar: ClassCalendar = HOUR_A_DAY,
    learner: Learner | None = None,
    policy: Policy | None = None,
    base: Base = (),
    now: datetime = BEFORE,
) -> Plan:
    return plan(path, calendar, learner or Learner(), policy or Policy(), base, now)


def _stored(made: Plan) -> Base:
    return tuple(replace(slot, id=number) for number, slot in enumerate(made.slots))


def _morning(on: date) -> datetime:
    return datetime.combine(on, time(7), UTC)


def _dates() -> tuple[Panel, ...]:
    calendar = replace(HOUR_A_DAY, blackouts=frozenset({WED}))
    made = _made(_path(30, 30, 45, 60, 30, 60), calendar)
    return (Panel("Steps in order, one hour a day", made, calendar, marks=((WED, "holiday"),)),)


def _load() -> tuple[Panel, ...]:
    path = _path(60, 30, 45, 45, 60, 30)
    calendar = replace(HOUR_A_DAY, weekday_minutes=(90, 90, 90, 90, 90, 0, 0), soft_ends_on=DAYS[8])
    end = (DAYS[8], "class ends")
    spread = _made(path, calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    return (
        Panel("As soon as possible", _made(path, calendar), calendar, until=end),
        Panel("Spread evenly", spread, calendar, until=end),
    )


def _prerequisites() -> tuple[Panel, ...]:
    edges = (Edge("Loops", "Lists", lag=3, study_days=True), Edge("Lists", "Project"), Edge("Files", "Maps"))
    made = _made(_path(60, 45, 30, 30, 45, 60, edges=edges))
    return (Panel("Lists waits three study days after Loops", made, HOUR_A_DAY),)


def _late_joiner() -> tuple[Panel, ...]:
    path = _path(45, 45, 45, 45)
    calendar = replace(HOUR_A_DAY, weekday_minutes=(90, 90, 90, 90, 90, 0, 0), soft_ends_on=FRI)
    joiner = Learner(starts_on=THU)
    spread = Policy(arrangement=Arrangement.SPREAD)
    shifted = _made(path, calendar, joiner, spread, now=_morning(THU))
    pressed = _made(path, calendar, joiner, replace(spread, late_join=LateJoin.COMPRESS), now=_morning(THU))
    return (
        Panel("The class", _made(path, calendar, policy=spread), calendar, until=(FRI, "class ends")),
        Panel("Joins on Thursday: shift", shifted, calendar, until=(DAYS[7], "own end"), today=THU),
        Panel("Joins on Thursday: compress", pressed, calendar, until=(FRI, "class ends"), today=THU),
    )


def _late_choices() -> tuple[Panel, ...]:
    path = _path(30, 30, 30, 30, 30, 30)
    calendar = replace(HOUR_A_DAY, soft_ends_on=DAYS[9])
    joiner, spread = Learner(starts_on=FRI), Policy(arrangement=Arrangement.SPREAD)
    catching = _made(path, calendar, joiner, replace(spread, late_join=LateJoin.CATCH_UP, catch_up_weeks=1))
    joining = _made(path, calendar, joiner, replace(spread, late_join=LateJoin.JOIN_CLASS))
    end = (DAYS[9], "class ends")
    return (
        Panel("The class", _made(path, calendar, policy=spread), calendar, until=end),
        Panel("Joins on Friday: catch up within a week", catching, calendar, until=end, today=FRI),
        Panel("Joins on Friday: start where the class is", joining, calendar, until=end, today=FRI),
    )


def _compress() -> tuple[Panel, ...]:
    path = _path(30, 30, 30, 30, 30, 30)
    calendar = replace(HOUR_A_DAY, weekday_minutes=(90, 90, 90, 90, 90, 0, 0), soft_ends_on=DAYS[8])
    spread = Policy(arrangement=Arrangement.SPREAD)
    first = _made(path, calendar, policy=spread)
    panels = [Panel("Planned", first, calendar, until=(DAYS[8], "class ends"))]
    for title, missed in (("roll forward", MissedWork.ROLL_FORWARD), ("compress", MissedWork.COMPRESS)):
        after = _made(path, calendar, policy=replace(spread, missed=missed), base=_stored(first), now=_morning(THU))
        title = f"On Thursday, nothing was done: {title}"
        panels.append(Panel(title, after, calendar, before=first, until=(DAYS[8], "class ends"), today=THU))
    return tuple(panels)


def _notice() -> tuple[Panel, ...]:
    path = _path(30, 30, 30, 30, 30)
    calendar = replace(HOUR_A_DAY, soft_ends_on=FRI, hard_ends_on=FRI)
    first = _made(path, calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    closed = replace(calendar, blackouts=frozenset({FRI}))
    panels = [Panel("Published, the class ends on Friday", first, calendar)]
    for title, days in (("no notice", 0), ("two days of notice", 2)):
        after = _made(path, closed, policy=Policy(notice_days=days), base=_stored(first), now=_morning(MON))
        marks = ((FRI, "day off"),)
        title = f"Friday becomes a day off: {title}"
        panels.append(Panel(title, after, closed, before=first, marks=marks, today=MON, notice=days))
    return tuple(panels)


def _spacing() -> tuple[Panel, ...]:
    plain = _path(30, 30, 30, 30, 30)
    hard = tuple(
        replace(step, kind=StepKind.ASSESSMENT, difficulty=9) if step.id in ("Files", "Maps") else step
        for step in plain.steps
    )
    calendar = replace(HOUR_A_DAY, soft_ends_on=WED)
    spread = Policy(arrangement=Arrangement.SPREAD)
    exams = replace(plain, steps=hard)
    return (
        Panel("Files and Maps are plain steps", _made(plain, calendar, policy=spread), calendar),
        Panel("Files and Maps are hard assessments", _made(exams, calendar, policy=spread), calendar),
    )


def _missed() -> tuple[Panel, ...]:
    path = _path(60, 45, 30, 30, 45, 45)
    first = _made(path)
    base = tuple(
        replace(slot, status=SlotStatus.COMPLETED) if slot.step == "Loops" else slot for slot in _stored(first)
    )
    learner = Learner(completions=(Completion("Loops", first.slots[0].starts_at + timedelta(hours=1)),))
    after = _made(path, learner=learner, base=base, now=_morning(WED))
    return (
        Panel("Planned", first, HOUR_A_DAY),
        Panel("On Wednesday: Lists was missed", after, HOUR_A_DAY, learner, before=first, today=WED),
    )


def _least_change() -> tuple[Panel, ...]:
    path = _path(30, 30, 30, 30, 30, 30)
    calendar = replace(HOUR_A_DAY, soft_ends_on=DAYS[7])
    first = _made(path, calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    closed = replace(calendar, blackouts=frozenset({WED}))
    after = _made(path, closed, base=_stored(first), now=_morning(MON))
    return (
        Panel("Published", first, calendar),
        Panel("Wednesday becomes a day off", after, closed, before=first, marks=((WED, "day off"),), today=MON),
    )


def _pin() -> tuple[Panel, ...]:
    path = _path(30, 30, 60, 45, 45)
    first = _made(path)
    base = _stored(first)
    slot = next(slot for slot in base if slot.step == "Loops")
    learner = Learner(pins=(Pin("Loops", FRI, time(8), slot.id),))
    after = _made(path, learner=learner, base=base, now=_morning(MON))
    return (
        Panel("Planned", first, HOUR_A_DAY),
        Panel("Loops is put on Friday by hand", after, HOUR_A_DAY, before=first, today=MON, note="dot: put by hand"),
    )


def _does_not_fit() -> tuple[Panel, ...]:
    path = _path(60, 60, 60, 45, 60, 45)
    calendar = replace(HOUR_A_DAY, soft_ends_on=FRI)
    found = {each.code: each for each in diagnose(path, calendar, Learner(), Policy(), (), BEFORE).repairs}
    more, later = found[RepairCode.ADD_MINUTES].minutes, found[RepairCode.EXTEND].ends_on
    assert later is not None  # noqa: S101  # this repair has a date
    a, b, c, d, e, f, g = (minutes + more if minutes else 0 for minutes in calendar.weekday_minutes)
    longer, extended = replace(calendar, weekday_minutes=(a, b, c, d, e, f, g)), replace(calendar, soft_ends_on=later)
    return (
        Panel("Too much work", _made(path, calendar), calendar, until=(FRI, "class ends")),
        Panel(f"Repair: {more} more minutes a day", _made(path, longer), longer, until=(FRI, "class ends")),
        Panel(f"Repair: end on {later:%a} {later.day}", _made(path, extended), extended, until=(later, "class ends")),
    )


def _why_here() -> tuple[Panel, ...]:
    edges = (Edge("Loops", "Lists", lag=1), Edge("Lists", "Files"))
    calendar = replace(HOUR_A_DAY, blackouts=frozenset({THU}))
    learner = Learner(leave=frozenset({FRI}))
    made = _made(_path(60, 45, 45, 60, edges=edges), calendar, learner, now=_morning(MON))
    marks = ((THU, "day off"), (FRI, "away"))
    return (Panel("Why is it here?", made, calendar, learner, marks=marks, lines=_sentences(made)),)


def _sentences(made: Plan) -> tuple[str, ...]:
    """The interface's own sentences, in English."""
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        titles = {name: name for name in NAMES}
        return tuple(
            f"{slot.step}: {' '.join(in_words(reason.text, titles) for reason in slot.reasons)}" for slot in made.slots
        )
