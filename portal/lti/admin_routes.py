"""Registering platforms: the admin's pages, the one-time link, and the configuration for Canvas."""

import uuid

from flask import Blueprint, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.config import Settings
from portal.errors import DomainError, Invalid
from portal.extensions import csrf
from portal.lti import admin_queries, dynamic, keys, limits, queries, refusals, registration, tool
from portal.lti.forms import PlatformForm
from portal.lti.refusals import Refused
from portal.lti.registration import PlatformDraft
from portal.lti.registry import origin_of
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.errors import say
from portal.web.headers import allow_frames
from portal.web.parse import maybe_uuid

blueprint = Blueprint("platforms", __name__)

ACTIONS = {"approve": registration.approve, "disable": registration.disable, "refuse": registration.refuse}


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _admin() -> Actor:
    actor = require_actor()
    authorize(actor, Permission.PLATFORMS_MANAGE)
    return actor


@blueprint.get("/settings/platforms")
def index() -> ResponseReturnValue:
    """Pending registrations, platforms with their deployments, and our own keys."""
    return _page(_admin())


def _page(actor: Actor, link: str = "") -> str:
    return render_template(
        "lti/platforms.html",
        rows=admin_queries.clients(),
        keys=keys.keys(now=clock.now()),
        own=tool.addresses(_settings().base_url, actor.organization_id),
        link=link,
        now=clock.now(),
    )


@blueprint.post("/settings/platforms/link")
def make_link() -> ResponseReturnValue:
    """A one-time registration link, shown once."""
    actor = _admin()
    token = dynamic.make_link(actor=actor, now=clock.now())
    return _page(actor, link=_settings().base_url + url_for("platforms.open_link", token=token))


@blueprint.get("/settings/platforms/new")
def new() -> ResponseReturnValue:
    """The form for a registration by hand."""
    return _form_page(_admin(), PlatformForm(formdata=None))


def _form_page(actor: Actor, form: PlatformForm) -> str:
    own = tool.addresses(_settings().base_url, actor.organization_id)
    return render_template("lti/platform.html", form=form, own=own)


@blueprint.post("/settings/platforms/new")
def create() -> ResponseReturnValue:
    """Register a platform by hand."""
    actor, form = _admin(), PlatformForm()
    if not form.validate():
        return _form_page(actor, form), 422
    draft = PlatformDraft(
        **{name: form[name].data.strip() for name in form.data if name not in ("csrf_token", "deployment_ids")},
        deployment_ids=registration.split_ids(form.deployment_ids.data),
    )
    try:
        registration.register(draft, private=_settings().lti_private_addresses, actor=actor, now=clock.now())
    except Invalid as error:
        form[error.field or "name"].errors = [say(error)]
        return _form_page(actor, form), 422
    flash(_("%(name)s is registered and may launch.", name=draft.name))
    return redirect(url_for("platforms.index"), 303)


@blueprint.post("/settings/platforms/<uuid:client_key>/<any(approve, disable, refuse):action>")
def decide(client_key: uuid.UUID, action: str) -> ResponseReturnValue:
    """Approve, switch off (or on again), or refuse a registration."""
    ACTIONS[action](client_key, actor=_admin(), now=clock.now())
    return redirect(url_for("platforms.index"), 303)


@blueprint.post("/settings/platforms/<uuid:client_key>/deployments")
def add_deployment(client_key: uuid.UUID) -> ResponseReturnValue:
    """Let a further deployment launch."""
    actor = _admin()
    registration.add_deployment(client_key, request.form.get("deployment_id", ""), actor=actor, now=clock.now())
    flash(_("The deployment may launch."))
    return redirect(url_for("platforms.index"), 303)


@blueprint.post("/settings/platforms/<uuid:client_key>/test")
def test(client_key: uuid.UUID) -> ResponseReturnValue:
    """Ask the platform for its keys and say what came of it."""
    actor = _admin()
    try:
        count = registration.test(client_key, private=_settings().lti_private_addresses, actor=actor, now=clock.now())
        flash(_("It answers: %(count)d keys.", count=count))
    except Refused as refused:
        flash(say(refused), "bad")
    return redirect(url_for("platforms.index"), 303)


@blueprint.post("/settings/platforms/keys")
def rotate() -> ResponseReturnValue:
    """Make the next key of ours; the present one stays known for a week after it was replaced."""
    actor = _admin()
    keys.rotate(actor_member_id=actor.member_id, now=clock.now())
    flash(_("A new key is published. It signs from tomorrow on; the old one stays valid a week longer."))
    return redirect(url_for("platforms.index"), 303)


@blueprint.get("/lti/config.json")
@limits.public_files
def canvas() -> ResponseReturnValue:
    """The configuration a Canvas developer key is made from."""
    organization_id = maybe_uuid(request.args.get("organization"))
    if not queries.organization_exists(organization_id):
        return jsonify(error=_("Add ?organization=… as the portal's settings show it.")), 404
    response = jsonify(tool.canvas_configuration(tool.addresses(_settings().base_url, organization_id)))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.get("/lti/register/<token>")
@limits.registrations
def open_link(token: str) -> ResponseReturnValue:
    """A platform's admin opened the one-time link: ask once before registering there."""
    try:
        dynamic.open_link(token, now=clock.now())
    except Refused as refused:
        return _refused(refused)
    origin = _frame(request.args)
    return render_template("lti/register.html", host=origin.partition("://")[2], values=request.args, closed=False)


def _frame(values: "dict[str, str]") -> str:
    """The page stands in a frame or a window of the platform that opened it."""
    origin = origin_of(values.get("openid_configuration", ""))
    allow_frames(origin or "'self'")
    return origin


@blueprint.post("/lti/register/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]  # inside the platform's frame there is no session; the link serves once
@limits.registrations
def do_register(token: str) -> ResponseReturnValue:
    """Register at the platform; pending until an admin approves."""
    now = clock.now()
    try:
        link = dynamic.open_link(token, now=now)
        _frame(request.form)
        name = dynamic.register(
            link,
            request.form.get("openid_configuration", ""),
            request.form.get("registration_token", ""),
            base_url=_settings().base_url,
            private=_settings().lti_private_addresses,
            now=now,
        )
    except DomainError as error:
        return _refused(error if isinstance(error, Refused) else Refused(error.code, error.message, **error.values))
    return render_template("lti/register.html", host=name, values={}, closed=True)


def _refused(refused: Refused) -> ResponseReturnValue:
    refusals.keep(refused, "lti.registration_refused", reference=g.request_id, now=clock.now())
    _frame(request.values)
    return render_template("lti/refused.html", words=say(refused), reference=g.request_id, hints=None), 403
