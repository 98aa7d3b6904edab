"""Pages as a launch shows them, and those of its admins: nothing for axe, on the console, or beyond the edge."""

import os
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import update

from portal import clock
from portal.accounts.services import mint_link
from portal.config import ROOT
from portal.jobs.progress import advance
from portal.lti import dynamic
from portal.lti.roster import services as roster
from portal.models.lti import ClientState, LtiClient, LtiUser
from portal.models.organizations import Member, MemberStatus, Role
from portal.models.people import User
from portal.progress.services import complete
from portal.security import sign_ins
from portal.tenancy.scope import unit_of_work
from portal.web.sessions import LAUNCH_COOKIE, LAUNCHED
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import make_cast, make_member
from tests.factories.lti import join, make_course, make_deep_link, make_lti_user, unserved

PROOF = "PROOF" in os.environ
VIEWS = [(width, scheme) for scheme in ("light", "dark") for width in (1280, 390)]


@pytest.fixture(scope="module")
def school(application: Flask):
    """A course whose roster is being read: a learner at work, somebody known twice, a registration that waits."""
    with application.app_context():
        cast = make_cast()
        now, here = clock.now(), cast.ada.organization_id
        course = make_course(here, cast.class_id, unserved())
        make_lti_user(course, "ben", cast.ben.member_id)
        path = make_path(here, (30, 45, 60, 30), title="Cells and tissues", now=now - timedelta(days=1))
        assignment_id = publish(path, cast.class_id, cast.ada, now=now - timedelta(days=1))
        own = items(cast.ada, schedules(cast.ada, assignment_id)["Ben"].id)
        roster_member = make_member(here, None, Role.STUDENT, name="Sam S.", email="sam@example.org")
        twin = join(cast, course, "sam sample")
        with unit_of_work(organization_id=here) as db:
            complete(own[0].id, actor=cast.ben, now=now)
            values = {"name": "Sam Sample", "email": "sam@example.org", "merge_with_id": roster_member}
            db.execute(update(LtiUser).where(LtiUser.member_id == twin).values(values))
            db.execute(update(Member).where(Member.id == twin).values(status=MemberStatus.ACTIVE))
            run_id = roster.begin(cast.class_id, member_id=cast.ada.member_id, now=now)
            known = db.get_one(LtiClient, course.client_id)
            values = {"platform_id": known.platform_id, "client_id": "10000000000042", "state": ClientState.PENDING}
            urls = {"auth_login_url": known.auth_login_url, "token_url": known.token_url}
            db.add(LtiClient(organization_id=here, created_at=now, **values, **urls))
            link = dynamic.make_link(actor=cast.ada, now=now)
        with unit_of_work(organization_id=here):
            advance(run_id, 40)
        with unit_of_work(user_id=cast.cleo.user_id) as db:
            token = mint_link(db.get_one(User, cast.cleo.user_id), twin, now=now)
        deep_link = make_deep_link(course, cast.ada.member_id)
        ids = {"class": cast.class_id, "item": own[1].id, "assignment": assignment_id, "deep_link": deep_link}
        return cast, twin, ids | {"registration": link, "organization": here, "token": token}


LEARNER = ["/lti/learn/{class}", "/lti/learn", "/items/{item}", "/today", "/week", "/lti/link"]
TEACHER = [
    *(
        "/classes/{class}/course",
        "/classes/{class}/same-people",
        "/classes/{class}/progress",
        "/lti/content/{deep_link}",
    ),
    *("/classes/{class}/course/grading/{assignment}", "/lti/link"),
]
ADMIN = ["/settings/platforms", "/settings/platforms/new"]
VISITOR = ["/lti/link/{organization}/{token}", "/lti/register/{registration}"]
PAGES = {"learner": LEARNER, "new": ["/lti/learn"], "teacher": TEACHER, "admin": ADMIN, "visitor": VISITOR}


def launched(application: Flask, actor_id, organization_id) -> str:
    """The value of a launch's cookie."""
    with unit_of_work(organization_id=organization_id):
        begun = sign_ins.begin_launch(actor_id, organization_id=organization_id, now=clock.now())
    serializer = SecureCookieSessionInterface().get_signing_serializer(application)
    return str(serializer.dumps({LAUNCHED: "https://lms.example", "home": "/lti/learn", "_user_id": begun.token}))


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("who", PAGES)
def test_embedded_pages_are_sound(application, app, school, visit, site, who, width, scheme):
    cast, twin, ids = school
    here = visit(cast.ada if who == "admin" else None, width=width, scheme=scheme)
    member = {"learner": cast.ben.member_id, "new": twin, "teacher": cast.ada.member_id}.get(who)
    if member is not None:
        value = launched(application, member, cast.ada.organization_id)
        here.page.context.add_cookies([{"name": LAUNCH_COOKIE, "value": value, "url": site}])
    wrong = []
    for path in PAGES[who]:
        here.go(path.format(**ids))
        wrong += [f"{path}: {each}" for each in here.axe()]
        if PROOF:
            shown = re.sub(r"\W+", "-", path).strip("-")
            file = ROOT / ".screenshots" / f"lti-{shown}-{who}-{width}-{scheme}.png"
            here.page.screenshot(path=file, full_page=True)
        if here.overflows():
            wrong.append(f"{path} scrolls sideways")
    assert wrong == []
    assert here.said == []
