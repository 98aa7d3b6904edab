"""Registration, sign-in, verification, reset, change of address and password.

Each opens its own units of work: a person's rows are visible only in that person's scope, which is known
only after the directory was asked. Sign-in and reset never tell whether an address is known.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy import update

from portal.accounts.queries import user_of
from portal.errors import N_, Invalid, NotFound
from portal.events.outbox import emit_for_person
from portal.models.organizations import Member, OrganizationKind
from portal.models.people import DirectoryKind, User
from portal.organizations import queries as organizations
from portal.organizations.services import create_organization
from portal.security import sign_ins
from portal.security.passwords import check_password, hash_password, is_outdated
from portal.tenancy import directory
from portal.tenancy.scope import new_id, session, unit_of_work

MIN_PASSWORD = 10
RESET_LIFETIME = timedelta(hours=1)
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
    zone = zone if zone in available_timezones() else "UTC"
    password_hash = hash_password(password)
    taken_by = _person_of(email, now=now)
    if taken_by is not None:
        with unit_of_work(user_id=taken_by):
            emit_for_person("account.registered_again", taken_by, now=now)
        return Registered(None)
    user_id = new_id()
    user = User(
        id=user_id,
        email=email,
        password_hash=password_hash,
        name=name.strip(),
        zone=zone,
        locale="en",
        created_at=now,
    )
    with unit_of_work(user_id=user_id) as db:
        db.add(user)
        db.flush()
        directory.put(DirectoryKind.SIGN_IN, directory.hash_email(email), user_id, user_id=user_id)
        emit_for_person("account.registered", user_id, now=now)
        db.flush()
        db.expunge(user)
    create_organization(user.name, OrganizationKind.INDIVIDUAL, zone, user=user, now=now)
    return Registered(_begin(user_id, now=now))


def sign_in(*, email: str, password: str, now: datetime) -> str | None:
    """A new sign-in's token, or None; unknown addresses take as long as wrong passwords."""
    user_id = _person_of(email, now=now)
    user = None if user_id is None else user_of(user_id)
    if not check_password(None if user is None else user.password_hash, password) or user is None:
        return None
    if is_outdated(user.password_hash):
        with unit_of_work(user_id=user.id):
            _store_password(user.id, password)
    return _begin(user.id, now=now)


def _begin(user_id: uuid.UUID, *, now: datetime) -> str:
    """Sign in to a shared organization when there is one, else to the person's own."""
    memberships = organizations.memberships(user_id)
    first = memberships[0] if memberships else None
    with unit_of_work(user_id=user_id):
        return sign_ins.begin(
            user_id,
            organization_id=None if first is None else first.organization_id,
            member_id=None if first is None else first.member_id,
            now=now,
        )


def sign_out(who: sign_ins.Identity, *, everywhere: bool = False) -> None:
    """End this sign-in, or all of the person's."""
    with unit_of_work(user_id=who.user_id):
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
    token = directory.new_token()
    directory.remove(kind, user.id)
    directory.put(kind, directory.hash_token(token), user.id, user_id=user.id, expires_at=now + _LIFETIME[kind])
    return token


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


def reset(token: str, password: str, *, now: datetime) -> None:
    """Set a new password by a reset link; it is used up, and every sign-in ends."""
    _check_password_rules(password)
    user_id = _owner(DirectoryKind.RESET, token, now=now)
    with unit_of_work(user_id=user_id) as db:
        _store_password(user_id, password)
        user = db.get_one(User, user_id)
        user.email_verified_at = user.email_verified_at or now
        directory.remove(DirectoryKind.RESET, user_id)
        sign_ins.end_all(user_id)
        emit_for_person("account.password_changed", user_id, now=now)


def change_password(who: sign_ins.Identity, *, old: str, new: str, now: datetime) -> None:
    """Change the password; other sign-ins end."""
    _check_password_rules(new)
    _require_password(who.user_id, old)
    with unit_of_work(user_id=who.user_id):
        _store_password(who.user_id, new)
        sign_ins.end_all(who.user_id, but=who.token)
        directory.remove(DirectoryKind.RESET, who.user_id)
        emit_for_person("account.password_changed", who.user_id, now=now)


def change_profile(user_id: uuid.UUID, *, name: str, zone: str, now: datetime) -> None:
    """Change name and zone, in the account and in all memberships."""
    if zone not in available_timezones():
        raise Invalid("zone", N_("%(zone)s is not a time zone."), field="zone", zone=zone)
    with unit_of_work(user_id=user_id) as db:
        user = db.get_one(User, user_id)
        user.name, user.zone = name.strip(), zone
    for membership in organizations.memberships(user_id):
        with unit_of_work(organization_id=membership.organization_id, user_id=user_id) as db:
            db.execute(update(Member).where(Member.id == membership.member_id).values(name=name.strip(), zone=zone))


def ask_for_email_change(who: sign_ins.Identity, *, email: str, password: str, now: datetime) -> None:
    """Mail a link to the new address; the address changes when it is opened."""
    _require_password(who.user_id, password)
    with unit_of_work(user_id=who.user_id) as db:
        db.get_one(User, who.user_id).pending_email = email
        emit_for_person("account.email_change_asked", who.user_id, now=now)


def confirm_email_change(token: str, *, now: datetime) -> None:
    """Take the new address; Invalid when somebody else has it by now."""
    user_id = _owner(DirectoryKind.EMAIL_CHANGE, token, now=now)
    with unit_of_work(user_id=user_id) as db:
        user = db.get_one(User, user_id)
        if user.pending_email is None:
            raise _gone()
        email = user.pending_email
        if directory.holds(DirectoryKind.SIGN_IN, directory.hash_email(email)):
            raise Invalid("email_taken", N_("That address belongs to another account."), field="email")
        user.email, user.pending_email, user.email_verified_at = email, None, now
        directory.remove(DirectoryKind.SIGN_IN, user_id)
        directory.remove(DirectoryKind.EMAIL_CHANGE, user_id)
        directory.put(DirectoryKind.SIGN_IN, directory.hash_email(email), user_id, user_id=user_id)
    for membership in organizations.memberships(user_id):
        with unit_of_work(organization_id=membership.organization_id, user_id=user_id) as db:
            db.execute(update(Member).where(Member.id == membership.member_id).values(email=email))


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
