"""Every main page: nothing for axe, nothing on the console, nothing beyond the screen's edge."""

import os
import re
from datetime import time

import pytest
from sqlalchemy import select

from portal import clock
from portal.classes.timetable import MeetingDraft, add_meetings
from portal.config import ROOT
from portal.curricula import services as curricula
from portal.library.origin import copy
from portal.models.library import Activity
from portal.models.plans import PlanChange
from portal.models.schedules import ScheduleItem
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import make_cast
from tests.factories.lti import make_course, make_deep_link, unserved

PROOF = "PROOF" in os.environ
WIDTHS = (320, 390, 768, 1280, 1920) if PROOF else (1280, 390)
VIEWS = [(width, scheme) for scheme in ("light", "dark") for width in WIDTHS]


@pytest.fixture(scope="module")
def school(application):
    """A cast with a library, a path, and a path published today; read only."""
    with application.app_context():
        cast = make_cast()
        now = clock.now()
        path = make_path(cast.ada.organization_id, (30, 45, 60, 30), now=now)
        assignment_id = publish(path, cast.class_id, cast.ada, now=now)
        course = make_course(cast.ada.organization_id, cast.class_id, unserved())
        with unit_of_work(organization_id=cast.ada.organization_id) as db:
            copy(now=now)
            curriculum = curricula.create("Loops and lists", "For the first weeks.", actor=cast.ada, now=now)
            activities = db.scalars(select(Activity.id).limit(4)).all()
            steps = curricula.add_steps(curriculum, activities)
            tied = {"anchor": {"meeting": 3, "offset_minutes": -15}, "review_offsets": [1, 7]}
            curricula.set_step(curriculum, steps[1].id, minutes=None, required=True, options=tied, needs={})
            thursdays = MeetingDraft(3, time(10), 90)
            add_meetings(cast.class_id, thursdays, actor=cast.ada, now=now)
            item = db.scalars(select(ScheduleItem.id).where(ScheduleItem.member_id == cast.ben.member_id)).first()
            return cast, {
                "class": cast.class_id,
                "path": curriculum.id,
                "step": steps[1].id,
                "version": path.version_id,
                "assignment": assignment_id,
                "change": db.scalars(select(PlanChange.id)).first(),
                "activity": activities[0],
                "item": item,
                "ben": cast.ben.member_id,
                "deep_link": make_deep_link(course, cast.ada.member_id),
            }


STUDENT = [
    *("/today", "/week", "/progress", "/changes", "/settings/days", "/items/{item}"),
    *("/library", "/library/activities/{activity}"),
    *("/notifications", "/settings", "/settings/notifications", "/settings/calendar", "/organizations"),
]
TEACHER = [
    *("/classes", "/classes/new", "/classes/{class}/progress", "/classes/{class}/people", "/classes/{class}/paths"),
    *(
        "/classes/{class}/calendar",
        "/classes/{class}/edit",
        "/classes/{class}/publish",
        "/classes/{class}/people/{ben}",
    ),
    *("/classes/{class}/plans", "/classes/{class}/plans/new", "/classes/{class}/plans/new?members={ben}"),
    *("/classes/{class}/plans/feasibility", "/classes/{class}/plans/{change}"),
    "/plans/preview?command=relevel&assignment={assignment}&class_id={class}&next=class",
    *("/classes/{class}/publish/preview?version={version}", "/classes/{class}/students/{ben}", "/terms", "/members"),
    "/paths/{path}/steps/{step}",
    *("/paths", "/paths/{path}", "/paths/{path}/add", "/paths/import", "/library", "/library/activities/new"),
    *("/library/activities/{activity}/edit", "/settings/organization"),
    *("/classes/{class}/course", "/classes/{class}/course/grading/{assignment}", "/lti/content/{deep_link}"),
    *("/settings/platforms", "/settings/platforms/new", "/classes/{class}/same-people"),
]
VISITOR = ["/", "/sign-in", "/register", "/reset", "/mailbox"]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("who", ["visitor", "ben", "ada"])
def test_pages_are_sound(school, visit, who, width, scheme):
    cast, ids = school
    actor = None if who == "visitor" else cast.everyone[who]
    here = visit(actor, width=width, scheme=scheme)
    wrong = []
    for path in {"visitor": VISITOR, "ben": STUDENT, "ada": TEACHER}[who]:
        address = path.format(**ids)
        here.go(address)
        wrong += [f"{path}: {each}" for each in here.axe()]
        if PROOF:
            shown = re.sub(r"\W+", "-", path).strip("-") or "welcome"
            here.page.screenshot(path=ROOT / ".screenshots" / f"{shown}-{who}-{width}-{scheme}.png", full_page=True)
        if here.overflows():
            wrong.append(f"{path} scrolls sideways")
    assert wrong == []
    assert here.said == []


def test_nothing_is_wider_or_squeezed_on_the_smallest_phone(school, visit):
    cast, ids = school
    here = visit(cast.ada, width=320)
    here.page.set_viewport_size({"width": 320, "height": 480})
    for path in TEACHER:
        here.go(path.format(**ids))
        assert not here.overflows(), path
        assert here.squeezed() == [], path


def test_the_console_check_notices_a_fault(school, visit):
    here = visit(None)
    here.go("/sign-in")
    with here.page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        here.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
    assert len(here.said) == 1
