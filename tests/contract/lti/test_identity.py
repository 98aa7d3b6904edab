"""Who a launch is: organization, platform and sub; a session confined to its organization; merging and linking."""

import pytest
from sqlalchemy import select

from portal.models.classes import Enrolment, EnrolmentStatus
from portal.models.lti import LtiContext, LtiUser
from portal.models.organizations import Member, MemberStatus, Role
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.launching import GONE, INSTRUCTOR, Lms
from tests.factories.cast import PASSWORD, make_member, make_user


def person(lms: Lms, sub: str) -> tuple[LtiUser, Member]:
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        row = db.execute(
            select(LtiUser, Member).join(Member, Member.id == LtiUser.member_id).where(LtiUser.sub == sub)
        ).one()
        db.expunge_all()
        return row[0], row[1]


def class_of(lms: Lms):
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        return db.scalars(select(LtiContext.class_id)).one()


def classes_of(lms: Lms, member_id):
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        return db.scalars(
            select(Enrolment.class_id).where(
                Enrolment.member_id == member_id, Enrolment.status == EnrolmentStatus.ACTIVE
            )
        ).all()


def test_a_changed_address_is_the_same_person_and_a_shared_one_is_not(lms: Lms):
    lms.launch(sub="a", email="one@example.org")
    lms.launch(sub="a", email="two@example.org")
    lms.launch(sub="b", email="one@example.org")
    assert lms.trace()[1] == 2
    assert person(lms, "a")[1].id != person(lms, "b")[1].id


def test_a_launch_with_an_owners_address_is_nobody_special(lms: Lms):
    lms.launch(sub="liar", email=lms.admin.email, roles=[INSTRUCTOR])
    _user, member = person(lms, "liar")
    assert (member.id == lms.admin.member_id, member.email, member.user_id) == (False, None, None)


PASSWORD_PAGES = ["/settings", "/organizations", "/members", "/settings/platforms", "/settings/organization"]


@pytest.mark.parametrize("page", PASSWORD_PAGES)
def test_a_launch_session_reaches_no_page_of_accounts_or_admins(lms: Lms, page):
    browser = lms.browser()
    lms.launch(browser, sub="teacher", roles=[INSTRUCTOR])
    assert browser.get(page).status_code in (302, 403)


def test_a_launch_session_cannot_switch_or_reach_another_organization(lms: Lms, cast):
    browser = lms.browser()
    lms.launch(browser, sub="teacher", roles=[INSTRUCTOR])
    answer = browser.post("/organizations/switch", data={"organization": str(cast.dora.organization_id)})
    assert answer.headers["Location"].startswith("/sign-in")
    assert browser.get(f"/classes/{cast.foreign_class_id}/people").status_code == 404


def test_a_removed_member_may_not_launch_again(lms: Lms):
    lms.launch(sub="learner")
    _user, member = person(lms, "learner")
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        db.get_one(Member, member.id).status = MemberStatus.REMOVED
    assert lms.launch(sub="learner").status_code == 403
    assert lms.reasons() == ["member_removed"]


@pytest.fixture
def twins(lms: Lms):
    """A roster entry and a launched learner with one address, in the course's class; (roster member, teacher)."""
    teacher = lms.browser()
    lms.launch(teacher, sub="teacher", roles=[INSTRUCTOR], email=GONE)
    roster = make_member(lms.admin.organization_id, None, Role.STUDENT, name="Sam S.", email="sam@example.org")
    lms.launch(sub="learner", email="sam@example.org")
    return roster, teacher


def test_a_shared_address_is_offered_to_the_teacher_and_merged_only_by_the_teacher(lms: Lms, twins):
    roster, teacher = twins
    user, before = person(lms, "learner")
    assert before.id != roster
    address = f"/classes/{class_of(lms)}/same-people"
    assert "Sam S." in teacher.get(address).text
    assert teacher.post(f"{address}/{user.id}/merge").status_code == 303
    assert person(lms, "learner")[1].id == roster
    assert classes_of(lms, roster) == [class_of(lms)]
    assert classes_of(lms, before.id) == []
    assert lms.launch(sub="learner").status_code == 303
    assert "Sam S." not in teacher.get(address).text


def test_two_people_are_not_offered_again(lms: Lms, twins):
    _roster, teacher = twins
    user, before = person(lms, "learner")
    address = f"/classes/{class_of(lms)}/same-people"
    teacher.post(f"{address}/{user.id}/apart")
    assert "Sam S." not in teacher.get(address).text
    assert teacher.post(f"{address}/{user.id}/merge").status_code == 404
    assert person(lms, "learner")[1].id == before.id


def test_a_member_with_an_account_is_never_on_offer(lms: Lms):
    lms.launch(sub="teacher", roles=[INSTRUCTOR], email=GONE)
    owner = make_user("Olga")
    make_member(lms.admin.organization_id, owner, Role.STUDENT)
    browser = lms.browser()
    lms.launch(browser, sub="teacher", roles=[INSTRUCTOR])
    lms.launch(sub="learner", email=owner.email)
    user, _member = person(lms, "learner")
    address = f"/classes/{class_of(lms)}/same-people"
    assert owner.email not in browser.get(address).text
    assert browser.post(f"{address}/{user.id}/merge").status_code == 404


def test_linking_needs_the_accounts_password_and_keeps_the_session_confined(lms: Lms):
    account = make_user("Lena")
    browser = lms.browser()
    lms.launch(browser, sub="learner")
    wrong = browser.post("/lti/link", data={"email": account.email, "password": "guess"})
    assert wrong.status_code == 422
    assert person(lms, "learner")[1].user_id is None
    assert browser.post("/lti/link", data={"email": account.email, "password": PASSWORD}).status_code == 303
    assert person(lms, "learner")[1].user_id == account.id
    assert browser.get("/today").status_code == 200
    assert browser.get("/settings").status_code == 302


def test_linking_an_owners_account_makes_nobody_an_admin_by_launch(lms: Lms):
    browser = lms.browser()
    lms.launch(browser, sub="teacher", roles=[INSTRUCTOR])
    browser.post("/lti/link", data={"email": lms.admin.email, "password": PASSWORD})
    assert person(lms, "teacher")[1].id == lms.admin.member_id
    assert browser.get("/classes").status_code == 200
    assert browser.get("/settings/platforms").status_code == 403
    assert browser.get("/members").status_code == 403
