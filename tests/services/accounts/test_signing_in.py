"""Signing in: who gets in, where they begin, and what a stranger cannot learn."""

import time

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from portal.accounts.queries import sign_ins_of, user_of
from portal.accounts.services import move_on, sign_in, sign_out
from portal.models.organizations import OrganizationKind, Role
from portal.models.people import SignIn, User
from portal.organizations.queries import memberships
from portal.organizations.services import remove_member, work_in
from portal.security import sign_ins
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, PASSWORD, make_actor, make_member, make_organization
from tests.factories.people import identity_of, new_address, register_person


def begin(person, *, now=NOW):
    token = sign_in(email=person.email, password=PASSWORD, now=now)
    assert token is not None
    return identity_of(token, now=now)


def join(person, name, role=Role.MEMBER):
    organization_id = make_organization(name, OrganizationKind.EDUCATOR)
    return organization_id, make_member(organization_id, user_of(person.user_id), role)


def test_address_and_password_let_in_whatever_the_letters_case_of_the_address(app):
    eva = register_person()
    assert sign_in(email=f" {eva.email.upper()} ", password=PASSWORD, now=NOW) is not None


@pytest.mark.parametrize("password", ["", PASSWORD + " ", PASSWORD.upper()])
def test_another_password_does_not(app, password):
    assert sign_in(email=register_person().email, password=password, now=NOW) is None


def test_nobody_gets_in_with_an_unknown_address(app):
    assert sign_in(email=new_address(), password="a password nobody has", now=NOW) is None


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(app):
    eva = register_person()

    def cost(email):
        def once():
            before = time.process_time()
            assert sign_in(email=email, password="not the password", now=NOW) is None
            return time.process_time() - before

        return min(once() for _ in range(5))

    assert cost(new_address()) == pytest.approx(cost(eva.email), rel=0.5)


def test_every_sign_in_has_a_token_of_its_own_and_only_its_hash_is_kept(app):
    eva = register_person()
    tokens = {sign_in(email=eva.email, password=PASSWORD, now=NOW) for _ in range(3)} | {eva.who.token}
    assert len(tokens) == 4
    with unit_of_work() as db:
        kept = db.scalars(select(SignIn.key_hash).where(SignIn.user_id == eva.user_id)).all()
    assert len(kept) == 4
    assert {token.encode() for token in tokens}.isdisjoint(kept)


def test_a_hash_of_weaker_settings_is_renewed_at_sign_in(app):
    eva = register_person()
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with unit_of_work(user_id=eva.user_id) as db:
        db.execute(update(User).values(password_hash=weak))
    begin(eva)
    renewed = user_of(eva.user_id).password_hash
    assert renewed != weak
    begin(eva)
    assert user_of(eva.user_id).password_hash == renewed


def test_a_sign_in_ends_after_two_weeks_without_use(app):
    who = begin(register_person())
    assert sign_ins.find(who.token, now=NOW + sign_ins.LIFETIME) is None


def test_signing_out_ends_one_sign_in_and_everywhere_ends_all_of_this_person(app):
    eva, other = register_person(), register_person("Finn")
    here, there = begin(eva), begin(eva)
    sign_out(here, now=NOW)
    assert sign_ins.find(here.token, now=NOW) is None
    assert sign_ins.find(there.token, now=NOW) is not None
    sign_out(there, everywhere=True, now=NOW)
    assert sign_ins.find(there.token, now=NOW) is None
    assert sign_ins.find(eva.who.token, now=NOW) is None
    assert sign_ins.find(other.who.token, now=NOW) is not None


def test_the_list_of_sign_ins_is_the_person_s_own(app):
    eva, _ = register_person(), register_person("Finn")
    begin(eva)
    with unit_of_work(user_id=eva.user_id):
        assert [each.user_id for each in sign_ins_of(eva.user_id, now=NOW)] == [eva.user_id] * 2


def test_who_belongs_to_nothing_else_begins_in_their_own_organization(app):
    eva = register_person()
    assert begin(eva).organization_id == eva.who.organization_id


def test_who_belongs_to_a_shared_organization_begins_there(app):
    eva = register_person()
    shared, member_id = join(eva, "Sample School")
    who = begin(eva)
    assert (who.organization_id, who.member_id) == (shared, member_id)


def test_the_organization_last_chosen_comes_before_all_others(app):
    eva = register_person()
    join(eva, "A school before all others")
    chosen, member_id = join(eva, "Z school")
    work_in(begin(eva), chosen, member_id)
    assert begin(eva).organization_id == chosen
    own = eva.who
    work_in(begin(eva), own.organization_id, own.member_id)
    assert begin(eva).organization_id == own.organization_id


def test_an_organization_that_removed_the_person_is_not_begun_in_again(app, cast):
    eva = register_person()
    member_id = make_member(cast.ada.organization_id, user_of(eva.user_id), Role.MEMBER)
    who = begin(eva)
    work_in(who, cast.ada.organization_id, member_id)
    with unit_of_work(organization_id=cast.ada.organization_id):
        remove_member(member_id, actor=cast.ada, now=NOW)
    assert begin(eva).organization_id == eva.who.organization_id
    assert move_on(who)
    assert identity_of(who.token).organization_id == eva.who.organization_id


def test_a_person_s_memberships_name_their_role_in_each(app):
    eva = register_person()
    shared, member_id = join(eva, "Sample School", Role.STUDENT)
    assert [(each.organization_id, each.role) for each in memberships(eva.user_id)] == [
        (shared, Role.STUDENT),
        (eva.who.organization_id, Role.OWNER),
    ]
    assert make_actor(shared, member_id).role is Role.STUDENT
