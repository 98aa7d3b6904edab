"""The members page and invitations, in a browser."""

import re

import pytest
from sqlalchemy import select

from portal.accounts.queries import user_of
from portal.models.organizations import Member, MemberStatus, Role
from portal.organizations.queries import memberships
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import PASSWORD, make_member
from tests.factories.people import (
    find_user_id,
    is_signed_in,
    last_link,
    mails,
    new_address,
    register_person,
    send_mails,
    user_id_of,
)


def invite(browser, email, *, role="STUDENT", name="Eva"):
    return browser.post("/members", data={"name": name, "email": email, "role": role})


def invited_link(sign_in, cast, mailbox, email, **values):
    assert invite(sign_in(cast.ada), email, **values).status_code == 303
    send_mails(cast.ada.organization_id)
    return last_link(mailbox, email)


def member(actor, member_id):
    with unit_of_work(organization_id=actor.organization_id) as db:
        found = db.get_one(Member, member_id)
        return found.role, found.status


def named(page):
    return re.findall(r'aria-label="Remove ([^"]+)"', page.text)


def test_the_page_lists_searches_and_pages_this_organization_s_members(sign_in, cast):
    browser = sign_in(cast.ada)
    assert named(browser.get("/members")) == ["Ada", "Ben", "Cleo"]
    assert named(browser.get("/members?q=cle")) == ["Cleo"]
    assert "Nobody matches" in browser.get("/members?q=Dora").text
    for number in range(50):
        make_member(cast.ada.organization_id, None, Role.STUDENT, name=f"Student {number:02}")
    assert named(browser.get("/members?page=2")) == ["Student 47", "Student 48", "Student 49"]


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_students_and_educators_see_no_members_page(sign_in, cast, who):
    browser = sign_in(cast.everyone[who])
    assert browser.get("/members").status_code == 403
    assert 'href="/members"' not in browser.get("/settings").text


def test_an_invitation_can_be_sent_again(sign_in, cast, mailbox):
    email = new_address()
    browser = sign_in(cast.ada)
    assert invite(browser, email).status_code == 303
    page = browser.get("/members")
    assert f"Invitation sent to {email}." in page.text
    assert "Send the invitation to Ben again" not in page.text
    again = re.search(r'action="(/members/[^"]+/invitation)"', page.text)[1]
    assert browser.post(again).status_code == 303
    send_mails(cast.ada.organization_id)
    assert len(mails(mailbox, email)) == 2


def test_a_wrong_invitation_comes_back_with_its_error(sign_in, cast):
    answer = invite(sign_in(cast.ada), "no address")
    assert answer.status_code == 422
    assert 'class="err"' in answer.text


def test_inviting_a_member_says_so_and_sends_nothing(sign_in, cast, mailbox):
    browser = sign_in(cast.ada)
    invite(browser, cast.ben.email)
    assert "Ben is a member already." in browser.get("/members").text
    send_mails(cast.ada.organization_id)
    assert mails(mailbox, cast.ben.email) == []


def test_roles_change_and_members_go(sign_in, cast):
    browser = sign_in(cast.ada)
    assert browser.post(f"/members/{cast.ben.member_id}/role", data={"role": "ADMIN"}).status_code == 303
    assert member(cast.ada, cast.ben.member_id)[0] is Role.ADMIN
    assert browser.post(f"/members/{cast.ben.member_id}/remove").status_code == 303
    assert named(browser.get("/members")) == ["Ada", "Cleo"]


@pytest.mark.parametrize("role", ["", "KING", "owner"])
def test_a_role_nobody_knows_changes_nothing(sign_in, cast, role):
    answer = sign_in(cast.ada).post(f"/members/{cast.cleo.member_id}/role", data={"role": role})
    assert answer.status_code == 422
    assert member(cast.ada, cast.cleo.member_id)[0] is Role.MEMBER


@pytest.mark.parametrize(("path", "data"), [("role", {"role": "STUDENT"}), ("remove", {})])
def test_the_last_owner_cannot_go(sign_in, cast, path, data):
    browser = sign_in(cast.ada)
    answer = browser.post(f"/members/{cast.ada.member_id}/{path}", data=data)
    assert answer.status_code == 409
    assert "keeps at least one owner" in answer.text
    assert member(cast.ada, cast.ada.member_id) == (Role.OWNER, MemberStatus.ACTIVE)


@pytest.mark.parametrize(("path", "data"), [("role", {"role": "ADMIN"}), ("remove", {}), ("invitation", {})])
@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("cleo", 403), ("dora", 404)])
def test_nobody_else_changes_members(sign_in, cast, who, status, path, data):
    before = member(cast.ada, cast.ben.member_id)
    answer = sign_in(cast.everyone[who]).post(f"/members/{cast.ben.member_id}/{path}", data=data)
    assert answer.status_code == status
    assert member(cast.ada, cast.ben.member_id) == before


