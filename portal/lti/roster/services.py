"""From a course's listing to the class: people made, enrolled, changed, taken out. Nobody is deleted."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update

from portal.classes.listed import enrol_listed, leave_listed
from portal.classes.queries import classroom
from portal.errors import N_, Conflict
from portal.events.audit import audit
from portal.events.outbox import LONG, emit, owe, withdraw
from portal.jobs.progress import advance, begin_run, finish
from portal.lti.faults import ServiceError
from portal.lti.reach import Clock, reach
from portal.lti.roles import STRENGTH, class_role, organization_role
from portal.lti.roster import queries
from portal.lti.roster.listing import Listed, Listing, Status, read
from portal.models.classes import ClassRole
from portal.models.events import JobState
from portal.models.lti import LtiUser
from portal.models.organizations import Member, MemberStatus
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

REQUESTED = "lti.roster_requested"
NIGHTLY = "lti.roster_nightly"
_NIGHT, _NIGHT_MINUTES = time(2), 180


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a listing changed in the class, in people."""

    added: int
    removed: int
    people: int


def request_sync(class_id: uuid.UUID, *, actor: Actor, now: datetime) -> uuid.UUID:
    """Have the class's roster read from its platform; the run the page follows. Conflict while one is at it."""
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    classroom(class_id)
    if not queries.contexts(class_id):
        raise Conflict("no_course", N_("This class belongs to no course of a learning platform."))
    run = queries.run_of(class_id)
    if run is not None and run.state in (JobState.QUEUED, JobState.RUNNING):
        return run.id
    return begin(class_id, member_id=actor.member_id, now=now)


def begin(class_id: uuid.UUID, *, member_id: uuid.UUID | None = None, whole: bool = False, now: datetime) -> uuid.UUID:
    """Owe a reading of the class's roster; the run's id. ``whole`` asks for everybody, not only for what changed."""
    run_id = begin_run("lti_roster", f"roster:{class_id}", class_id, total=0, created_by_id=member_id, now=now)
    emit(REQUESTED, now=now, queue=LONG, class_id=class_id, run_id=run_id, whole=whole)
    return run_id


def plan_nightly(class_id: uuid.UUID, *, now: datetime) -> None:
    """Owe the class's next nightly reading, in the small hours of its zone; no two classes at the same minute."""
    zone = ZoneInfo(classroom(class_id).zone)
    minute = class_id.int % _NIGHT_MINUTES
    night = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), _NIGHT, zone)
    withdraw(NIGHTLY, class_id)
    owe(NIGHTLY, class_id, due_at=(night + timedelta(minutes=minute)).astimezone(UTC), queue=LONG)


def read_course(class_id: uuid.UUID, run_id: uuid.UUID, *, whole: bool, private: bool, clock: Clock) -> Outcome:
    """Read every course of the class and bring the class to it, moving the run's count. ServiceError."""
    courses = queries.contexts(class_id)
    listings = []
    read_before = 0
    for context in courses:
        if context.memberships_url is None:
            continue
        differences = None if whole or len(courses) > 1 else context.differences_url
        with reach(context, private=private, clock=clock) as reached:
            listing = read(
                reached.connector,
                context.memberships_url,
                differences=differences,
                on_page=partial(_advance, run_id, read_before),
            )
        read_before += len(listing.people)
        listings.append((reached.platform_id, listing))
        context.differences_url = listing.differences or context.differences_url
        context.roster_synced_at, context.roster_error = clock(), None
    if not listings:
        raise ServiceError(
            "no_roster",
            N_("The learning platform offers no roster for this course. Its administrator can allow it."),
            again=False,
        )
    return apply(class_id, listings, now=clock())


def _advance(run_id: uuid.UUID, before: int, people: int) -> None:
    advance(run_id, before + people)


def note_failure(class_id: uuid.UUID, run_id: uuid.UUID, error: ServiceError, *, now: datetime) -> None:
    """Keep why a reading failed, for the educator to read."""
    for context in queries.contexts(class_id):
        context.roster_error = str(error)
    finish(run_id, now=now, error=str(error))


