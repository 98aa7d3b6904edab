"""Organizations and the switcher, members, invitations."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.accounts.queries import user_of
from portal.errors import N_, Invalid, NotFound
from portal.models.organizations import MemberStatus, OrganizationKind, Role
from portal.organizations import queries, services
from portal.organizations.forms import ROLES, InviteForm, NewOrganizationForm, SettingsForm
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.identity import identity, require_actor, require_identity
from portal.security.permissions import Permission
from portal.security.sign_ins import Identity
from portal.web.paging import page_asked

blueprint = Blueprint("organizations", __name__)
_SWITCHER = 6  # the session is a cookie of 4 kB; the page of organizations lists them all


@blueprint.app_template_global()
def places() -> list[list[str]]:
    """The switcher's [id, name] pairs: read once in the person's own scope, then kept in the session."""
    who = identity()
    if who is None:
        return []
    if "places" not in session:
        found = queries.memberships(who.user_id)[:_SWITCHER]
        session["places"] = [[str(each.organization_id), each.name[:60]] for each in found]
    kept: list[list[str]] = session["places"]
    return kept


@blueprint.get("/organizations")
def index() -> ResponseReturnValue:
    """The person's organizations, with a button to work in each."""
    session.pop("places", None)
    return _index_page(NewOrganizationForm(formdata=None, zone=user_of(require_identity().user_id).zone))


def _index_page(form: NewOrganizationForm, status: int = 200) -> ResponseReturnValue:
    who = require_identity()
    found = queries.memberships(who.user_id)
    page = render_template("organizations/index.html", memberships=found, here=who.organization_id, form=form)
    return page, status


@blueprint.post("/organizations")
def create() -> ResponseReturnValue:
    """Make an organization and work in it."""
    who, form = require_identity(), NewOrganizationForm()
    if not form.validate():
        return _index_page(form, 422)
    organization_id, member_id = services.create_organization(
        form.name.data,
        OrganizationKind(form.kind.data),
        form.zone.data,
        user=user_of(who.user_id),
        now=clock.now(),
        holiday_country=form.holiday_country.data or None,
    )
    _work_in(who, organization_id, member_id)
    flash(_("%(name)s is ready, with a starter library.", name=form.name.data))
    return redirect("/", 303)


@blueprint.post("/organizations/switch")
def switch() -> ResponseReturnValue:
    """Work in another of the person's organizations."""
    who = require_identity()
    wanted = request.form.get("organization", "")
    chosen = next((m for m in queries.memberships(who.user_id) if str(m.organization_id) == wanted), None)
    if chosen is None:
        raise NotFound("organization_not_found", N_("You are not a member of that organization."))
    _work_in(who, chosen.organization_id, chosen.member_id)
    return redirect("/", 303)


def _work_in(who: Identity, organization_id: uuid.UUID, member_id: uuid.UUID) -> None:
    services.work_in(who, organization_id, member_id)
    session.pop("places", None)


@blueprint.get("/settings/organization")
def organization() -> ResponseReturnValue:
    """The organization's settings."""
    authorize(require_actor(), Permission.ORGANIZATION_EDIT)
    found = queries.organization()
    return render_template("organizations/settings.html", form=SettingsForm(obj=found), kind=found.kind)


@blueprint.post("/settings/organization")
def change() -> ResponseReturnValue:
    """Keep the organization's settings."""
    actor, form = require_actor(), SettingsForm()
    authorize(actor, Permission.ORGANIZATION_EDIT)
    if not form.validate():
        return render_template("organizations/settings.html", form=form, kind=actor.organization_kind), 422
    services.change_organization(
        name=form.name.data,
        zone=form.zone.data,
        holiday_country=form.holiday_country.data or None,
        streaks=form.streaks.data,
        milestones=form.milestones.data,
        actor=actor,
        now=clock.now(),
    )
    session.pop("places", None)
    flash(_("Saved."))
    return redirect(url_for("organizations.organization"), 303)


@blueprint.get("/members")
def members() -> ResponseReturnValue:
    """The organization's members."""
    return _members_page(InviteForm(formdata=None))


def _members_page(form: InviteForm, status: int = 200) -> ResponseReturnValue:
    actor = require_actor()
    authorize(actor, Permission.MEMBERS_EDIT)
    search = request.args.get("q", "").strip()[:100]
    rows, page = queries.members(search, page_asked(request.args))
    return (
        render_template("organizations/members.html", rows=rows, page=page, search=search, form=form, roles=ROLES),
        status,
    )


@blueprint.post("/members")
def invite() -> ResponseReturnValue:
    """Invite somebody by mail."""
    actor, form = require_actor(), InviteForm()
    if not form.validate():
        return _members_page(form, 422)
    member = services.invite(
        email=form.email.data, name=form.name.data, role=Role(form.role.data), actor=actor, now=clock.now()
    )
    invited = member.status is MemberStatus.INVITED
    flash(
        _("Invitation sent to %(email)s.", email=member.email)
        if invited
        else _("%(name)s is a member already.", name=member.name)
    )
    return redirect(url_for("organizations.members"), 303)


@blueprint.post("/members/<uuid:member_id>/invitation")
def resend(member_id: uuid.UUID) -> ResponseReturnValue:
    """Mail the invitation once more."""
    member = services.resend_invitation(member_id, actor=require_actor(), now=clock.now())
    flash(_("Invitation sent to %(email)s.", email=member.email))
    return redirect(url_for("organizations.members"), 303)


@blueprint.post("/members/<uuid:member_id>/role")
def change_role(member_id: uuid.UUID) -> ResponseReturnValue:
    """Change a member's role."""
    authorize(require_actor(), Permission.MEMBERS_EDIT)
    actor, wanted = require_actor(), request.form.get("role", "")
    if wanted not in Role.__members__:
        raise Invalid("role", N_("Choose one of the roles."), field="role")
    services.change_role(member_id, Role(wanted), actor=actor, now=clock.now())
    flash(_("Role changed."))
    return redirect(_after(member_id, actor), 303)


@blueprint.post("/members/<uuid:member_id>/remove")
def remove(member_id: uuid.UUID) -> ResponseReturnValue:
    """Take a member out of the organization."""
    actor = require_actor()
    services.remove_member(member_id, actor=actor, now=clock.now())
    flash(_("Removed. Nothing that was done is lost."))
    return redirect(_after(member_id, actor), 303)


def _after(member_id: uuid.UUID, actor: Actor) -> str:
    """Back to the members, unless who did it may not see them any more."""
    return "/" if member_id == actor.member_id else url_for("organizations.members")


@blueprint.get("/invitations/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """An invitation: accept it, or sign in or register first with its address."""
    found = queries.invited(token, now=clock.now())
    if found is None:
        raise NotFound("invitation_gone", N_("This invitation was used or has expired. Ask for a new one."))
    session["invitation"] = token
    who = identity()
    signed_in_as = None if who is None else user_of(who.user_id).email
    return render_template("organizations/invitation.html", invited=found, signed_in_as=signed_in_as)


@blueprint.post("/invitations/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Join the organization and work in it."""
    who = require_identity()
    organization_id, member_id = services.accept(token, user=user_of(who.user_id), now=clock.now())
    for name in ("invitation", "unverified"):
        session.pop(name, None)
    _work_in(who, organization_id, member_id)
    flash(_("Welcome!"))
    return redirect("/", 303)
