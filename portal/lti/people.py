"""Who a launch is: organization, platform and ``sub``, never the e-mail; and who may be the same person."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from portal.accounts import services as accounts
from portal.classes.services import enrol_launched, leave_classes
from portal.errors import N_, Conflict, NotFound
from portal.events.audit import audit
from portal.lti.grades.queries import places_of_member
from portal.lti.grades.services import owe_scores
from portal.lti.refusals import Refused
from portal.lti.roles import organization_role
from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.models.lti import LtiUser
from portal.models.organizations import Member, MemberStatus, Organization, Role
from portal.models.people import DirectoryKind
from portal.progress.merging import take_over
from portal.security import sign_ins
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy import directory
from portal.tenancy.scope import organization_id, session, unit_of_work

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What a platform says of a person; all but ``sub`` may be missing."""

    sub: str
    name: str | None
    email: str | None
    locale: str | None = None


def met(known: LtiUser | None, platform_key: uuid.UUID, said: Said, role: ClassRole, *, now: datetime) -> LtiUser:
    """The person of a platform, made a member at the first sight. Refused for one who was removed.

    A member with the same address is only noted, for a teacher to merge; nobody is taken for somebody else here.
    """
    found = known or _new(platform_key, said, role, now=now)
    member = session().get_one(Member, found.member_id)
    if member.status is MemberStatus.REMOVED:
        raise Refused("member_removed", N_("Your access to this portal was ended. Ask your teacher or an admin."))
    found.name, found.email, found.last_launch_at = said.name or found.name, said.email or found.email, now
    if member.user_id is None and said.name:
        member.name = said.name[:_LONGEST_NAME]
    if organization_role(role) is Role.MEMBER and member.role is Role.STUDENT:
        member.role = Role.MEMBER
        audit("member.role", "member", member.id, actor_member_id=None, now=now, role=Role.MEMBER)
    return found


