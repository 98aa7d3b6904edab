"""On demand: which required steps do not fit together, and what to change. Every answer was planned with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from portal.pacing.results import Base, Plan, Repair, RepairCode, Verdict
from portal.pacing.types import ClassCalendar, Id, Learner, PathVersion, Policy, SlotStatus, WeekMinutes

_MINUTES = (15, 30, 45, 60, 90, 120)
_MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Question:
    """The inputs of a plan that may not fit, and the planner to ask."""

    path: PathVersion
    calendar: ClassCalendar
    learner: Learner
    policy: Policy
    base: Base
    now: datetime
    plan: Callable[..., Plan]

    def fits(self) -> bool:
        """Whether all required work has its place in time."""
        made = self.plan(self.path, self.calendar, self.learner, self.policy, self.base, self.now)
        return made.report.verdict is Verdict.FEASIBLE

    def without(self, steps: frozenset[Id]) -> "Question":
        """The same without some steps; what waited for them waits no more."""
        path = PathVersion(
            tuple(step for step in self.path.steps if step.id not in steps),
            tuple(edge for edge in self.path.edges if edge.step not in steps and edge.prerequisite not in steps),
        )
        learner = replace(self.learner, pins=tuple(pin for pin in self.learner.pins if pin.step not in steps))
        return replace(self, path=path, learner=learner)

    def fresh(self) -> "Question":
        """Without the open slots, so that all that may move is placed anew."""
        base = tuple(slot for slot in self.base if slot.status is not SlotStatus.PLANNED or slot.pinned)
        return replace(self, base=base)


def conflict_set(question: Question) -> tuple[Id, ...]:
    """Required steps that do not fit together though any of them may be left away; () if they fit when placed anew."""
    question = question.fresh()
    optional = frozenset(step.id for step in question.path.steps if not step.required)
    if question.without(optional).fits():
        return ()
    away, before = optional, None
    while away != before:  # leaving one away may make another dispensable to a planner that is not exact
        before = away
        for step in reversed(question.path.steps):
            if step.required and step.id not in away and not question.without(away | {step.id}).fits():
                away |= {step.id}
    return tuple(step.id for step in question.path.steps if step.id not in away)


def repairs(question: Question) -> tuple[Repair, ...]:
    """Changes that make it fit: more minutes on the study days, fewer optional steps, later ends."""
    found = (_minutes(question), _drop(question), _extend(question))
    return tuple(each for each in found if each is not None)


def _minutes(question: Question) -> Repair | None:
    """The fewest minutes more a day that help, and then no weekday that can do without them."""
    week = question.learner.weekday_minutes or question.calendar.weekday_minutes
    weekdays = tuple(day for day, minutes in enumerate(week) if minutes)
    more = next((each for each in _MINUTES if weekdays and _longer(question, each, weekdays).fits()), None)
    if more is None:
        return None
    for day in reversed(weekdays):
        fewer = tuple(each for each in weekdays if each != day)
        if fewer and _longer(question, more, fewer).fits():
            weekdays = fewer
    return Repair(RepairCode.ADD_MINUTES, minutes=more, weekdays=weekdays)


def _longer(question: Question, more: int, weekdays: tuple[int, ...]) -> Question:
    def longer(week: WeekMinutes) -> WeekMinutes:
        a, b, c, d, e, f, g = (each + more if day in weekdays else each for day, each in enumerate(week))
        return a, b, c, d, e, f, g

    own = question.learner.weekday_minutes
    return replace(
        question,
        calendar=replace(question.calendar, weekday_minutes=longer(question.calendar.weekday_minutes)),
        learner=question.learner if own is None else replace(question.learner, weekday_minutes=longer(own)),
    )


def _drop(question: Question) -> Repair | None:
    """The fewest optional steps, from the end, as one by one they are left out."""
    optional = [step.id for step in reversed(question.path.steps) if not step.required]
    if not optional or not question.without(frozenset(optional)).fits():
        return None
    dropped = list(optional)
    for step in optional[::-1]:
        rest = [each for each in dropped if each != step]
        if question.without(frozenset(rest)).fits():
            dropped = rest
    return Repair(RepairCode.DROP_OPTIONAL, steps=tuple(dropped[::-1]))


def _extend(question: Question) -> Repair | None:
    """The first later end that helps, by doubling and then halving the study days."""
    ends = [on for on in (question.calendar.soft_ends_on, question.calendar.hard_ends_on) if on is not None]
    if question.learner.ends_on is not None:
        ends = [question.learner.ends_on]
    if not ends:
        return None
    days = [min(ends), *_study_days(question, min(ends))]
    reach = next((n for n in (1, 2, 4, 8, 16, 32, 64, len(days) - 1) if _until(question, days, n).fits()), None)
    if reach is None:
        return None
    low, high = reach // 2, reach
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _until(question, days, middle).fits() else (middle, high)
    return Repair(RepairCode.EXTEND, study_days=high, ends_on=days[high])


def _study_days(question: Question, last: date) -> Iterator[date]:
    week = question.learner.weekday_minutes or question.calendar.weekday_minutes
    off = question.calendar.blackouts | question.learner.leave
    count = 0
    for number in range(1, 5 * 366 if any(week) else 0):
        on = last + timedelta(days=number)
        if week[on.weekday()] and on not in off:
            count += 1
            yield on
        if count == _MOST_DAYS:
            return


def _until(question: Question, days: list[date], number: int) -> Question:
    """With the soft end, and where it has to the hard end, on a later day. The date is the class's, so none shifts."""
    on, calendar = days[min(number, len(days) - 1)], question.calendar
    hard = calendar.hard_ends_on
    calendar = replace(
        calendar,
        soft_ends_on=None if calendar.soft_ends_on is None else max(on, calendar.soft_ends_on),
        hard_ends_on=None if hard is None else max(on, hard),
    )
    own = question.learner.ends_on
    learner = question.learner if own is None else replace(question.learner, ends_on=max(on, own))
    return replace(question, calendar=calendar, learner=learner)
