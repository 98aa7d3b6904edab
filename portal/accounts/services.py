"""Registration, sign-in, verification, reset, change of address and password.

Each opens its own units of work: a person's rows are visible only in that person's scope, which is known
only after the directory was asked. Sign-in and reset never tell whether an address is known.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts.queries import find_user, user_of
from portal.errors import N_, Invalid, NotFound
from portal.events.audit import audit
from portal.events.outbox import emit, emit_for_person
from portal.models.organizations import Member, MemberStatus, OrganizationKind
from portal.models.people import DirectoryKind, User
from portal.organizations import queries as organizations
from portal.organizations.services import add_organization, work_in
from portal.security import sign_ins
from portal.security.passwords import check_password, hash_password, is_outdated
from portal.tenancy import directory
from portal.tenancy.scope import new_id, session, unit_of_work

MIN_PASSWORD = 10
RESET_LIFETIME = timedelta(hours=1)
LINK_LIFETIME = timedelta(hours=1)
VERIFICATION_LIFETIME = timedelta(days=7)
_LIFETIME = {
    DirectoryKind.RESET: RESET_LIFETIME,
    DirectoryKind.VERIFICATION: VERIFICATION_LIFETIME,
    DirectoryKind.EMAIL_CHANGE: VERIFICATION_LIFETIME,
}


@dataclass(frozen=True, slots=True)
class Registered:
    """A new sign-in; ``token`` is None when the address was taken (its owner got a mail instead)."""

    token: str | None


def register(*, name: str, email: str, password: str, zone: str, now: datetime) -> Registered:
    """Make a person with an INDIVIDUAL organization and sign in, or mail the owner of a taken address."""
    _check_password_rules(password)
    password_hash = hash_password(password)
    try:
        user_id = _make_person(name.strip(), email, password_hash, zone, now=now)
    except IntegrityError:  # the directory holds an address once, also when a form is sent twice at once
        taken_by = _person_of(email, now=now)
        if taken_by is None:
            raise
        with unit_of_work(user_id=taken_by):
            emit_for_person("account.registered_again", taken_by, now=now)
        return Registered(None)
    return Registered(_begin(user_id, now=now))


def _make_person(name: str, email: str, password_hash: str, zone: str, *, now: datetime) -> uuid.UUID:
    user = User(
        id=new_id(),
        email=email,
        password_hash=password_hash,
        name=name,
        zone=zone if zone in available_timezones() else "UTC",
        locale="en",
        created_at=now,
    )
    with unit_of_work(organization_id=new_id(), user_id=user.id) as db:
        db.add(user)
        db.flush()
        directory.put(DirectoryKind.SIGN_IN, directory.hash_email(email), user.id, user_id=user.id)
        db.flush()
        add_organization(name, OrganizationKind.INDIVIDUAL, user.zone, user=user, now=now)
        emit_for_person("account.registered", user.id, now=now)
        return user.id


def sign_in(*, email: str, password: str, now: datetime) -> str | None:
    """A new sign-in's token, or None; unknown addresses take the same steps as wrong passwords."""
    user = proven(email=email, password=password, now=now)
    if user is None:
        return None
    if is_outdated(user.password_hash):
        with unit_of_work(user_id=user.id):
            _store_password(user.id, password)
    return _begin(user.id, now=now)


def proven(*, email: str, password: str, now: datetime) -> User | None:
    """The person whose address and password these are, or None; takes as long for an unknown address."""
    user = find_user(_person_of(email, now=now) or new_id())
    return user if check_password(None if user is None else user.password_hash, password) else None


def _begin(user_id: uuid.UUID, *, now: datetime) -> str:
    place = _place(user_id)
    if place is None:
        with unit_of_work(user_id=user_id):
            return sign_ins.begin(user_id, organization_id=None, member_id=None, now=now)
    member_id = place.member_id
    with unit_of_work(organization_id=place.organization_id, user_id=user_id):
        audit("member.signed_in", "member", member_id, actor_member_id=member_id, now=now)
        return sign_ins.begin(user_id, organization_id=place.organization_id, member_id=member_id, now=now)


def _place(user_id: uuid.UUID) -> organizations.Membership | None:
    """Where a person begins: in the organization last chosen, else in a shared one, else in their own."""
    last = user_of(user_id).last_organization_id
    found = organizations.memberships(user_id)
    return next((each for each in found if each.organization_id == last), found[0] if found else None)


