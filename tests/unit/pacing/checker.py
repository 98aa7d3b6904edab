"""Lists every hard constraint a plan breaks; written from the rules with plain datetimes, apart from the engine."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

from portal.pacing.results import ConflictCode, Plan, ReasonCode, Slot
from portal.pacing.types import (
    Edge,
    InWeek,
    MissedWork,
    OnWeekday,
    SlotStatus,
    Step,
)
from tests.unit.pacing.case import DAY, Case, at_local, effort, end, is_fixed, locked, moment


def given(case: Case, plan: Plan) -> set[int]:
    """Indexes of slots the engine may not move: done, begun, pinned, anchored, of today and past, left missed."""
    base = {slot.id: slot for slot in case.base}
    steps = {step.id: step for step in case.path.steps}
    found = set()
    for index, slot in enumerate(plan.slots):
        old = base.get(slot.id) if slot.id is not None else None
        stays = old is not None and (old.on, old.start) == (slot.on, slot.start)
        begun = stays and slot.on == case.today and slot.starts_at < case.now
        left = stays and slot.on < case.today and case.policy.missed is MissedWork.LEAVE
        anchored = slot.step in steps and is_fixed(steps[slot.step])
        if slot.status is not SlotStatus.PLANNED or slot.pinned or anchored or begun or left:
            found.add(index)
    return found


def breaches(case: Case, plan: Plan) -> list[str]:
    """Every broken constraint, in words; empty for a lawful plan."""
    fixed = given(case, plan)
    placed = [slot for index, slot in enumerate(plan.slots) if index not in fixed]
    return [
        *_order(case, plan, fixed),
        *_days(case, placed),
        *_caps(case, plan, placed),
        *_windows(case, placed),
        *_overlaps(case, plan, fixed),
        *_history(case, plan),
        *_sizes(case, plan, placed),
        *_notice(case, plan),
        *_given(case, plan),
        *_explained(case, plan),
    ]


def _study_days_after(case: Case, on: date, count: int) -> date:
    limit = max(case.hard_ends_on, on) + 366 * DAY
    while count and on < limit:
        on += DAY
        count -= case.cap(on) > 0
    return on


def _order(case: Case, plan: Plan, fixed: set[int]) -> list[str]:
    found = []
    skipped = {entry.step for entry in plan.left_out}
    unplaced = {entry.step for entry in plan.report.unplaced}
    for edge in case.path.edges:
        mine = [(index, slot) for index, slot in enumerate(plan.slots) if slot.step == edge.step]
        free = [slot for index, slot in mine if index not in fixed]
        if edge.prerequisite in unplaced:
            found += [f"H1 {slot.step} placed without {edge.prerequisite}" for slot in free]
        elif edge.prerequisite not in skipped and (earliest := _opens(case, plan, edge)) is not None:
            found += [f"H1 {slot.step} at {slot.starts_at}, {edge}" for slot in free if slot.starts_at < earliest]
            pins = [slot for index, slot in mine if index in fixed and _is_pin(case, slot)]
            found += _unreported(plan, edge, [slot for slot in pins if slot.starts_at < earliest])
    return found


def _opens(case: Case, plan: Plan, edge: Edge) -> datetime | None:
    """When an edge lets its step begin; None when it does not matter or the inputs leave it open."""
    done = {each.step: each.at for each in case.learner.completions}
    ended = done.get(edge.prerequisite)
    theirs = [slot for slot in plan.slots if slot.step == edge.prerequisite]
    if ended is None and all(slot.status in (SlotStatus.COMPLETED, SlotStatus.SKIPPED) for slot in theirs):
        return None
    if ended is None:
        ended = max(end(slot) for slot in theirs)
    if edge.lag == 0:
        return ended
    counted = ended if edge.prerequisite in done else ended - timedelta(minutes=1)
    here = counted.astimezone(locked(case.zone)).date()
    opens = _study_days_after(case, here, edge.lag) if edge.study_days else here + edge.lag * DAY
    return at_local(case.zone, opens, 0)


def _is_pin(case: Case, slot: Slot) -> bool:
    done = {each.step for each in case.learner.completions}
    is_open = slot.status is SlotStatus.PLANNED and slot.step not in done
    return is_open and (slot.pinned or is_fixed(case.step(slot.step)))


def _unreported(plan: Plan, edge: Edge, pins: list[Slot]) -> list[str]:
    """R3: a pin before its prerequisite is reported."""
    code = ConflictCode.PIN_BEFORE_PREREQUISITE
    reported = {(each.step, each.prerequisite) for each in plan.report.conflicts if each.code is code}
    return [f"R3 unreported {edge}" for _ in pins if (edge.step, edge.prerequisite) not in reported]


def _within_hours(case: Case, slot: Slot) -> bool:
    return any(
        at_local(case.zone, slot.on, each.start.hour * 60 + each.start.minute) <= slot.starts_at
        and end(slot) <= at_local(case.zone, slot.on, (each.until.hour * 60 + each.until.minute) or 1440)
        for each in case.learner.hours or case.calendar.hours
    )


def _days(case: Case, placed: list[Slot]) -> list[str]:
    found = []
    closes = at_local(case.calendar.zone, case.hard_ends_on + DAY, 0)
    opens = max(case.now, at_local(case.calendar.zone, case.first_on, 0))
    for slot in placed:
        if case.cap(slot.on) <= 0:
            found.append(f"H2 {slot.step} on a day without study {slot.on}")
        if not _within_hours(case, slot):
            found.append(f"H2 {slot.step} outside of the hours {slot.on} {slot.start} {slot.minutes}")
        if at_local(case.zone, slot.on, slot.start.hour * 60 + slot.start.minute) != slot.starts_at:
            found.append(f"R11 {slot.step} {slot.on} {slot.start} is not {slot.starts_at}")
        if slot.starts_at < opens:
            found.append(f"H7 {slot.step} at {slot.starts_at} before {opens}")
        if end(slot) > closes:
            found.append(f"H8 {slot.step} ends {end(slot)}")
    return found


def _loads(case: Case, plan: Plan) -> tuple[dict[date, int], dict[date, int]]:
    """Minutes of each day, and of each week by its Monday, with what other paths and today's work have taken."""
    days: dict[date, int] = defaultdict(int)
    weeks: dict[date, int] = defaultdict(int)
    zone = locked(case.zone)
    load = [(slot.on, slot.minutes) for slot in plan.slots]
    load += [(each.starts_at.astimezone(zone).date(), each.minutes) for each in case.learner.taken]
    load.append((case.today, case.learner.extra_minutes_today))
    for on, minutes in load:
        days[on] += minutes
        weeks[on - on.weekday() * DAY] += minutes
    return days, weeks


