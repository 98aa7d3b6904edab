"""Enrolling a whole roster, set-wise: a fixed number of statements whatever its length."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT
from sqlalchemy.dialects.postgresql import insert as upsert

from portal.classes import queries
from portal.classes.roster import RosterRow, read
from portal.errors import N_, Invalid, InvalidRows
from portal.events.audit import audit
from portal.events.outbox import LONG, SHORT, emit, emit_all
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
    """Enrol everybody of a CSV roster as students, all or nothing; again, it updates start dates and names.

    Who has an account keeps the name they gave themselves. With ``dry_run`` nothing is written and the outcome
    says what would be. InvalidRows names people who are in the class already, but not as students.
    """
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    queries.classroom(class_id)
    rows = read(data)
    members = _members(rows)
    _refuse_other_roles(class_id, rows, members)
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
    _rename_invited(rows)
    _enrol(class_id, rows, members, now=now)
    touched = [members[r.email] for r in rows if members[r.email] not in enrolled] + [members[r.email] for r in changed]
    audit("roster.imported", "class", class_id, actor_member_id=actor.member_id, now=now, rows=len(rows))
    if touched:
        queue = LONG if len(touched) > queries.LARGE else SHORT
        emit("enrolment.added", now=now, queue=queue, class_id=class_id, member_ids=[str(key) for key in touched])
    return outcome


def _members(rows: Sequence[RosterRow]) -> dict[str, uuid.UUID]:
    found = session().execute(
        select(func.lower(Member.email), Member.id).where(
            Member.email.in_([row.email for row in rows]), Member.status != MemberStatus.REMOVED
        )
    )
    return {str(email): key for email, key in found}


def _refuse_other_roles(class_id: uuid.UUID, rows: Sequence[RosterRow], members: dict[str, uuid.UUID]) -> None:
    """A roster makes students only: it neither demotes a teacher nor enrols one twice."""
    others = set(
        session().scalars(
            select(Enrolment.member_id).where(
                Enrolment.class_id == class_id,
                Enrolment.status == EnrolmentStatus.ACTIVE,
                Enrolment.role != ClassRole.STUDENT,
            )
        )
    )
    wrong = [
        (
            row.line,
            Invalid(
                "other_role",
                N_("email: %(email)s is in the class already, not as a student."),
                field="email",
                email=row.email,
            ),
        )
        for row in rows
        if members.get(row.email) in others
    ]
    if wrong:
        raise InvalidRows(wrong)


def _rename_invited(rows: Sequence[RosterRow]) -> None:
    """Give people without an account the name the roster has for them."""
    emails, names = [row.email for row in rows], [row.name for row in rows]
    named = func.unnest(cast(emails, ARRAY(CITEXT)), cast(names, ARRAY(Text))).table_valued("email", "name")
    named = named.render_derived()
    session().execute(
        update(Member)
        .where(Member.email == named.c.email, Member.name != named.c.name, Member.status == MemberStatus.INVITED)
        .values(name=named.c.name)
        .execution_options(synchronize_session=False)
    )


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
            set_={name: statement.excluded[name] for name in ("role", "status", "starts_on")},
        ).returning(Enrolment.id),  # with RETURNING, rows go by the thousand a statement
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