def apply(class_id: uuid.UUID, listings: Sequence[tuple[uuid.UUID, Listing]], *, now: datetime) -> Outcome:
    """Bring the class to what its courses list, each a (platform, listing).

    A full listing takes out whoever came from the platform and is not in it; one that names nobody is an error, as
    it would empty the class.
    """
    roles: dict[uuid.UUID, ClassRole] = {}
    gone: set[uuid.UUID] = set()
    for platform_id, listing in listings:
        active = [person for person in listing.people if person.status is Status.ACTIVE]
        if listing.full and not active:
            raise ServiceError("nobody", N_("The learning platform lists nobody; nothing was changed."), again=False)
        members = _members(platform_id, active, now=now)
        for person in active:
            _strengthen(roles, members[person.sub], class_role(person.roles))
        if listing.full:
            gone |= queries.enrolled_from(class_id, platform_id)
        else:
            left = [person.sub for person in listing.people if person.status is not Status.ACTIVE]
            gone |= set(queries.members_of(platform_id, left).values())
    added = enrol_listed(class_id, roles, now=now)
    removed = leave_listed(class_id, gone - roles.keys(), now=now)
    audit(
        "lti.roster_read",
        "class",
        class_id,
        actor_member_id=None,
        now=now,
        people=len(roles),
        added=len(added),
        removed=len(removed),
    )
    return Outcome(len(added), len(removed), len(roles))


def _strengthen(roles: dict[uuid.UUID, ClassRole], member_id: uuid.UUID, role: ClassRole) -> None:
    """A member listed twice (two courses, two accounts) has the stronger part."""
    roles[member_id] = min(roles.get(member_id, role), role, key=STRENGTH.index)


def _members(platform_id: uuid.UUID, people: Iterable[Listed], *, now: datetime) -> dict[str, uuid.UUID]:
    """``sub`` → member of everybody listed; who is new becomes a member without an account."""
    people = list(people)
    known = queries.members_of(platform_id, [person.sub for person in people])
    new = [person for person in people if person.sub not in known]
    if new:
        known |= _add(platform_id, new, now=now)
    _refresh(platform_id, [person for person in people if person not in new])
    return known


def _add(platform_id: uuid.UUID, people: Sequence[Listed], *, now: datetime) -> dict[str, uuid.UUID]:
    """Members for new people. An address another member has is kept beside the person, for a teacher to merge."""
    taken = queries.members_by_email([person.email for person in people if person.email])
    own: dict[str, str] = {}  # the first of two people with one address has it
    for person in people:
        if person.email and person.email.casefold() not in taken:
            own.setdefault(person.email.casefold(), person.sub)
    ids = session().scalars(select(func.uuidv7()).select_from(func.generate_series(1, len(people))))
    made = dict(zip((person.sub for person in people), ids, strict=True))
    session().execute(
        insert(Member),
        [
            {
                "id": made[person.sub],
                "organization_id": organization_id(),
                "name": person.name or person.email or N_("Somebody"),
                "email": person.email if person.email and own.get(person.email.casefold()) == person.sub else None,
                "role": organization_role(class_role(person.roles)),
                "status": MemberStatus.ACTIVE,
                "created_at": now,
            }
            for person in people
        ],
    )
    session().execute(
        insert(LtiUser),
        [
            {
                "organization_id": organization_id(),
                "platform_id": platform_id,
                "sub": person.sub,
                "member_id": made[person.sub],
                "name": person.name,
                "email": person.email,
                "merge_with_id": taken.get((person.email or "").casefold()),
                "created_at": now,
            }
            for person in people
        ],
    )
    return made


def _refresh(platform_id: uuid.UUID, people: Sequence[Listed]) -> None:
    """Keep what the platform says of people it named before, and the names of members without an account."""
    users = queries.users_of(platform_id, [person.sub for person in people])
    renamed: dict[uuid.UUID, str] = {}
    for person in people:
        user = users[person.sub]
        if person.name is not None and user.name != person.name:
            user.name = person.name
            renamed[user.member_id] = person.name
        if person.email is not None and user.email != person.email:
            user.email = person.email
    rows = [{"id": member_id, "name": renamed[member_id]} for member_id in queries.without_account(renamed)]
    if rows:
        session().execute(update(Member), rows)
