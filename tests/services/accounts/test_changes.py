"""Resetting and changing passwords, changing the address and the profile."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts import services
from portal.accounts.queries import user_of
from portal.errors import Invalid, NotFound
from portal.models.events import PersonEvent
from portal.models.organizations import Member, Role
from portal.models.people import DirectoryKind
from portal.security import sign_ins
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, PASSWORD, make_member
from tests.factories.people import (
    find_user_id,
    last_link,
    mails,
    new_address,
    register_person,
    send_mails,
    subjects,
    token_of,
)

NEW = "another good password"


def lets_in(email, password):
    return services.sign_in(email=email, password=password, now=NOW) is not None


def ask_for_reset(person, mailbox):
    services.ask_for_reset(person.email, now=NOW)
    send_mails(person.user_id)
    return token_of(last_link(mailbox, person.email))


def ask_for_address(person, email):
    services.ask_for_email_change(person.who, email=email, password=PASSWORD, now=NOW)


def test_a_reset_link_sets_a_password_once_and_ends_every_sign_in(app, mailbox):
    eva = register_person()
    token = ask_for_reset(eva, mailbox)
    assert services.may_reset(token, now=NOW)
    services.reset(token, NEW, now=NOW)
    assert lets_in(eva.email, NEW)
    assert not lets_in(eva.email, PASSWORD)
    assert sign_ins.find(eva.who.token, now=NOW) is None
    assert not services.may_reset(token, now=NOW)
    with pytest.raises(NotFound):
        services.reset(token, PASSWORD, now=NOW)
    assert lets_in(eva.email, NEW)


def test_a_reset_link_lives_for_an_hour(app, mailbox):
    eva = register_person()
    token = ask_for_reset(eva, mailbox)
    assert services.may_reset(token, now=NOW + timedelta(minutes=59))
    with pytest.raises(NotFound):
        services.reset(token, NEW, now=NOW + timedelta(hours=1))
    assert lets_in(eva.email, PASSWORD)


def test_a_second_reset_link_ends_the_first(app, mailbox):
    eva = register_person()
    first, second = ask_for_reset(eva, mailbox), ask_for_reset(eva, mailbox)
    assert [services.may_reset(token, now=NOW) for token in (first, second)] == [False, True]


def test_a_refused_password_does_not_use_the_link_up(app, mailbox):
    token = ask_for_reset(register_person(), mailbox)
    with pytest.raises(Invalid):
        services.reset(token, "short", now=NOW)
    assert services.may_reset(token, now=NOW)


def test_the_owner_is_told_of_a_new_password(app, mailbox):
    eva = register_person()
    services.reset(ask_for_reset(eva, mailbox), NEW, now=NOW)
    send_mails(eva.user_id)
    assert subjects(mailbox, eva.email)[-1] == "Your password was changed"


def test_a_reset_for_an_unknown_address_does_nothing_and_says_nothing(app, mailbox):
    email = new_address()
    assert services.ask_for_reset(email, now=NOW) is None
    assert mails(mailbox, email) == []


@pytest.mark.parametrize("kind", [DirectoryKind.VERIFICATION, DirectoryKind.EMAIL_CHANGE])
def test_a_token_of_another_kind_resets_nothing(app, kind):
    eva = register_person()
    with unit_of_work(user_id=eva.user_id):
        token = services.mint(kind, user_of(eva.user_id), now=NOW)
    with pytest.raises(NotFound):
        services.reset(token, NEW, now=NOW)


def test_changing_the_password_needs_the_present_one(app):
    eva = register_person()
    with pytest.raises(Invalid) as caught:
        services.change_password(eva.who, old=NEW, new=NEW, now=NOW)
    assert caught.value.code == "wrong_password"
    assert lets_in(eva.email, PASSWORD)


def test_changing_the_password_signs_out_elsewhere_and_ends_reset_links(app, mailbox):
    eva = register_person()
    token = ask_for_reset(eva, mailbox)
    elsewhere = services.sign_in(email=eva.email, password=PASSWORD, now=NOW)
    services.change_password(eva.who, old=PASSWORD, new=NEW, now=NOW)
    assert sign_ins.find(eva.who.token, now=NOW) is not None
    assert sign_ins.find(elsewhere, now=NOW) is None
    assert not services.may_reset(token, now=NOW)
    assert lets_in(eva.email, NEW)


def test_changing_the_address_needs_the_password(app):
    eva = register_person()
    with pytest.raises(Invalid):
        services.ask_for_email_change(eva.who, email=new_address(), password=NEW, now=NOW)
    assert user_of(eva.user_id).pending_email is None


def test_the_address_changes_when_the_new_one_is_confirmed_and_only_then(app, mailbox):
    eva, email = register_person(), new_address()
    ask_for_address(eva, email)
    send_mails(eva.user_id)
    assert lets_in(eva.email, PASSWORD)
    assert not lets_in(email, PASSWORD)
    token = token_of(last_link(mailbox, email))
    services.confirm_email_change(token, now=NOW)
    assert lets_in(email, PASSWORD)
    assert not lets_in(eva.email, PASSWORD)
    assert user_of(eva.user_id).email_verified_at == NOW
    with pytest.raises(NotFound):
        services.confirm_email_change(token, now=NOW)


def test_members_follow_the_new_address(app, mailbox, cast):
    eva, email = register_person(), new_address()
    member_id = make_member(cast.ada.organization_id, user_of(eva.user_id), Role.STUDENT)
    ask_for_address(eva, email)
    send_mails(eva.user_id)
    services.confirm_email_change(token_of(last_link(mailbox, email)), now=NOW)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.get_one(Member, member_id).email == email


def test_a_member_keeps_the_old_address_where_somebody_else_has_the_new_one(app, mailbox, cast):
    eva, email = register_person(), new_address()
    make_member(cast.ada.organization_id, None, Role.STUDENT, email=email)
    member_id = make_member(cast.ada.organization_id, user_of(eva.user_id), Role.STUDENT)
    ask_for_address(eva, email)
    send_mails(eva.user_id)
    services.confirm_email_change(token_of(last_link(mailbox, email)), now=NOW)
    assert lets_in(email, PASSWORD)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.get_one(Member, member_id).email == eva.email


def test_an_address_somebody_took_meanwhile_is_refused_at_the_end(app, mailbox):
    eva, email = register_person(), new_address()
    ask_for_address(eva, email)
    send_mails(eva.user_id)
    finn = register_person("Finn", email=email)
    with pytest.raises(Invalid) as caught:
        services.confirm_email_change(token_of(last_link(mailbox, email)), now=NOW)
    assert caught.value.code == "email_taken"
    assert find_user_id(email) == finn.user_id
    assert find_user_id(eva.email) == eva.user_id


def test_a_link_mailed_to_one_address_never_confirms_another(app, mailbox):
    eva, mine, victims = register_person(), new_address(), new_address("victim")
    ask_for_address(eva, mine)
    send_mails(eva.user_id)
    ask_for_address(eva, victims)
    with pytest.raises(NotFound):
        services.confirm_email_change(token_of(last_link(mailbox, mine)), now=NOW)
    assert find_user_id(victims) is None


def test_a_reset_link_in_the_old_mailbox_ends_with_the_change_of_address(app, mailbox):
    eva, email = register_person(), new_address()
    token = ask_for_reset(eva, mailbox)
    ask_for_address(eva, email)
    send_mails(eva.user_id)
    services.confirm_email_change(token_of(last_link(mailbox, email)), now=NOW)
    assert not services.may_reset(token, now=NOW)


def test_name_zone_and_language_change_in_all_memberships(app, cast):
    eva = register_person()
    member_id = make_member(cast.ada.organization_id, user_of(eva.user_id), Role.STUDENT)
    services.change_profile(eva.user_id, name=" Eva Sample ", zone="Asia/Tokyo", locale="en", now=NOW)
    user = user_of(eva.user_id)
    assert (user.name, user.zone, user.locale) == ("Eva Sample", "Asia/Tokyo", "en")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        member = db.get_one(Member, member_id)
        assert (member.name, member.zone, member.locale) == ("Eva Sample", "Asia/Tokyo", "en")


def test_an_unknown_zone_changes_nothing(app):
    eva = register_person()
    with pytest.raises(Invalid):
        services.change_profile(eva.user_id, name="Else", zone="Mars/Olympus", locale="en", now=NOW)
    assert user_of(eva.user_id).name == "Eva"


def test_events_of_people_hold_no_address_and_no_token(app, mailbox):
    eva, email = register_person(), new_address()
    ask_for_reset(eva, mailbox)
    ask_for_address(eva, email)
    with unit_of_work(user_id=eva.user_id) as db:
        assert {str(data) for data in db.scalars(select(PersonEvent.data))} == {"{}"}
