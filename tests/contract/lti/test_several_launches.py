"""Launches side by side: many of one browser, two teachers of one course, an admin at work between the two halves."""

import threading

from sqlalchemy import func, select, update

from portal.lti import states
from portal.models.classes import Classroom
from portal.models.lti import LtiContext, LtiPlatform
from portal.tenancy.scope import unit_of_work
from portal.web.sessions import LAUNCH_COOKIE
from tests.contract.lti.launching import INSTRUCTOR, Lms


def names(browser) -> set[str]:
    return {cookie.key for cookie in browser._cookies.values()}


def test_several_tabs_begin_and_end_their_launches_in_any_order(lms: Lms):
    browser = lms.browser()
    tabs = [lms.asked(browser) for _ in range(states.MOST_COOKIES)]
    for asked in reversed(tabs):
        assert lms.send(browser, asked["state"], lms.sign(lms.claims(asked["nonce"]))).status_code == 303
    assert names(browser) == {LAUNCH_COOKIE}, "what was used is forgotten"


def test_a_browser_that_begins_launch_after_launch_keeps_the_newest_few(lms: Lms):
    browser = lms.browser()
    begun = [lms.asked(browser) for _ in range(3 * states.MOST_COOKIES)]
    assert len(names(browser)) == states.MOST_COOKIES
    newest = begun[-1]
    assert lms.send(browser, newest["state"], lms.sign(lms.claims(newest["nonce"]))).status_code == 303
    oldest = begun[0]
    assert lms.send(browser, oldest["state"], lms.sign(lms.claims(oldest["nonce"]))).status_code == 403
    assert lms.reasons() == ["no_cookies"]


def test_two_teachers_who_open_a_course_at_once_make_one_class(lms: Lms):
    both = threading.Barrier(2)
    answers = []

    def open_course(sub: str) -> None:
        browser = lms.browser()
        asked = lms.asked(browser)
        token = lms.sign(lms.claims(asked["nonce"], sub=sub, roles=[INSTRUCTOR]))
        both.wait(timeout=60)
        answers.append(lms.send(browser, asked["state"], token).status_code)

    lms.launch(sub="learner")  # the course is known and has no class yet
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        before = db.scalar(select(func.count()).select_from(Classroom))
    threads = [threading.Thread(target=open_course, args=(sub,)) for sub in ("teacher-1", "teacher-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert answers == [303, 303]
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        assert db.scalar(select(func.count()).select_from(Classroom)) == before + 1
        assert db.scalars(select(LtiContext.class_id)).one() is not None


def test_a_platform_whose_key_set_was_changed_between_the_halves_is_refused(lms: Lms):
    browser = lms.browser()
    asked = lms.asked(browser)
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        db.execute(update(LtiPlatform).values(jwks_url=lms.issuer + "/other"))
    assert lms.send(browser, asked["state"], lms.sign(lms.claims(asked["nonce"]))).status_code == 403
    assert lms.reasons() == ["registration_disabled"]
    assert lms.trace() == (0, 0)