def move_on(who: sign_ins.Identity) -> bool:
    """Let a person whose organization has removed them work in another of theirs; whether there is one."""
    place = _place(who.user_id)
    if place is not None:
        work_in(who, place.organization_id, place.member_id)
    return place is not None


def sign_out(who: sign_ins.Identity, *, everywhere: bool = False, now: datetime) -> None:
    """End this sign-in, or all of the person's."""
    with unit_of_work(organization_id=who.organization_id, user_id=who.user_id):
        if who.member_id is not None:
            action = "member.signed_out_everywhere" if everywhere else "member.signed_out"
            audit(action, "member", who.member_id, actor_member_id=who.member_id, now=now)
        if everywhere:
            sign_ins.end_all(who.user_id)
        else:
            sign_ins.end(who.token)


def ask_for_verification(user_id: uuid.UUID, *, now: datetime) -> None:
    """Send the verification mail again."""
    with unit_of_work(user_id=user_id):
        emit_for_person("account.verification_asked", user_id, now=now)


def ask_for_reset(email: str, *, now: datetime) -> None:
    """Mail a reset link when the address is known; the caller cannot tell."""
    user_id = _person_of(email, now=now)
    if user_id is not None:
        with unit_of_work(user_id=user_id):
            emit_for_person("account.reset_asked", user_id, now=now)


def mint(kind: DirectoryKind, user: User, *, now: datetime) -> str:
    """A single-use token of a kind for a person, inside that person's scope; earlier ones end."""
    return directory.mint(kind, user.id, user_id=user.id, expires_at=now + _LIFETIME[kind])


def ask_for_link(email: str, *, organization_id: uuid.UUID, member_id: uuid.UUID, now: datetime) -> None:
    """Mail the owner of an address a link that links a member to that account, when there is one."""
    user_id = _person_of(email, now=now)
    if user_id is not None:
        with unit_of_work(user_id=user_id):
            emit_for_person(
                "account.link_asked", user_id, now=now, organization_id=organization_id, member_id=member_id
            )


def mint_link(user: User, member_id: uuid.UUID, *, now: datetime) -> str:
    """A single-use token that links a member to a person, inside that person's scope; earlier ones for them end."""
    return directory.mint(DirectoryKind.ACCOUNT_LINK, member_id, user_id=user.id, expires_at=now + LINK_LIFETIME)


def asked_to_link(token: str, *, now: datetime) -> tuple[uuid.UUID, uuid.UUID]:
    """Whom a mailed link would link: (person, member). NotFound when the link is used or expired."""
    with unit_of_work():
        entry = directory.find(DirectoryKind.ACCOUNT_LINK, directory.hash_token(token), now=now)
    if entry is None or entry.user_id is None:
        raise _gone()
    return entry.user_id, entry.target_id


def verify(token: str, *, now: datetime) -> None:
    """Confirm the address a verification mail went to. NotFound when the link is used or expired."""
    user_id = _owner(DirectoryKind.VERIFICATION, token, now=now)
    with unit_of_work(user_id=user_id) as db:
        db.get_one(User, user_id).email_verified_at = now
        directory.remove(DirectoryKind.VERIFICATION, user_id)


def may_reset(token: str, *, now: datetime) -> bool:
    """Whether a reset link still works."""
    with unit_of_work():
        return directory.find(DirectoryKind.RESET, directory.hash_token(token), now=now) is not None


def reset(token: str, password: str, *, now: datetime) -> str:
    """Set a new password by a reset link; it is used up, and every sign-in ends. The account's address."""
    _check_password_rules(password)
    user_id = _owner(DirectoryKind.RESET, token, now=now)
    with unit_of_work(user_id=user_id) as db:
        _store_password(user_id, password)
        user = db.get_one(User, user_id)
        user.email_verified_at = user.email_verified_at or now
        directory.remove(DirectoryKind.RESET, user_id)
        sign_ins.end_all(user_id)
        emit_for_person("account.password_changed", user_id, now=now)
        return user.email


def change_password(who: sign_ins.Identity, *, old: str, new: str, now: datetime) -> None:
    """Change the password; other sign-ins end."""
    _check_password_rules(new)
    _require_password(who.user_id, old)
    with unit_of_work(user_id=who.user_id):
        _store_password(who.user_id, new)
        sign_ins.end_all(who.user_id, but=who.token)
        directory.remove(DirectoryKind.RESET, who.user_id)
        emit_for_person("account.password_changed", who.user_id, now=now)


