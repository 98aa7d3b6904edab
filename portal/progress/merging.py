"""One learner who was known twice: what was done under the one goes to the other, and nothing that was done is lost."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from portal.events.outbox import emit_all
from portal.models.schedules import ItemStatus, ProgressEvent, Schedule, ScheduleItem
from portal.progress.services import MAX_NOTE_CHARACTERS
from portal.schedules.write import bump_feeds
from portal.tenancy.scope import session


def take_over(before: uuid.UUID, after: uuid.UUID, *, now: datetime) -> None:
    """Give one member's work to another, who stays.

    A plan of a path the other has no plan of goes over as it is. Where both have one, finished parts go over step by
    step; of a step that both have finished the earlier completion counts.
    """
    own = {schedule.assignment_id: schedule for schedule in _schedules(after)}
    for schedule in _schedules(before):
        if schedule.assignment_id in own:
            _credit(schedule, own[schedule.assignment_id], now=now)
        else:
            schedule.member_id = after
            session().execute(
                update(ScheduleItem).where(ScheduleItem.schedule_id == schedule.id).values(member_id=after)
            )
    session().execute(update(ProgressEvent).where(ProgressEvent.member_id == before).values(member_id=after))
    bump_feeds([before, after], now=now)


def _schedules(member_id: uuid.UUID) -> Sequence[Schedule]:
    return (
        session()
        .scalars(select(Schedule).where(Schedule.member_id == member_id).order_by(Schedule.id).with_for_update())
        .all()
    )


def _credit(given: Schedule, own: Schedule, *, now: datetime) -> None:
    items = _items(own)
    changed: list[ScheduleItem] = []
    for step_id, theirs in _items(given).items():
        done = [item for item in theirs if item.status is ItemStatus.COMPLETED]
        mine = items[step_id]
        _keep_notes(theirs, mine)
        if done and not mine:
            for item in done:
                item.schedule_id, item.member_id = own.id, own.member_id
            changed += done
        elif done:
            changed += _credit_step(done, mine, whole=len(done) == len(theirs), now=now)
    for item in changed:
        item.sequence, item.changed_at = item.sequence + 1, now
    emit_all("item.completed", [{"item_id": item.id, "schedule_id": own.id} for item in changed], now=now)


def _items(schedule: Schedule) -> defaultdict[uuid.UUID, list[ScheduleItem]]:
    """A plan's items by step, in the order of their parts."""
    found: defaultdict[uuid.UUID, list[ScheduleItem]] = defaultdict(list)
    for item in session().scalars(
        select(ScheduleItem)
        .where(ScheduleItem.schedule_id == schedule.id, ScheduleItem.removed_at.is_(None))
        .order_by(ScheduleItem.part)
        .with_for_update()
    ):
        found[item.version_step_id].append(item)
    return found


def _credit_step(
    done: Sequence[ScheduleItem], mine: Sequence[ScheduleItem], *, whole: bool, now: datetime
) -> list[ScheduleItem]:
    """The items of a step that change: as many are completed as the other's finished parts are worth."""
    worth = sum(item.minutes for item in done)
    began_at = min(item.started_at or item.finished_at or now for item in done)
    finished_at = max(item.finished_at or now for item in done)
    changed = []
    for item in mine:
        worth -= item.minutes
        if item.status is ItemStatus.COMPLETED:
            earlier = whole and item.finished_at is not None and finished_at < item.finished_at
        else:
            earlier = whole or worth >= 0
        if earlier:
            item.status, item.running_since = ItemStatus.COMPLETED, None
            item.started_at, item.finished_at = began_at, finished_at
            item.actual_minutes = item.actual_minutes or item.minutes
            changed.append(item)
    return changed


def _keep_notes(theirs: Sequence[ScheduleItem], mine: Sequence[ScheduleItem]) -> None:
    notes = [item.note for item in theirs if item.note]
    if notes and mine:
        mine[0].note = "\n\n".join(filter(None, (mine[0].note, *notes)))[:MAX_NOTE_CHARACTERS]