def _caps(case: Case, plan: Plan, placed: list[Slot]) -> list[str]:
    days, weeks = _loads(case, plan)
    found = [f"H3 {on} holds {days[on]} of {case.cap(on)}" for on in {s.on for s in placed} if days[on] > case.cap(on)]
    if case.calendar.week_cap is not None:
        mondays = {slot.on - slot.on.weekday() * DAY for slot in placed}
        found += [f"H3 week {on} holds {weeks[on]}" for on in mondays if weeks[on] > case.calendar.week_cap]
    return found


def _windows(case: Case, placed: list[Slot]) -> list[str]:
    found = []
    locks = {each.step: each.lock for each in case.learner.extensions if each.lock is not None}
    monday = case.counted_on - case.counted_on.weekday() * DAY
    for slot in placed:
        step = case.step(slot.step)
        window = step.window
        release = window.release if window else None
        lock = locks.get(step.id) or (window.lock if window else None)
        if release is not None and slot.starts_at < moment(case, release, 0):
            found.append(f"H4 {step.id} before its release")
        if lock is not None and end(slot) > moment(case, lock, 1440):
            found.append(f"H4 {step.id} after its lock")
        if isinstance(step.anchor, OnWeekday) and slot.on.weekday() != step.anchor.weekday:
            found.append(f"H4 {step.id} on another weekday")
        if isinstance(step.anchor, InWeek):
            first = monday + 7 * (step.anchor.number - 1) * DAY
            if not first <= slot.on < first + 7 * DAY:
                found.append(f"H4 {step.id} outside of its week")
    return found


