"""Linking a launched person to an account by a mailed link: once, within an hour, from any browser."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.models.lti import LtiUser
from portal.models.organizations import Member, MemberStatus
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.launching import Lms
from tests.factories.people import find_user_id, last_link, mails, new_address, register_person, send_mails


@pytest.fixture
def launched(lms: Lms):
    """A learner's browser, just launched."""
    browser = lms.browser()
    lms.launch(browser, sub="learner", name="Sam Sample", email=new_address())
    return browser


@pytest.fixture
def eva(app):
    return register_person(now=clock.now())


def member(lms: Lms) -> Member:
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        found = db.scalars(
            select(Member).join(LtiUser, LtiUser.member_id == Member.id).where(LtiUser.sub == "learner")
        ).one()
        db.expunge(found)
        return found


def asks(browser, email: str, mailbox) -> str | None:
    """Ask for the mail; the path of the newest link the address has got."""
    answer = browser.post("/lti/link/mail", data={"email": email})
    assert (answer.status_code, answer.location) == (303, "/lti/link")
    assert "a mail is on its way" in browser.get("/lti/link").text
    user_id = find_user_id(email)
    if user_id is None:
        return None
    send_mails(user_id)
    return last_link(mailbox, email)


def test_the_mailed_link_links_from_another_browser_once_it_is_confirmed(lms: Lms, launched, eva, mailbox):
    link = asks(launched, eva.email, mailbox)
    other = lms.browser()
    page = other.get(link)
    assert "Sam Sample" in page.text
    assert lms.admin.organization_name in page.text
    assert member(lms).user_id is None, "looking changes nothing"
    answer = other.post(link)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert member(lms).user_id == eva.user_id
    assert launched.get("/today").status_code == 200, "the launch's session goes on"
    assert launched.get("/settings").status_code == 302, "as confined as before"


def test_who_is_in_the_organization_already_stays_one_person(lms: Lms, launched, cast, mailbox):
    other = lms.browser()
    assert other.post(asks(launched, cast.ben.email, mailbox)).status_code == 303
    assert member(lms).id == cast.ben.member_id


def test_the_link_works_once(lms: Lms, launched, eva, mailbox):
    link, other = asks(launched, eva.email, mailbox), lms.browser()
    assert other.post(link).status_code == 303
    assert other.post(link).status_code == 404
    page = other.get(link)
    assert page.status_code == 404
    assert "used or has expired" in page.text


def test_a_newer_link_ends_the_one_before(lms: Lms, launched, eva, mailbox):
    first, second = asks(launched, eva.email, mailbox), asks(launched, eva.email, mailbox)
    assert first != second
    assert lms.browser().post(first).status_code == 404
    assert member(lms).user_id is None
    assert lms.browser().post(second).status_code == 303


def test_the_link_expires_after_an_hour(lms: Lms, launched, eva, mailbox):
    link = asks(launched, eva.email, mailbox)
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert lms.browser().get(link).status_code == 404
        assert lms.browser().post(link).status_code == 404
    assert member(lms).user_id is None


def test_the_link_leads_into_no_other_organization(lms: Lms, launched, eva, cast, mailbox):
    link = asks(launched, eva.email, mailbox)
    foreign = link.replace(str(lms.admin.organization_id), str(cast.dora.organization_id))
    assert foreign != link
    assert lms.browser().get(foreign).status_code == 404
    assert lms.browser().post(foreign).status_code == 404
    assert member(lms).user_id is None
    assert lms.browser().post(link).status_code == 303, "the link itself is not used up by that"


def test_who_was_removed_meanwhile_is_not_linked(lms: Lms, launched, eva, mailbox):
    link = asks(launched, eva.email, mailbox)
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        db.get_one(Member, member(lms).id).status = MemberStatus.REMOVED
    assert lms.browser().post(link).status_code == 404
    assert member(lms).user_id is None


def test_an_address_without_an_account_gets_the_same_answer_and_no_mail(lms: Lms, launched, mailbox):
    stranger = new_address("stranger")
    assert asks(launched, stranger, mailbox) is None
    assert mails(mailbox, stranger) == []


def test_only_a_launched_person_asks_for_the_mail(lms: Lms, sign_in, cast, eva, mailbox):
    send_mails(eva.user_id)
    before = len(mails(mailbox, eva.email))
    assert sign_in(cast.ben).post("/lti/link/mail", data={"email": eva.email}).status_code == 422
    send_mails(eva.user_id)
    assert len(mails(mailbox, eva.email)) == before