def change_profile(user_id: uuid.UUID, *, name: str, zone: str, locale: str, now: datetime) -> None:
    """Change name, zone and language, in the account and in all memberships; schedules follow another zone."""
    if zone not in available_timezones():
        raise Invalid("zone", N_("%(zone)s is not a time zone."), field="zone", zone=zone)
    with unit_of_work(user_id=user_id) as db:
        user = db.get_one(User, user_id)
        user.name, user.zone, user.locale = name.strip(), zone, locale
    for each in organizations.memberships(user_id):
        with unit_of_work(organization_id=each.organization_id, user_id=user_id) as db:
            member = db.get_one(Member, each.member_id)
            if member.zone != zone:
                emit("member.zone_changed", now=now, member_id=member.id)
            member.name, member.zone, member.locale = name.strip(), zone, locale


def ask_for_email_change(who: sign_ins.Identity, *, email: str, password: str, now: datetime) -> None:
    """Mail a link to the new address; the address changes when it is opened. Earlier links end."""
    _require_password(who.user_id, password)
    with unit_of_work(user_id=who.user_id) as db:
        db.get_one(User, who.user_id).pending_email = email
        db.flush()
        directory.remove(DirectoryKind.EMAIL_CHANGE, who.user_id)
        emit_for_person("account.email_change_asked", who.user_id, now=now)


def mint_email_change(user: User, *, now: datetime) -> tuple[str, str]:
    """The address a person waits to confirm (the present one when none waits), and a token for it.

    The row is locked, so that a token never reaches one address and confirms another.
    """
    session().refresh(user, with_for_update=True)
    return user.pending_email or user.email, mint(DirectoryKind.EMAIL_CHANGE, user, now=now)


def confirm_email_change(token: str, *, now: datetime) -> None:
    """Take the new address; Invalid when somebody else has it by now. Links mailed to the old one end."""
    user_id = _owner(DirectoryKind.EMAIL_CHANGE, token, now=now)
    try:
        email = _take_pending_email(user_id, now=now)
    except IntegrityError as error:
        raise Invalid("email_taken", N_("That address belongs to another account."), field="email") from error
    for each in organizations.memberships(user_id):
        with unit_of_work(organization_id=each.organization_id, user_id=user_id) as db:
            if db.scalar(select(Member.id).where(Member.email == email, Member.status != MemberStatus.REMOVED)) is None:
                db.get_one(Member, each.member_id).email = email


def _take_pending_email(user_id: uuid.UUID, *, now: datetime) -> str:
    with unit_of_work(user_id=user_id) as db:
        user = db.get_one(User, user_id)
        if user.pending_email is None:
            raise _gone()
        email = user.pending_email
        user.email, user.pending_email, user.email_verified_at = email, None, now
        for kind in (DirectoryKind.SIGN_IN, DirectoryKind.EMAIL_CHANGE, DirectoryKind.RESET):
            directory.remove(kind, user_id)
        directory.put(DirectoryKind.SIGN_IN, directory.hash_email(email), user_id, user_id=user_id)
        return email


def _person_of(email: str, *, now: datetime) -> uuid.UUID | None:
    with unit_of_work():
        entry = directory.find(DirectoryKind.SIGN_IN, directory.hash_email(email), now=now)
        return None if entry is None else entry.target_id


def _owner(kind: DirectoryKind, token: str, *, now: datetime) -> uuid.UUID:
    with unit_of_work():
        entry = directory.find(kind, directory.hash_token(token), now=now)
    if entry is None:
        raise _gone()
    return entry.target_id


def _gone() -> NotFound:
    return NotFound("link_gone", N_("This link was used or has expired. Ask for a new one."))


def _require_password(user_id: uuid.UUID, password: str) -> None:
    if not check_password(user_of(user_id).password_hash, password):
        raise Invalid("wrong_password", N_("That is not your password."), field="password")


def _check_password_rules(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            "password_short", N_("Take at least %(minimum)d characters."), field="password", minimum=MIN_PASSWORD
        )


def _store_password(user_id: uuid.UUID, password: str) -> None:
    session().execute(update(User).where(User.id == user_id).values(password_hash=hash_password(password)))