def _overlaps(case: Case, plan: Plan, fixed: set[int]) -> list[str]:
    spans = [(s.starts_at, end(s), index not in fixed, str(s.step)) for index, s in enumerate(plan.slots)]
    spans += [(t.starts_at, t.starts_at + timedelta(minutes=t.minutes), False, "taken") for t in case.learner.taken]
    spans = [span for span in spans if span[1] > case.now]
    found = []
    for number, (start, until, free, name) in enumerate(spans):
        for start2, until2, free2, name2 in spans[number + 1 :]:
            if (free or free2) and start < until2 and start2 < until:
                found.append(f"overlap of {name} and {name2} at {max(start, start2)}")
    return found


def _history(case: Case, plan: Plan) -> list[str]:
    """H5 and H6: what is done, begun, pinned or left stands as it was."""
    after = {slot.id: slot for slot in plan.slots if slot.id is not None}
    commanded = {pin.slot for pin in case.learner.pins if pin.slot is not None}
    done = {each.step for each in case.learner.completions}
    steps = {step.id for step in case.path.steps}
    found = []
    for slot in case.base:
        standing = slot.pinned and slot.on >= case.today and slot.step not in done and slot.step in steps
        standing = standing and slot.id not in commanded and not is_fixed(case.step(slot.step))
        if slot.status is SlotStatus.PLANNED and not standing:
            continue
        now = after.get(slot.id)
        same = {"part": 0, "parts": 0, "slack_days": None, "reasons": ()}
        if standing and slot.status is SlotStatus.PLANNED and not case.step(slot.step).splittable:
            same["minutes"] = 0  # an unsplittable pinned slot grows with its step
        if now is None or replace(now, **same) != replace(slot, **same):
            found.append(f"H5/H6 {slot.id} was {slot}, is {now}")
    return found


