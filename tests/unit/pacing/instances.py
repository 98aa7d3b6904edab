"""Generated pacing instances, and a judge of the hard rules written apart from the engine."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from portal.pacing.results import Plan
from portal.pacing.types import (
    Arrangement,
    ClassCalendar,
    DayOffset,
    Edge,
    Hours,
    Learner,
    Overload,
    PathVersion,
    Policy,
    Step,
    Window,
)

ZONES = sorted(available_timezones())
START = date(2026, 3, 2)  # a Monday, before the clocks change


@dataclass(frozen=True)
class Instance:
    path: PathVersion
    calendar: ClassCalendar
    learner: Learner
    policy: Policy
    now: datetime


@st.composite
def paths(draw) -> PathVersion:
    count = draw(st.integers(1, 14))
    steps = []
    for number in range(count):
        splittable = draw(st.booleans())
        minutes = draw(st.integers(1, 24)) * 5
        window = draw(
            st.one_of(
                st.none(),
                st.builds(Window, release=st.builds(DayOffset, st.integers(0, 20))),
                st.builds(Window, due=st.builds(DayOffset, st.integers(0, 40))),
                st.builds(Window, lock=st.builds(DayOffset, st.integers(5, 60))),
            )
        )
        steps.append(
            Step(
                id=number,
                minutes=minutes,
                splittable=splittable,
                min_session=draw(st.sampled_from((5, 10, 15, 30))),
                required=draw(st.booleans()),
                window=window,
                week=draw(st.one_of(st.none(), st.integers(1, 6))),
            )
        )
    edges = {}
    for later in range(1, count):
        for earlier in draw(st.sets(st.integers(0, later - 1), max_size=2)):
            edges[earlier, later] = Edge(earlier, later, draw(st.integers(0, 4)), draw(st.booleans()))
    return PathVersion(tuple(steps), tuple(edges.values()))


@st.composite
def instances(draw) -> Instance:
    week = tuple(draw(st.sampled_from((0, 0, 30, 45, 60, 90, 120))) for _ in range(7))
    if not any(week):
        week = (60, 0, 0, 0, 0, 0, 0)
    days_off = draw(st.frozensets(st.integers(0, 60), max_size=8))
    soft = START + timedelta(days=draw(st.integers(10, 90)))
    calendar = ClassCalendar(
        zone=draw(st.sampled_from(ZONES)),
        starts_on=START,
        weekday_minutes=week,
        soft_ends_on=draw(st.one_of(st.none(), st.just(soft))),
        hard_ends_on=soft + timedelta(days=draw(st.integers(0, 60))),
        hours=draw(
            st.sampled_from(
                (
                    (Hours(time(8), time(22)),),
                    (Hours(time(7), time(9)), Hours(time(17), time(20))),
                    (Hours(time(0), time(0)),),
                )
            )
        ),
        week_cap=draw(st.one_of(st.none(), st.sampled_from((60, 120, 200)))),
        blackouts=frozenset(START + timedelta(days=number) for number in days_off),
    )
    learner = Learner(
        starts_on=draw(st.one_of(st.none(), st.integers(0, 20).map(lambda days: START + timedelta(days=days)))),
        zone=draw(st.one_of(st.none(), st.sampled_from(ZONES))),
        leave=frozenset(START + timedelta(days=d) for d in draw(st.frozensets(st.integers(0, 40), max_size=5))),
        pace_percent=draw(st.sampled_from((100, 150))),
    )
    policy = Policy(arrangement=draw(st.sampled_from(Arrangement)), overload=draw(st.sampled_from(Overload)))
    now = datetime(2026, 2, 20, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 40 * 24 * 60)))
    return Instance(draw(paths()), calendar, learner, policy, now)


def breaches(case: Instance, plan: Plan) -> list[str]:
    """Every hard rule that a plan without given slots breaks."""
    return [
        *_days(case, plan),
        *_caps(case, plan),
        *_order(case, plan),
        *_wholeness(case, plan),
        *_instants(case, plan),
    ]


def _zone(case: Instance) -> str:
    return case.learner.zone or case.calendar.zone


def _days(case: Instance, plan: Plan) -> list[str]:
    found = []
    first = case.learner.starts_on or case.calendar.starts_on
    now = case.now.astimezone(ZoneInfo(_zone(case))).replace(tzinfo=None)
    for slot in plan.slots:
        if not case.calendar.weekday_minutes[slot.on.weekday()]:
            found.append(f"H2 {slot.on} is no study day")
        if slot.on in case.calendar.blackouts | case.learner.leave:
            found.append(f"H2 {slot.on} is off")
        if slot.on < first or datetime.combine(slot.on, slot.start) < now.replace(second=0, microsecond=0):
            found.append(f"H7 {slot.on} {slot.start} is before the start or now")
        if case.calendar.hard_ends_on and slot.on > case.calendar.hard_ends_on:
            found.append(f"H8 {slot.on} is after the hard end")
        begin = slot.start.hour * 60 + slot.start.minute
        spans = [
            (h.start.hour * 60 + h.start.minute, (h.until.hour * 60 + h.until.minute) or 1440)
            for h in case.calendar.hours
        ]
        if not any(a <= begin and begin + slot.minutes <= b for a, b in spans):
            found.append(f"H2 {slot.on} {slot.start} is outside the study hours")
    return found


def _caps(case: Instance, plan: Plan) -> list[str]:
    found = []
    days, weeks = defaultdict(int), defaultdict(int)
    taken = defaultdict(list)
    for slot in plan.slots:
        days[slot.on] += slot.minutes
        weeks[slot.on - timedelta(days=slot.on.weekday())] += slot.minutes
        begin = slot.start.hour * 60 + slot.start.minute
        taken[slot.on].append((begin, begin + slot.minutes))
    found += [
        f"H3 {day} is overfull" for day, used in days.items() if used > case.calendar.weekday_minutes[day.weekday()]
    ]
    if case.calendar.week_cap is not None:
        found += [f"H3 the week of {week} is overfull" for week, used in weeks.items() if used > case.calendar.week_cap]
    for day, blocks in taken.items():
        blocks.sort()
        found += [f"{day} overlaps" for a, b in pairwise(blocks) if b[0] < a[1]]
    return found


def _order(case: Instance, plan: Plan) -> list[str]:
    found = []
    by_step = defaultdict(list)
    for slot in plan.slots:
        by_step[slot.step].append(slot)
    dropped = {entry.step for entry in plan.left_out}
    for edge in case.path.edges:
        if edge.step not in by_step or edge.prerequisite in dropped:
            continue
        if edge.prerequisite not in by_step:
            found.append(f"H1 {edge.step} stands without {edge.prerequisite}")
            continue
        last = max(by_step[edge.prerequisite], key=lambda slot: (slot.on, slot.start))
        first = min(by_step[edge.step], key=lambda slot: (slot.on, slot.start))
        end = datetime.combine(last.on, last.start) + timedelta(minutes=last.minutes)
        if datetime.combine(first.on, first.start) < end:
            found.append(f"H1 {edge.step} begins before {edge.prerequisite} ends")
        if edge.lag and not edge.study_days and (first.on - last.on).days < edge.lag:
            found.append(f"H1 {edge.step} keeps no lag of {edge.lag} days")
        if edge.lag and edge.study_days:
            between = [last.on + timedelta(days=n) for n in range(1, (first.on - last.on).days + 1)]
            off = case.calendar.blackouts | case.learner.leave
            study = [d for d in between if case.calendar.weekday_minutes[d.weekday()] and d not in off]
            if len(study) < edge.lag:
                found.append(f"H1 {edge.step} keeps no lag of {edge.lag} study days")
    return found


def _wholeness(case: Instance, plan: Plan) -> list[str]:
    found = []
    minutes = defaultdict(list)
    for slot in plan.slots:
        minutes[slot.step].append(slot.minutes)
    out = {entry.step for entry in (*plan.report.unplaced, *plan.left_out)}
    for step in case.path.steps:
        effort = -(-step.minutes * case.learner.pace_percent // 500) * 5
        parts = minutes.get(step.id, [])
        if step.id in out:
            found += [f"{step.id} is both placed and left out"] if parts else []
            continue
        if sum(parts) != effort:
            found.append(f"{step.id} has {sum(parts)} of {effort} minutes")
        if not step.splittable and len(parts) > 1:
            found.append(f"H9 {step.id} is split")
        if any(part < min(step.min_session, effort) for part in parts):
            found.append(f"H9 {step.id} has a part below its shortest session")
    return found


def _instants(case: Instance, plan: Plan) -> list[str]:
    info = ZoneInfo(_zone(case))
    return [
        f"R11 {slot.starts_at} is not {slot.on} {slot.start}"
        for slot in plan.slots
        if slot.starts_at.astimezone(info).replace(tzinfo=None) != datetime.combine(slot.on, slot.start)
    ]