def test_members_of_other_organizations_are_invisible(sign_in, cast):
    page = sign_in(cast.dora).get("/members")
    assert named(page) == ["Dora"]
    for each in (cast.ada, cast.ben, cast.cleo):
        assert each.email not in page.text


def test_a_removed_member_has_no_access_at_the_next_request(sign_in, cast):
    cleo = sign_in(cast.cleo)
    assert cleo.get("/classes").status_code == 200
    sign_in(cast.ada).post(f"/members/{cast.cleo.member_id}/remove")
    for path in ("/classes", "/library", "/settings", "/members", f"/classes/{cast.other_class_id}/people"):
        answer = cleo.get(path)
        assert (path, answer.status_code) == (path, 302)
        assert answer.location.startswith("/sign-in")


def test_who_was_removed_goes_on_in_an_organization_of_their_own(sign_in, cast):
    eva = register_person()
    member_id = make_member(cast.ada.organization_id, user_of(eva.user_id), Role.MEMBER)
    browser = sign_in(eva)
    sign_in(cast.ada).post(f"/members/{member_id}/remove")
    answer = browser.get("/classes", follow_redirects=True)
    assert answer.status_code == 200
    assert "Sample School" not in answer.text
    assert is_signed_in(browser)


def test_a_demoted_educator_lands_where_students_do(sign_in, cast):
    cleo = sign_in(cast.cleo)
    sign_in(cast.ada).post(f"/members/{cast.cleo.member_id}/role", data={"role": "STUDENT"})
    assert cleo.get("/").location == "/today"


def test_an_owner_who_leaves_lands_outside(sign_in, cast):
    ada = sign_in(cast.ada)
    ada.post(f"/members/{cast.cleo.member_id}/role", data={"role": "OWNER"})
    assert ada.post(f"/members/{cast.ada.member_id}/remove").location == "/"


def test_a_new_person_registers_with_the_invited_address_and_joins(client, sign_in, cast, mailbox):
    email = new_address()
    link = invited_link(sign_in, cast, mailbox, email, role="MEMBER")
    page = client.get(link)
    assert "Join Sample School" in page.text
    form = client.get(re.search(r'href="(/register[^"]*)"', page.text)[1])
    assert re.search(r"<input[^>]* readonly[^>]*>", form.text)[0].count(f'value="{email}"') == 1
    data = {"name": "Eva", "email": new_address("other"), "password": PASSWORD, "zone": "UTC", "invited": "1"}
    assert client.post("/register", data=data).location == link
    assert find_user_id(data["email"]) is None, "the address of an invitation is fixed"
    assert "You are signed in as" in client.get(link).text
    assert client.post(link).location == "/"
    joined = memberships(user_id_of(email))[0]
    assert (joined.organization_id, joined.role) == (cast.ada.organization_id, Role.MEMBER)
    assert client.get("/classes").status_code == 200
    assert client.post(link).status_code == 404


def test_a_known_person_signs_in_and_joins(client, sign_in, cast, mailbox):
    eva = register_person()
    link = invited_link(sign_in, cast, mailbox, eva.email)
    assert client.get(link).status_code == 200
    assert client.post("/sign-in", data={"email": eva.email, "password": PASSWORD}).location == link
    assert client.post(link).location == "/"
    assert client.get("/").location == "/today"


def test_who_is_signed_in_with_another_address_is_told_and_cannot_join(sign_in, cast, mailbox):
    email, mallory = new_address(), register_person("Mallory")
    link = invited_link(sign_in, cast, mailbox, email)
    browser = sign_in(mallory)
    page = browser.get(link).text
    assert f"sent to {email}, and you are signed in as {mallory.email}" in page
    assert ">Join<" not in page
    assert browser.post(link).status_code == 403
    assert len(memberships(mallory.user_id)) == 1


def test_a_visitor_must_sign_in_before_joining(client, sign_in, cast, mailbox):
    email = new_address()
    link = invited_link(sign_in, cast, mailbox, email)
    assert client.post(link).location.startswith("/sign-in")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.scalars(select(Member.status).where(Member.email == email)).all() == [MemberStatus.INVITED]


@pytest.mark.parametrize(
    "link", ["/invitations/made-up", "/verify/made-up", "/confirm-email/made-up", "/reset/made-up"]
)
def test_made_up_tokens_lead_nowhere(sign_in, cast, link):
    answer = sign_in(cast.ada).post(link, data={"password": "another good password"})
    assert answer.status_code == 404
    assert "was used or has expired" in answer.text