def _sizes(case: Case, plan: Plan, placed: list[Slot]) -> list[str]:
    found = []
    away = {entry.step for entry in (*plan.left_out, *plan.report.unplaced)}
    remaining = {each.step for each in case.learner.remaining}
    done = {each.step for each in case.learner.completions}
    base = {slot.id: slot for slot in case.base}
    for step in case.path.steps:
        mine = [slot for slot in plan.slots if slot.step == step.id]
        free = [slot for slot in placed if slot.step == step.id]
        if step.id in away and free:
            found.append(f"{step.id} is left out and placed")
        total = sum(slot.minutes for slot in mine)
        whole = effort(case, step)
        stands = mine and all(slot.status is not SlotStatus.PLANNED for slot in mine)
        counted = step.id not in away | remaining | done and not stands and not any(s.pinned for s in mine)
        if counted and (total < whole or (total > whole and free)):
            found.append(f"{step.id} has {total} of {whole} minutes")
        least = min(whole, -(-step.min_session // 5) * 5, sum(slot.minutes for slot in free))
        fresh = [slot for slot in free if slot.id not in base or base[slot.id].minutes != slot.minutes]
        found += [f"H9 {step.id} has a part of {slot.minutes}" for slot in fresh if slot.minutes < least]
        if not step.splittable and len(free) > 1 and len(fresh) == len(free):
            found.append(f"H9 {step.id} is split")
        found += [f"{step.id}: {slot.minutes} minutes off the grid" for slot in fresh if slot.minutes % 5]
    return found


def _notice(case: Case, plan: Plan) -> list[str]:
    """H10 and R5: but for a person's hand and a rescue outside of the notice, a re-plan moves nothing earlier."""
    fixed = {slot.id for index, slot in enumerate(plan.slots) if index in given(case, plan)}
    first = case.today + timedelta(days=case.policy.notice_days)
    found = []
    for move in plan.diff.moved:
        before, after = move.before, move.after
        rescued = any(reason.code is ReasonCode.RESCUE for reason in after.reasons)
        allowed = rescued and min(before.on, after.on) >= first
        if after.starts_at < before.starts_at and after.id not in fixed and not allowed:
            found.append(f"H10 {before.step} from {before.starts_at} to {after.starts_at}")
    return found


REPORTED = (
    ConflictCode.NO_STUDY_DAY,
    ConflictCode.OUTSIDE_HOURS,
    ConflictCode.DAY_OVER_CAP,
    ConflictCode.WEEK_OVER_CAP,
    ConflictCode.BEFORE_RELEASE,
    ConflictCode.BEFORE_START,
    ConflictCode.AFTER_HARD_END,
)


def _given(case: Case, plan: Plan) -> list[str]:
    """R3: each rule a pin or an anchor still to be done breaks is one conflict, and no conflict is made up."""
    expected = set()
    days, weeks = _loads(case, plan)
    for slot in plan.slots:
        if slot.step in {step.id for step in case.path.steps} and _is_pin(case, slot):
            expected |= {(code, slot.step, slot.on) for code in _broken(case, slot, days, weeks)}
    told = {(each.code, each.step, each.on) for each in plan.report.conflicts if each.code in REPORTED}
    return [f"R3 unreported {each}" for each in expected - told] + [f"R3 untrue {each}" for each in told - expected]


def _broken(case: Case, slot: Slot, days: dict[date, int], weeks: dict[date, int]) -> list[ConflictCode]:
    opens = max(case.now, at_local(case.calendar.zone, case.first_on, 0))
    closes = at_local(case.calendar.zone, case.hard_ends_on + DAY, 0)
    cap, week_cap = case.cap(slot.on), case.calendar.week_cap
    release = _release(case, case.step(slot.step))
    checks = {
        ConflictCode.NO_STUDY_DAY: cap <= 0,
        ConflictCode.OUTSIDE_HOURS: cap > 0 and not _within_hours(case, slot),
        ConflictCode.DAY_OVER_CAP: cap > 0 and days[slot.on] > cap,
        ConflictCode.WEEK_OVER_CAP: week_cap is not None and weeks[slot.on - slot.on.weekday() * DAY] > week_cap,
        ConflictCode.BEFORE_RELEASE: release is not None and release > opens and slot.starts_at < release,
        ConflictCode.BEFORE_START: slot.starts_at < opens,
        ConflictCode.AFTER_HARD_END: end(slot) > closes,
    }
    return [code for code, broken in checks.items() if broken]


def _release(case: Case, step: Step) -> datetime | None:
    """The window's release or the Monday of the step's week, whichever is later."""
    found = [] if step.window is None or step.window.release is None else [moment(case, step.window.release, 0)]
    if isinstance(step.anchor, InWeek):
        monday = case.counted_on - case.counted_on.weekday() * DAY
        found.append(at_local(case.zone, monday + 7 * (step.anchor.number - 1) * DAY, 0))
    return max(found, default=None)


def _explained(case: Case, plan: Plan) -> list[str]:
    """R13: what the engine placed says why, names real steps, and a rescue names the step it saves."""
    steps = {step.id for step in case.path.steps}
    found = []
    for slot in plan.slots:
        if slot.id is None and not slot.reasons:
            found.append(f"R13 {slot.step} on {slot.on} says nothing")
        named = {ReasonCode.PREREQUISITE, ReasonCode.RESCUE, ReasonCode.REVIEW, ReasonCode.APART}
        wrong = [reason for reason in slot.reasons if reason.code in named and reason.step is None]
        wrong += [reason for reason in slot.reasons if slot.id is None and reason.step not in steps | {None}]
        found += [f"R13 {slot.step}: {reason}" for reason in wrong]
    return found
