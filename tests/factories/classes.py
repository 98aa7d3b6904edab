"""Classes full of students, and rosters as files."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert

from portal.models.classes import ClassRole, Enrolment
from portal.models.organizations import Member, MemberStatus, Role
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW


def make_students(
    organization_id: uuid.UUID, class_id: uuid.UUID, count: int, *, now: datetime = NOW
) -> list[uuid.UUID]:
    """Enrol so many new people without an account; their member ids."""
    with unit_of_work(organization_id=organization_id) as db:
        members = db.scalars(
            insert(Member).returning(Member.id),
            [
                {
                    "organization_id": organization_id,
                    "name": f"Student {number:03}",
                    "email": f"student{number}.{class_id.hex[-12:]}@example.org",
                    "role": Role.STUDENT,
                    "status": MemberStatus.INVITED,
                    "created_at": now,
                }
                for number in range(count)
            ],
        ).all()
        db.execute(
            insert(Enrolment),
            [
                {
                    "organization_id": organization_id,
                    "class_id": class_id,
                    "member_id": member_id,
                    "role": ClassRole.STUDENT,
                    "created_at": now,
                }
                for member_id in members
            ],
        )
    return list(members)


def roster(rows: Iterable[tuple[str, str, str]], header: str = "name,email,start_date") -> bytes:
    """A roster file."""
    return "\n".join([header, *(",".join(row) for row in rows)]).encode()
