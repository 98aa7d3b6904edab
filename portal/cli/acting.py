"""Acting from the command line: a person's e-mail address becomes an actor and an open unit of work."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select

from portal.errors import N_, Invalid, NotFound
from portal.models.organizations import Member, MemberStatus, Organization, OrganizationKind
from portal.models.people import DirectoryKind
from portal.security.actor import Actor
from portal.security.identity import load_actor
from portal.tenancy import directory
from portal.tenancy.scope import unit_of_work


@contextmanager
def acting_as(email: str, organization: str | None, *, now: datetime) -> Iterator[Actor]:
    """One unit of work as the person with this address, in the organization with this name.

    Without a name the person's only organization that is not INDIVIDUAL serves, else the own one.
    """
    with unit_of_work():
        entry = directory.find(DirectoryKind.SIGN_IN, directory.hash_email(email), now=now)
    if entry is None:
        raise NotFound("person_not_found", N_("Nobody signs in as %(email)s."), email=email)
    organization_id, member_id = _membership(entry.target_id, organization)
    with unit_of_work(organization_id=organization_id, user_id=entry.target_id):
        actor = load_actor(member_id)
        if actor is None:
            raise NotFound("person_not_found", N_("Nobody signs in as %(email)s."), email=email)
        yield actor


def _membership(user_id: uuid.UUID, name: str | None) -> tuple[uuid.UUID, uuid.UUID]:
    with unit_of_work(user_id=user_id) as db:
        rows = db.execute(
            select(Member.organization_id, Member.id, Organization.name, Organization.kind)
            .join(Organization, Organization.id == Member.organization_id)
            .where(Member.user_id == user_id, Member.status == MemberStatus.ACTIVE)
        ).all()
    wanted = [row for row in rows if name is None or row.name == name]
    shared = [row for row in wanted if row.kind is not OrganizationKind.INDIVIDUAL]
    chosen = shared or wanted
    if len(chosen) != 1:
        names = ", ".join(sorted(row.name for row in rows)) or "-"
        raise Invalid(
            "organization",
            N_("Say which organization with --organization: %(names)s."),
            field="organization",
            names=names,
        )
    return chosen[0].organization_id, chosen[0].id
