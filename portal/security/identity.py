"""Flask-Login's user and the request's actor."""

import uuid
from dataclasses import replace
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import UserMixin, current_user
from sqlalchemy import select

from portal import clock
from portal.extensions import login
from portal.models.organizations import Member, MemberStatus, Organization, Role
from portal.security import sign_ins
from portal.security.actor import Actor
from portal.tenancy.scope import Scope, session


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """Who is signed in or launched as Flask-Login sees it; its id is the token, never the user's id."""

    def __init__(self, identity: sign_ins.Identity | sign_ins.Launch) -> None:
        """Wrap what was found for the cookie's token."""
        self.identity = identity

    def get_id(self) -> str:
        """The sign-in token, kept in the session cookie."""
        return self.identity.token


@login.unauthorized_handler  # type: ignore[untyped-decorator]  # Flask-Login ships no types
def ask_to_sign_in() -> ResponseReturnValue:
    """Send a visitor to sign in, and then back: to the page asked for, or to the one whose form was sent.

    A form's own address answers no GET, so after signing in it would lead nowhere.
    """
    flash(_("Sign in to go on."), "acc")
    page = request.url if request.method in ("GET", "HEAD") else request.referrer or ""
    return redirect(url_for("accounts.sign_in", next=path_here(page)))


def path_here(address: str) -> str | None:
    """Path and query of an address of this site; None for what is none."""
    return address.removeprefix(request.host_url.rstrip("/")) if address.startswith(request.host_url) else None


@login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
def load(token: str) -> SignedIn | None:
    """The signed-in person for the session cookie's token, or None when it has ended."""
    identity = sign_ins.find(token, now=clock.now())
    return None if identity is None else SignedIn(identity)


def _found() -> sign_ins.Identity | sign_ins.Launch | None:
    user: Any = current_user
    return user.identity if user.is_authenticated else None


def identity() -> sign_ins.Identity | None:
    """The person who signed in with a password, or None: a visitor, or somebody a learning platform has sent."""
    found = _found()
    return found if isinstance(found, sign_ins.Identity) else None


def launch() -> sign_ins.Launch | None:
    """The request's launch session, or None."""
    found = _found()
    return found if isinstance(found, sign_ins.Launch) else None


def scope_of_request() -> Scope:
    """Whose rows the request may see."""
    found = _found()
    if found is None:
        return Scope()
    return Scope(found.organization_id, found.user_id if isinstance(found, sign_ins.Identity) else None)


def load_actor(member_id: uuid.UUID) -> Actor | None:
    """The active member with this id as an actor, read in the open unit of work."""
    row = (
        session()
        .execute(
            select(Member, Organization)
            .join(Organization, Organization.id == Member.organization_id)
            .where(Member.id == member_id, Member.status == MemberStatus.ACTIVE)
        )
        .first()
    )
    if row is None:
        return None
    member, organization = row
    return Actor(
        organization_id=organization.id,
        organization_name=organization.name,
        organization_kind=organization.kind,
        member_id=member.id,
        user_id=member.user_id,
        name=member.name,
        email=member.email,
        role=member.role,
        zone=member.zone or organization.zone,
        locale=member.locale or organization.locale,
    )


def current_actor() -> Actor | None:
    """The request's actor, read once a request; None for visitors and people without an organization."""
    if "actor" not in g:
        found = _found()
        actor = None if found is None or found.member_id is None else load_actor(found.member_id)
        g.actor = _confined(actor) if actor is not None and isinstance(found, sign_ins.Launch) else actor
    seen: Actor | None = g.actor
    return seen


def _confined(actor: Actor) -> Actor:
    """A platform's word makes nobody an admin: in a launch session an admin does what an educator may."""
    return replace(actor, role=Role.MEMBER) if actor.role in (Role.OWNER, Role.ADMIN) else actor


def require_actor() -> Actor:
    """The request's actor; a visitor is sent to sign in and brought back afterwards."""
    actor = current_actor()
    if actor is None:
        abort(login.unauthorized())
    return actor


def require_identity() -> sign_ins.Identity:
    """The request's identity; a visitor is sent to sign in and brought back afterwards."""
    found = identity()
    if found is None:
        abort(login.unauthorized())
    return found
