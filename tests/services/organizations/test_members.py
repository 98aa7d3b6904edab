"""Members: invited by mail, joining, changing role, leaving; an owner always stays."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.accounts.queries import user_of
from portal.errors import Conflict, Forbidden, NotFound
from portal.models.events import Event
from portal.models.organizations import Invitation, Member, MemberStatus, Role
from portal.organizations import queries, services
from portal.security.identity import load_actor
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, make_actor, make_member, make_user
from tests.factories.people import last_link, mails, new_address, register_person, send_mails, token_of


def inside(actor):
    return unit_of_work(organization_id=actor.organization_id)


def invite(actor, email, *, role=Role.STUDENT, name="Eva", now=NOW):
    with inside(actor):
        return services.invite(email=email, name=name, role=role, actor=actor, now=now).id


def invited_token(actor, email, mailbox, **values):
    invite(actor, email, **values)
    send_mails(actor.organization_id)
    return token_of(last_link(mailbox, email))


def member(actor, member_id):
    with inside(actor) as db:
        found = db.get_one(Member, member_id)
        return found.role, found.status, found.user_id


def test_an_invitation_goes_out_by_mail_and_makes_a_member_when_accepted(cast, mailbox):
    eva = register_person(zone="Asia/Tokyo")
    token = invited_token(cast.ada, eva.email, mailbox, role=Role.MEMBER)
    invited = queries.invited(token, now=NOW)
    assert (invited.organization_name, invited.email) == ("Sample School", eva.email)
    organization_id, member_id = services.accept(token, user=user_of(eva.user_id), now=NOW)
    assert organization_id == cast.ada.organization_id
    assert member(cast.ada, member_id) == (Role.MEMBER, MemberStatus.ACTIVE, eva.user_id)
    assert make_actor(organization_id, member_id).zone == "Asia/Tokyo"


def test_who_joins_keeps_the_own_name_and_has_the_address_confirmed_by_the_mailed_link(cast, mailbox):
    eva = register_person("Eva Lind", email=new_address())
    assert user_of(eva.user_id).email_verified_at is None
    _, member_id = services.accept(invited_token(cast.ada, eva.email, mailbox), user=user_of(eva.user_id), now=NOW)
    with inside(cast.ada) as db:
        assert db.get_one(Member, member_id).name == "Eva Lind"
    assert user_of(eva.user_id).email_verified_at == NOW


def test_an_invitation_is_accepted_once(cast, mailbox):
    eva = register_person()
    token = invited_token(cast.ada, eva.email, mailbox)
    services.accept(token, user=user_of(eva.user_id), now=NOW)
    assert queries.invited(token, now=NOW) is None
    with pytest.raises(NotFound):
        services.accept(token, user=user_of(eva.user_id), now=NOW)


def test_an_invitation_ends_after_its_time(cast, mailbox):
    eva = register_person()
    token = invited_token(cast.ada, eva.email, mailbox)
    late = NOW + services.INVITATION_LIFETIME
    assert queries.invited(token, now=late - timedelta(minutes=1)) is not None
    assert queries.invited(token, now=late) is None
    with pytest.raises(NotFound):
        services.accept(token, user=user_of(eva.user_id), now=late)


def test_another_person_cannot_use_an_invitation(cast, mailbox):
    email = new_address()
    token = invited_token(cast.ada, email, mailbox)
    mallory = register_person("Mallory")
    with pytest.raises(Forbidden) as caught:
        services.accept(token, user=user_of(mallory.user_id), now=NOW)
    assert caught.value.code == "other_address"
    assert len(queries.memberships(mallory.user_id)) == 1


def test_letters_case_of_the_address_makes_no_difference(cast, mailbox):
    eva = register_person()
    token = invited_token(cast.ada, eva.email.upper(), mailbox)
    assert services.accept(token, user=user_of(eva.user_id), now=NOW)[0] == cast.ada.organization_id


def test_a_second_invitation_ends_the_first_link_and_adds_nobody(cast, mailbox):
    eva = register_person()
    first = invited_token(cast.ada, eva.email, mailbox)
    second = invited_token(cast.ada, eva.email, mailbox)
    assert queries.invited(first, now=NOW) is None
    assert queries.invited(second, now=NOW) is not None
    with inside(cast.ada) as db:
        found = db.scalar(select(func.count()).select_from(Member).where(Member.email == eva.email))
    assert found == 1


def test_sending_it_again_prolongs_it_and_ends_the_first_link(cast, mailbox):
    email, later = new_address(), NOW + timedelta(days=20)
    first = invited_token(cast.ada, email, mailbox)
    with inside(cast.ada) as db:
        member_id = db.scalars(select(Member.id).where(Member.email == email)).one()
        services.resend_invitation(member_id, actor=cast.ada, now=later)
    send_mails(cast.ada.organization_id)
    assert len(mails(mailbox, email)) == 2
    assert queries.invited(first, now=later) is None
    second = token_of(last_link(mailbox, email))
    assert queries.invited(second, now=later + timedelta(days=20)) is not None
    with inside(cast.ada) as db:
        found = db.scalar(select(func.count()).select_from(Invitation).where(Invitation.member_id == member_id))
    assert found == 1


def test_a_member_who_has_joined_gets_no_second_invitation(cast):
    with pytest.raises(Conflict), inside(cast.ada):
        services.resend_invitation(cast.ben.member_id, actor=cast.ada, now=NOW)
    before = member(cast.ada, cast.ben.member_id)
    assert invite(cast.ada, cast.ben.email, role=Role.ADMIN) == cast.ben.member_id
    assert member(cast.ada, cast.ben.member_id) == before


def test_an_invitation_s_event_holds_ids_only(cast):
    invite(cast.ada, new_address())
    with inside(cast.ada) as db:
        (data,) = db.scalars(select(Event.data).where(Event.name == "member.invited")).all()
    assert data.keys() == {"member_id", "invitation_id"}


def test_a_removed_member_s_open_invitation_leads_nowhere(cast, mailbox):
    eva = register_person()
    token = invited_token(cast.ada, eva.email, mailbox)
    with inside(cast.ada) as db:
        member_id = db.scalars(select(Member.id).where(Member.email == eva.email)).one()
        services.remove_member(member_id, actor=cast.ada, now=NOW)
    assert queries.invited(token, now=NOW) is None
    with pytest.raises(NotFound):
        services.accept(token, user=user_of(eva.user_id), now=NOW)


ACTIONS = {
    "invite": lambda actor, target: services.invite(
        email="someone@example.org", name="Someone", role=Role.STUDENT, actor=actor, now=NOW
    ),
    "resend": lambda actor, target: services.resend_invitation(target, actor=actor, now=NOW),
    "role": lambda actor, target: services.change_role(target, Role.ADMIN, actor=actor, now=NOW),
    "remove": lambda actor, target: services.remove_member(target, actor=actor, now=NOW),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_students_and_educators_change_no_members(cast, who, action):
    before = member(cast.ada, cast.ada.member_id)
    with pytest.raises(Forbidden), inside(cast.ada):
        ACTIONS[action](cast.everyone[who], cast.ada.member_id)
    assert member(cast.ada, cast.ada.member_id) == before


@pytest.mark.parametrize("action", ["resend", "role", "remove"])
def test_members_of_another_organization_do_not_exist_here(cast, action):
    before = member(cast.ada, cast.ben.member_id)
    with pytest.raises(NotFound), inside(cast.dora):
        ACTIONS[action](cast.dora, cast.ben.member_id)
    assert member(cast.ada, cast.ben.member_id) == before


@pytest.fixture
def admin(cast):
    return make_actor(cast.ada.organization_id, make_member(cast.ada.organization_id, make_user("Gus"), Role.ADMIN))


def test_an_admin_neither_makes_nor_unmakes_owners(cast, admin):
    attempts = [
        lambda: services.invite(email=new_address(), name="X", role=Role.OWNER, actor=admin, now=NOW),
        lambda: services.change_role(cast.ben.member_id, Role.OWNER, actor=admin, now=NOW),
        lambda: services.change_role(cast.ada.member_id, Role.STUDENT, actor=admin, now=NOW),
        lambda: services.remove_member(cast.ada.member_id, actor=admin, now=NOW),
    ]
    for attempt in attempts:
        with pytest.raises(Forbidden) as caught, inside(admin):
            attempt()
        assert caught.value.code == "owner_only"
    assert member(cast.ada, cast.ada.member_id)[:2] == (Role.OWNER, MemberStatus.ACTIVE)
    assert member(cast.ada, cast.ben.member_id)[0] is Role.STUDENT


@pytest.mark.parametrize(
    "leave",
    [
        lambda cast: services.change_role(cast.ada.member_id, Role.MEMBER, actor=cast.ada, now=NOW),
        lambda cast: services.remove_member(cast.ada.member_id, actor=cast.ada, now=NOW),
    ],
)
def test_the_last_owner_stays_until_there_is_another(cast, leave):
    with pytest.raises(Conflict) as caught, inside(cast.ada):
        leave(cast)
    assert caught.value.code == "last_owner"
    with inside(cast.ada):
        services.change_role(cast.cleo.member_id, Role.OWNER, actor=cast.ada, now=NOW)
    with inside(cast.ada):
        leave(cast)
    assert member(cast.ada, cast.cleo.member_id)[0] is Role.OWNER


def test_an_owner_who_was_only_invited_does_not_count(cast):
    invite(cast.ada, new_address(), role=Role.OWNER)
    with pytest.raises(Conflict), inside(cast.ada):
        services.remove_member(cast.ada.member_id, actor=cast.ada, now=NOW)


def test_two_owners_who_unmake_each_other_at_once_leave_one(app, cast):
    with inside(cast.ada):
        services.change_role(cast.cleo.member_id, Role.OWNER, actor=cast.ada, now=NOW)
    both_have_read, outcomes = threading.Barrier(2), []

    def unmake(actor, other):
        with app.app_context():
            try:
                with inside(actor):
                    load_actor(actor.member_id)
                    both_have_read.wait(10)
                    services.change_role(other.member_id, Role.MEMBER, actor=actor, now=NOW)
                outcomes.append("done")
            except Conflict as error:
                outcomes.append(error.code)

    cleo = replace(cast.cleo, role=Role.OWNER)
    threads = [threading.Thread(target=unmake, args=pair) for pair in ((cast.ada, cleo), (cleo, cast.ada))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["done", "last_owner"]
    with inside(cast.ada) as db:
        assert len(db.scalars(select(Member.id).where(Member.role == Role.OWNER)).all()) == 1


def test_a_removed_member_keeps_the_history_and_loses_access(cast):
    with inside(cast.ada):
        services.remove_member(cast.ben.member_id, actor=cast.ada, now=NOW)
    assert member(cast.ada, cast.ben.member_id) == (Role.STUDENT, MemberStatus.REMOVED, None)
    assert queries.memberships(cast.ben.user_id) == []
    with inside(cast.ada) as db:
        assert load_actor(cast.ben.member_id) is None
        assert db.scalars(select(Event.data).where(Event.name == "member.removed")).all() == [
            {"member_id": str(cast.ben.member_id)}
        ]


def test_a_removed_member_can_be_invited_again(cast, mailbox):
    with inside(cast.ada):
        services.remove_member(cast.ben.member_id, actor=cast.ada, now=NOW)
    token = invited_token(cast.ada, cast.ben.email, mailbox)
    _, member_id = services.accept(token, user=user_of(cast.ben.user_id), now=NOW)
    assert make_actor(cast.ada.organization_id, member_id).user_id == cast.ben.user_id


def names(actor, search="", page=1):
    with inside(actor):
        rows, page = queries.members(search, page)
        return [row.name for row in rows], page.count


def test_the_list_names_this_organization_s_members_without_the_removed(cast):
    assert names(cast.ada) == (["Ada", "Ben", "Cleo"], 1)
    assert names(cast.dora) == (["Dora"], 1)
    with inside(cast.ada):
        services.remove_member(cast.ben.member_id, actor=cast.ada, now=NOW)
    assert names(cast.ada) == (["Ada", "Cleo"], 1)


def test_search_finds_parts_of_names_and_addresses_and_takes_signs_literally(cast):
    assert names(cast.ada, "EN")[0] == ["Ben"]
    assert names(cast.ada, "cleo.")[0] == ["Cleo"]
    assert names(cast.ada, "%") == ([], 1)


def test_the_list_comes_in_pages(cast):
    for number in range(queries.PAGE):
        make_member(cast.ada.organization_id, None, Role.STUDENT, name=f"Student {number:02}")
    first, pages = names(cast.ada)
    second, _ = names(cast.ada, page=2)
    assert (len(first), len(second), pages) == (queries.PAGE, 3, 2)
    assert set(first).isdisjoint(second)
