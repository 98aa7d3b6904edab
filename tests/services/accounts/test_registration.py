"""Registering makes a person with an organization of their own, once an address."""

import threading

import pytest
from sqlalchemy import select

from portal.accounts.queries import user_of
from portal.accounts.services import MIN_PASSWORD, Registered, ask_for_verification, register, verify
from portal.errors import Invalid, NotFound
from portal.models.events import AuditEntry, Event
from portal.models.organizations import OrganizationKind, Role
from portal.models.people import DirectoryEntry
from portal.organizations.queries import memberships
from portal.tenancy.directory import hash_email, hash_token
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, PASSWORD
from tests.factories.people import (
    find_user_id,
    last_link,
    new_address,
    register_person,
    send_mails,
    subjects,
    token_of,
)


def test_a_new_person_owns_an_organization_of_their_own_and_works_in_it(app):
    eva = register_person("Eva", zone="Europe/Paris")
    (own,) = memberships(eva.user_id)
    assert (own.kind, own.role, own.name) == (OrganizationKind.INDIVIDUAL, Role.OWNER, "Eva")
    assert (eva.who.organization_id, eva.who.member_id) == (own.organization_id, own.member_id)
    user = user_of(eva.user_id)
    assert (user.zone, user.email_verified_at) == ("Europe/Paris", None)
    with unit_of_work(organization_id=own.organization_id) as db:
        assert db.scalars(select(Event.name)).all() == ["organization.created"]
        assert db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == [
            "organization.created",
            "member.signed_in",
        ]


def test_the_password_is_kept_as_argon2id(app):
    assert user_of(register_person().user_id).password_hash.startswith("$argon2id$")


def keys_of(person):
    with unit_of_work() as db:
        return db.scalars(select(DirectoryEntry.key_hash).where(DirectoryEntry.user_id == person.user_id)).all()


def test_the_directory_holds_the_address_as_a_keyed_hash_only(app):
    eva = register_person()
    assert keys_of(eva) == [hash_email(eva.email.upper())]
    assert keys_of(eva) != [hash_token(eva.email)]


def test_a_zone_nobody_knows_becomes_utc(app):
    assert user_of(register_person(zone="Mars/Olympus").user_id).zone == "UTC"


def test_a_short_password_is_refused_and_makes_nobody(app):
    email = new_address()
    with pytest.raises(Invalid) as caught:
        register(name="Eva", email=email, password="x" * (MIN_PASSWORD - 1), zone="UTC", now=NOW)
    assert (caught.value.code, caught.value.field) == ("password_short", "password")
    assert find_user_id(email) is None


def test_a_taken_address_in_any_case_makes_nobody_and_tells_its_owner_by_mail(app, mailbox):
    eva = register_person()
    made = register(name="Mallory", email=eva.email.upper(), password=PASSWORD, zone="UTC", now=NOW)
    assert made == Registered(None)
    assert user_of(eva.user_id).name == "Eva"
    send_mails(eva.user_id)
    assert subjects(mailbox, eva.email) == ["Confirm your address", "You have an account already"]


def test_a_form_sent_many_times_at_once_makes_one_person(app):
    email, outcomes = new_address(), []

    def send():
        with app.app_context():
            outcomes.append(register(name="Eva", email=email, password=PASSWORD, zone="UTC", now=NOW))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(made.token is None for made in outcomes) == [False, True, True, True]
    assert len(memberships(find_user_id(email))) == 1


def test_the_mail_s_link_confirms_the_address_once(app, mailbox):
    eva = register_person()
    send_mails(eva.user_id)
    token = token_of(last_link(mailbox, eva.email))
    verify(token, now=NOW)
    assert user_of(eva.user_id).email_verified_at == NOW
    with pytest.raises(NotFound):
        verify(token, now=NOW)


def test_another_verification_mail_ends_the_link_of_the_first(app, mailbox):
    eva = register_person()
    send_mails(eva.user_id)
    first = token_of(last_link(mailbox, eva.email))
    ask_for_verification(eva.user_id, now=NOW)
    send_mails(eva.user_id)
    with pytest.raises(NotFound):
        verify(first, now=NOW)
    verify(token_of(last_link(mailbox, eva.email)), now=NOW)


def test_the_database_knows_a_mailed_token_by_its_hash_only(app, mailbox):
    eva = register_person()
    send_mails(eva.user_id)
    token = token_of(last_link(mailbox, eva.email))
    assert set(keys_of(eva)) == {hash_email(eva.email), hash_token(token)}
