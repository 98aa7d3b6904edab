"""Enrolments as a learning platform lists them: many at once, without an actor. The caller has read the listing."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import insert, select, update

from portal.classes.queries import classroom
from portal.events.outbox import emit
from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.tenancy.scope import organization_id, session


def enrol_listed(class_id: uuid.UUID, roles: Mapping[uuid.UUID, ClassRole], *, now: datetime) -> list[uuid.UUID]:
    """Enrol these members with these roles; the ids of those who were not in the class before.

    A role follows the listing, but a teacher stays one: a class is never left without by a list. A constant number
    of statements.
    """
    classroom(class_id)
    there = {
        enrolment.member_id: enrolment
        for enrolment in session().scalars(
            select(Enrolment).where(Enrolment.class_id == class_id, Enrolment.member_id.in_(roles))
        )
    }
    joined = [key for key in roles if key not in there or there[key].status is EnrolmentStatus.REMOVED]
    left_studies: list[uuid.UUID] = []
    for member_id, enrolment in there.items():
        role = roles[member_id]
        active = enrolment.status is EnrolmentStatus.ACTIVE
        if active and (enrolment.role is role or enrolment.role is ClassRole.TEACHER):
            continue
        if active and enrolment.role is ClassRole.STUDENT:
            left_studies.append(member_id)
        if active and role is ClassRole.STUDENT:
            joined.append(member_id)
        enrolment.role, enrolment.status = role, EnrolmentStatus.ACTIVE
    new = [
        {
            "organization_id": organization_id(),
            "class_id": class_id,
            "member_id": member_id,
            "role": role,
            "created_at": now,
        }
        for member_id, role in roles.items()
        if member_id not in there
    ]
    if new:
        session().execute(insert(Enrolment), new)
    session().flush()
    _tell("enrolment.removed", class_id, left_studies, now=now)
    _tell("enrolment.added", class_id, joined, now=now)
    return joined


def leave_listed(class_id: uuid.UUID, member_ids: Collection[uuid.UUID], *, now: datetime) -> list[uuid.UUID]:
    """Take these members out of the class; what they did stays. The ids of those who were in it."""
    left = (
        session()
        .scalars(
            update(Enrolment)
            .where(
                Enrolment.class_id == class_id,
                Enrolment.member_id.in_(member_ids),
                Enrolment.status == EnrolmentStatus.ACTIVE,
            )
            .values(status=EnrolmentStatus.REMOVED)
            .returning(Enrolment.member_id)
        )
        .all()
    )
    _tell("enrolment.removed", class_id, left, now=now)
    return list(left)


def _tell(name: str, class_id: uuid.UUID, member_ids: Collection[uuid.UUID], *, now: datetime) -> None:
    if member_ids:
        emit(name, now=now, class_id=class_id, member_ids=[str(key) for key in member_ids])
