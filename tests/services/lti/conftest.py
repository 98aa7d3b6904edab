"""A platform over HTTP, a course of it that is a class, and its work done at once."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.config import Settings
from portal.jobs import runner
from portal.models.classes import Classroom
from portal.models.people import DueWork
from portal.models.schedules import ScheduleItem
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.platform import Platform, serve
from tests.factories.assignments import Path, items, make_path, publish, schedules
from tests.factories.cast import Cast
from tests.factories.lti import Course, make_course, make_lti_user


@pytest.fixture
def near(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Platforms may stand on this machine."""
    monkeypatch.setitem(app.extensions, "settings", replace(settings, lti_private_addresses=True))


@pytest.fixture
def platform() -> Iterator[Platform]:
    with serve(tool="http://127.0.0.1:9") as made:
        yield made


@pytest.fixture
def course(near: None, cast: Cast, platform: Platform) -> Course:
    """The cast's class is the platform's course."""
    return make_course(cast.ada.organization_id, cast.class_id, platform)


@pytest.fixture
def work(cast: Cast) -> Callable[..., int]:
    """Run what is due for the cast's organization until nothing is; the number of pointers run.

    At the real time, since the platform's tokens live in it.
    """

    def run(until: datetime | None = None, limit: int = 200) -> int:
        organization_id = str(cast.ada.organization_id)
        ran: set[tuple[str, uuid.UUID, datetime]] = set()
        while len(ran) < limit:
            with unit_of_work() as db:
                due = db.scalars(
                    select(DueWork)
                    .where(DueWork.organization_id == organization_id, DueWork.failed_at.is_(None))
                    .where(DueWork.due_at <= (until or clock.now()))
                    .order_by(DueWork.due_at, DueWork.id)
                ).all()
                # What comes every day, run before its time, is owed for that same time again.
                owed = {(row.kind, row.target_id, row.due_at): row.id for row in due}
            fresh = owed.keys() - ran
            if not fresh:
                return len(ran)
            for key in owed:
                if key in fresh:
                    runner.run(str(owed[key]), organization_id, None)
            ran |= fresh
        raise AssertionError("due work does not come to an end")

    return run


@pytest.fixture
def begins_today(cast: Cast) -> None:
    """The cast's class begins today, so that its first item is at hand."""
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.execute(update(Classroom).where(Classroom.id == cast.class_id).values(starts_on=clock.now().date()))


@pytest.fixture
def graded(
    cast: Cast, course: Course, begins_today: None, work: Callable[..., int]
) -> tuple[Path, uuid.UUID, list[ScheduleItem]]:
    """ben studies a path of four hours whose column is in the gradebook: the path, its assignment, his items."""
    make_lti_user(course, "ben", cast.ben.member_id)
    path = make_path(course.organization_id)
    assignment_id = publish(path, cast.class_id, cast.ada, now=clock.now())
    work()
    (schedule,) = schedules(cast.ada, assignment_id).values()
    return path, assignment_id, items(cast.ada, schedule.id)