def _new(platform_key: uuid.UUID, said: Said, role: ClassRole, *, now: datetime) -> LtiUser:
    twin = _with_email(said.email)
    member = Member(
        organization_id=organization_id(),
        name=(said.name or (said.email or "").partition("@")[0] or _nameless(said.sub, role))[:_LONGEST_NAME],
        email=said.email if twin is None else None,
        role=organization_role(role),
        status=MemberStatus.ACTIVE,
        created_at=now,
    )
    session().add(member)
    session().flush()
    key = session().scalar(
        insert(LtiUser)
        .values(
            organization_id=organization_id(),
            platform_id=platform_key,
            sub=said.sub,
            member_id=member.id,
            name=said.name,
            email=said.email,
            merge_with_id=None if twin is None else twin.id,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(LtiUser.id)
    )
    if key is None:  # the same person's other launch was faster
        session().delete(member)
        session().flush()
        return (
            session().scalars(select(LtiUser).where(LtiUser.platform_id == platform_key, LtiUser.sub == said.sub)).one()
        )
    audit("member.launched", "member", member.id, actor_member_id=None, now=now, platform=platform_key)
    return session().get_one(LtiUser, key)


def _with_email(email: str | None) -> Member | None:
    if email is None:
        return None
    return session().scalar(select(Member).where(Member.email == email, Member.status != MemberStatus.REMOVED))


def _nameless(sub: str, role: ClassRole) -> str:
    """A name for somebody of whom the platform says nothing, the same at every launch."""
    return f"{role.value.capitalize()} {hashlib.sha256(sub.encode()).hexdigest()[:4]}"


@dataclass(frozen=True, slots=True)
class MergeOffer:
    """A launched person and a roster member with the same address."""

    lti_user_id: uuid.UUID
    name: str
    email: str
    roster_name: str


def merge_offers(class_id: uuid.UUID) -> Sequence[MergeOffer]:
    """Pairs of one class that a teacher may merge: only learners, only onto a roster entry without an account.

    Whoever has an account links it with the password; a platform's word is not enough for that.
    """
    twin, mine = aliased(Member), aliased(Enrolment)
    rows = session().execute(
        select(LtiUser.id, Member.name, LtiUser.email, twin.name)
        .join(Member, Member.id == LtiUser.member_id)
        .join(mine, (mine.member_id == LtiUser.member_id) & (mine.class_id == class_id))
        .join(twin, twin.id == LtiUser.merge_with_id)
        .where(
            LtiUser.merge_refused_at.is_(None),
            LtiUser.member_id != LtiUser.merge_with_id,
            mine.role == ClassRole.STUDENT,
            mine.status == EnrolmentStatus.ACTIVE,
            twin.user_id.is_(None),
            twin.role == Role.STUDENT,
            twin.status != MemberStatus.REMOVED,
        )
        .order_by(Member.name)
    )
    return [MergeOffer(key, name, email or "", roster) for key, name, email, roster in rows]


def merge(class_id: uuid.UUID, lti_user_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Take a launched learner for the roster member with the same address. NotFound when it is not on offer."""
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    launched = _offered(class_id, lti_user_id)
    assert launched.merge_with_id is not None  # noqa: S101  # an offer has both
    session().get_one(Member, launched.merge_with_id).status = MemberStatus.ACTIVE
    _join(launched.member_id, launched.merge_with_id, actor_member_id=actor.member_id, now=now)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a mailed link asks: whether this member of this organization is the reader."""

    name: str
    organization: str


def link(member_id: uuid.UUID, user_id: uuid.UUID, *, now: datetime) -> uuid.UUID:
    """Link a launched member to an account that password or mail has proved; the member the person is from now on.

    Who is in the organization with that account already becomes one with that member.
    """
    member = to_link(member_id)
    if member.user_id is not None:
        raise Conflict("linked_already", N_("This is linked to an account already."))
    own = session().scalar(select(Member).where(Member.user_id == user_id, Member.status == MemberStatus.ACTIVE))
    if own is None:
        member.user_id = user_id
        audit("member.linked", "member", member_id, actor_member_id=member_id, now=now)
        return member_id
    _join(member_id, own.id, actor_member_id=member_id, now=now)
    return own.id


def to_link(member_id: uuid.UUID) -> Member:
    """The active member of the bound organization that is to be linked. NotFound."""
    member = session().get(Member, member_id)
    if member is None or member.status is not MemberStatus.ACTIVE:
        raise NotFound("member_not_found", N_("There is nobody to link any more. Ask for a new link from the course."))
    return member


def asked(token: str, organization_id: uuid.UUID, *, now: datetime) -> Asked:
    """What a mailed link asks. NotFound when it is used, has expired or is of another organization."""
    _user_id, member_id = accounts.asked_to_link(token, now=now)
    with unit_of_work(organization_id=organization_id) as db:
        name = to_link(member_id).name
        return Asked(name, db.get_one(Organization, organization_id).name)


def link_by_mail(token: str, organization_id: uuid.UUID, *, now: datetime) -> None:
    """Link as a mailed link asks, and use it up. NotFound as `asked`, Conflict as `link`."""
    user_id, member_id = accounts.asked_to_link(token, now=now)
    with unit_of_work(organization_id=organization_id, user_id=user_id):
        link(member_id, user_id, now=now)
        directory.remove(DirectoryKind.ACCOUNT_LINK, member_id)


def _join(before: uuid.UUID, after: uuid.UUID, *, actor_member_id: uuid.UUID, now: datetime) -> None:
    """One person from now on: classes, launches and work go over, and scores follow."""
    rows = session().execute(
        select(Enrolment.class_id, Enrolment.role).where(
            Enrolment.member_id == before, Enrolment.status == EnrolmentStatus.ACTIVE
        )
    )
    for class_id, role in rows.all():
        enrol_launched(class_id, after, role, now=now)
    leave_classes(before, now=now)
    take_over(before, after, now=now)
    session().execute(update(LtiUser).where(LtiUser.member_id == before).values(member_id=after, merge_with_id=None))
    owe_scores(places_of_member(after), now=now)
    session().get_one(Member, before).status = MemberStatus.REMOVED
    sign_ins.end_launches(before)
    audit("member.merged", "member", after, actor_member_id=actor_member_id, now=now, merged=before)


def keep_apart(class_id: uuid.UUID, lti_user_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """They are two people: never offer it again."""
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    _offered(class_id, lti_user_id).merge_refused_at = now
    audit("member.kept_apart", "lti_user", lti_user_id, actor_member_id=actor.member_id, now=now)


def _offered(class_id: uuid.UUID, lti_user_id: uuid.UUID) -> LtiUser:
    if all(offer.lti_user_id != lti_user_id for offer in merge_offers(class_id)):
        raise NotFound("no_offer", N_("This is not on offer any more."))
    return session().get_one(LtiUser, lti_user_id, with_for_update=True)
