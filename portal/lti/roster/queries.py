"""Reads of courses, of the people platforms know, and of a roster's progress."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select

from portal.models.classes import Enrolment, EnrolmentStatus
from portal.models.events import JobRun
from portal.models.lti import LtiContext, LtiUser
from portal.models.organizations import Member, MemberStatus
from portal.tenancy.scope import session


def contexts(class_id: uuid.UUID) -> Sequence[LtiContext]:
    """The courses a class belongs to, oldest first."""
    return (
        session()
        .scalars(
            select(LtiContext).where(LtiContext.class_id == class_id).order_by(LtiContext.created_at, LtiContext.id)
        )
        .all()
    )


def run_of(class_id: uuid.UUID) -> JobRun | None:
    """The newest reading of a class's roster."""
    return session().scalar(select(JobRun).where(JobRun.key == f"roster:{class_id}"))


def users_of(platform_id: uuid.UUID, subs: Collection[str]) -> dict[str, LtiUser]:
    """The people a platform knows by these ``sub``."""
    rows = session().scalars(select(LtiUser).where(LtiUser.platform_id == platform_id, LtiUser.sub.in_(subs)))
    return {user.sub: user for user in rows}


def members_of(platform_id: uuid.UUID, subs: Collection[str]) -> dict[str, uuid.UUID]:
    """``sub`` → member."""
    return {sub: user.member_id for sub, user in users_of(platform_id, subs).items()}


def members_by_email(emails: Collection[str]) -> dict[str, uuid.UUID]:
    """Address in small letters → the member who has it; removed members have none."""
    rows = session().execute(
        select(Member.email, Member.id).where(Member.email.in_(emails), Member.status != MemberStatus.REMOVED)
    )
    return {email.casefold(): member_id for email, member_id in rows if email is not None}


def enrolled_from(class_id: uuid.UUID, platform_id: uuid.UUID) -> set[uuid.UUID]:
    """Members active in the class whom the platform knows."""
    rows = session().scalars(
        select(Enrolment.member_id)
        .join(LtiUser, LtiUser.member_id == Enrolment.member_id)
        .where(
            Enrolment.class_id == class_id,
            Enrolment.status == EnrolmentStatus.ACTIVE,
            LtiUser.platform_id == platform_id,
        )
    )
    return set(rows)


def without_account(member_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the members nobody has signed in as."""
    return set(session().scalars(select(Member.id).where(Member.id.in_(member_ids), Member.user_id.is_(None))))
