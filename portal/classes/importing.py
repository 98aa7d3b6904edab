"""Enrolling a whole roster, set-wise: a fixed number of statements whatever its length."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from portal.classes import queries
from portal.classes.roster import RosterRow, read
from portal.events.audit import audit
from portal.events.outbox import emit, emit_all
from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.models.organizations import Invitation, Member, MemberStatus, Role
from portal.organizations.services import INVITATION_LIFETIME
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session


@dataclass(frozen=True, slots=True)
class RosterOutcome:
    """What a roster import does: students in the file, people new to the organization, new enrolments, changed ones."""

    rows: int
    new_members: int
    new_enrolments: int
    changed: int


def import_roster(
    class_id: uuid.UUID, data: bytes, *, dry_run: bool = False, actor: Actor, now: datetime
) -> RosterOutcome:
    """Enrol everybody of a CSV roster as students, all or nothing; again, it updates names and start dates.

    With ``dry_run`` nothing is written and the outcome says what would be.
    """
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    queries.classroom(class_id)
    rows = read(data)
    members = _members(rows)
    enrolled = {enrolment.member_id: enrolment for enrolment in queries.students(class_id)}
    fresh = [row for row in rows if row.email not in members]
    changed = [
        row
        for row in rows
        if row.email in members
        and (known := enrolled.get(members[row.email])) is not None
        and known.starts_on != row.starts_on
    ]
    outcome = RosterOutcome(
        rows=len(rows),
        new_members=len(fresh),
        new_enrolments=sum(1 for row in rows if members.get(row.email) not in enrolled),
        changed=len(changed),
    )
    if dry_run:
        return outcome
    members |= _invite(fresh, actor=actor, now=now)
    _enrol(class_id, rows, members, now=now)
    touched = [members[r.email] for r in rows if members[r.email] not in enrolled] + [members[r.email] for r in changed]
    audit("roster.imported", "class", class_id, actor_member_id=actor.member_id, now=now, rows=len(rows))
    if touched:
        queue = "long" if len(touched) > 300 else "short"
        emit("enrolment.added", now=now, queue=queue, class_id=class_id, member_ids=[str(key) for key in touched])
    return outcome


def _members(rows: Sequence[RosterRow]) -> dict[str, uuid.UUID]:
    found = session().execute(
        select(func.lower(Member.email), Member.id).where(
            Member.email.in_([row.email for row in rows]), Member.status != MemberStatus.REMOVED
        )
    )
    return {str(email): key for email, key in found}


def _invite(rows: Sequence[RosterRow], *, actor: Actor, now: datetime) -> dict[str, uuid.UUID]:
    if not rows:
        return {}
    made = session().execute(
        insert(Member).returning(Member.email, Member.id),
        [
            {
                "organization_id": organization_id(),
                "name": row.name,
                "email": row.email,
                "role": Role.STUDENT,
                "status": MemberStatus.INVITED,
                "created_at": now,
            }
            for row in rows
        ],
    )
    members = {str(email).lower(): key for email, key in made}
    invitations = session().execute(
        insert(Invitation).returning(Invitation.id, Invitation.member_id),
        [
            {
                "organization_id": organization_id(),
                "member_id": key,
                "invited_by_id": actor.member_id,
                "created_at": now,
                "expires_at": now + INVITATION_LIFETIME,
            }
            for key in members.values()
        ],
    )
    emit_all(
        "member.invited",
        [{"member_id": str(member_id), "invitation_id": str(key)} for key, member_id in invitations],
        now=now,
    )
    return members


def _enrol(class_id: uuid.UUID, rows: Sequence[RosterRow], members: dict[str, uuid.UUID], *, now: datetime) -> None:
    statement = upsert(Enrolment)
    session().execute(
        statement.on_conflict_do_update(
            index_elements=[Enrolment.organization_id, Enrolment.class_id, Enrolment.member_id],
            set_={"status": EnrolmentStatus.ACTIVE, "starts_on": statement.excluded.starts_on},
        ),
        [
            {
                "organization_id": organization_id(),
                "class_id": class_id,
                "member_id": members[row.email],
                "role": ClassRole.STUDENT,
                "status": EnrolmentStatus.ACTIVE,
                "starts_on": row.starts_on,
                "created_at": now,
            }
            for row in rows
        ],
    )
