"""What platforms ask: login, launch, key set and configuration; and what a launch's browser asks on its way in."""

import uuid

from flask import (
    Blueprint,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_user
from redis.exceptions import RedisError
from werkzeug.exceptions import ServiceUnavailable

from portal import clock
from portal.assignments import queries as assignments
from portal.config import Settings
from portal.errors import N_, NotFound
from portal.events.usage import record_use
from portal.extensions import csrf
from portal.lti import keys, launch, limits, login, passes, queries, refusals, registry, services, states
from portal.lti.refusals import Refused
from portal.lti.services import Launched
from portal.models.classes import ClassRole
from portal.security import sign_ins
from portal.security.identity import SignedIn, require_actor
from portal.security.identity import launch as launch_session
from portal.tenancy.scope import unit_of_work
from portal.web.errors import say
from portal.web.headers import allow_form, allow_frames
from portal.web.parse import NOTHING, maybe_uuid
from portal.web.sessions import LAUNCHED, drop_partitioned, set_partitioned

blueprint = Blueprint("lti", __name__, url_prefix="/lti")


def settings() -> Settings:
    """The application's settings."""
    found: Settings = current_app.extensions["settings"]
    return found


def launch_url() -> str:
    """The one address launches come to."""
    return settings().base_url + "/lti/launch"


@blueprint.errorhandler(Refused)
def refuse(refused: Refused) -> ResponseReturnValue:
    """A readable page with a reference, and the one row that is kept."""
    refusals.keep(refused, "lti.refused", reference=g.request_id, now=clock.now())
    allow_frames(limits.ANYWHERE)
    login_state = states.read(request.form.get("state", "")) if refused.code == "no_cookies" else None
    if login_state is not None:  # the form's answer leads on to the platform's sign-in
        allow_form(registry.origin_of(login_state.registered.auth_login_url))
    page = render_template(
        "lti/refused.html",
        words=say(refused),
        reference=g.request_id,
        hints=None if login_state is None else login_state.hints,
        organization=None if login_state is None else login_state.registered.organization_id,
    )
    return page, 403


@blueprint.errorhandler(RedisError)
def busy(error: RedisError) -> ResponseReturnValue:
    """Valkey is away: nothing can be begun, and nothing is lost by trying again."""
    raise ServiceUnavailable from error


def _organization() -> uuid.UUID | None:
    """The organization an address names."""
    found = maybe_uuid(request.args.get("organization"))
    return None if found == NOTHING else found


@blueprint.route("/login", methods=["GET", "POST"])
@csrf.exempt  # type: ignore[untyped-decorator]  # a platform asks; the state protects
@limits.launches
@limits.refused_launches
def begin() -> ResponseReturnValue:
    """A platform's login request (LTI 1.3, 5.1.1): on to its sign-in, with a state this browser can prove."""
    values = {**request.args.to_dict(), **request.form.to_dict()}
    begun = login.begin(values, within=_organization(), launch_url=launch_url(), now=clock.now())
    allow_frames(begun.frame_origins)
    response = make_response(
        render_template("lti/login.html", login=begun) if begun.storage else redirect(begun.url, 302)
    )
    for name in states.spare_cookies(request.cookies):
        drop_partitioned(response, name)
    set_partitioned(response, states.cookie_name(begun.state), begun.secret, max_age=states.SECONDS)
    return response


@blueprint.post("/launch")
@csrf.exempt  # type: ignore[untyped-decorator]  # a platform posts; the state protects
@limits.launches
@limits.refused_launches
def arrive() -> ResponseReturnValue:
    """A platform's launch: check it, take it in, begin the session, go where it leads."""
    values, now = request.form.to_dict(), clock.now()
    name = states.cookie_name(values.get("state", ""))
    cookie = request.cookies.get(name)
    try:
        verified = launch.verify(
            values, cookie=cookie, launch_url=launch_url(), private=settings().lti_private_addresses, now=now
        )
    except launch.NeedsProofError as error:
        registered = error.login.registered
        allow_frames(registered.frame_origins)
        origin = registry.origin_of(registered.auth_login_url)
        return render_template("lti/prove.html", login=error.login, origin=origin, values=values)
    launched = services.take_in(verified, now=now)
    target = _destination(launched)
    origins = verified.registered.frame_origins
    _enter(launched.session, origins, target)
    if cookie is not None:
        response = make_response(redirect(target, 303))
        drop_partitioned(response, name)
        return response
    code = passes.issue(launched.session.organization_id, launched.session.member_id, target, origins)
    return render_template("lti/enter.html", target=target, code=code)


def _enter(begun: sign_ins.Launch, frame_origins: str, home: str) -> None:
    """Begin the launch's session in its own cookie; a person's own sign-in in this browser stays untouched."""
    session.clear()
    session[LAUNCHED], session["home"] = frame_origins, home
    g.pop("actor", None)
    login_user(SignedIn(begun))


def _destination(launched: Launched) -> str:
    """The page a launch leads to."""
    if launched.deep_link_id is not None:
        return url_for("lti_content.choose", deep_link_id=launched.deep_link_id)
    if launched.class_id is None:
        return url_for("classes.index" if launched.role is ClassRole.TEACHER else "lti.waiting")
    if launched.role in (ClassRole.TEACHER, ClassRole.ASSISTANT):
        with unit_of_work(organization_id=launched.session.organization_id):
            published = assignments.assignments(launched.class_id)
        page = "progress.class_progress" if published else "lti_course.overview"
        return url_for(page, class_id=launched.class_id)
    return url_for("lti.learn", class_id=launched.class_id)


@blueprint.get("/here")
def here() -> ResponseReturnValue:
    """Whether this browser keeps a launch's session: 204, else 403."""
    return "", 204 if launch_session() is not None else 403


@blueprint.post("/continue")
@csrf.exempt  # type: ignore[untyped-decorator]  # without cookies there is no token to compare; the pass serves once
@limits.refused_launches
def proceed() -> ResponseReturnValue:
    """Go on in a tab of its own, where cookies are kept: the pass from the frame begins a session once."""
    found = passes.redeem(request.form.get("code", ""))
    now = clock.now()
    with unit_of_work(organization_id=found.organization_id):
        begun = sign_ins.begin_launch(found.member_id, organization_id=found.organization_id, now=now)
    _enter(begun, found.frame_origins, found.target)
    return redirect(found.target, 303)


@blueprint.get("/keys.json")
@limits.public_files
def key_set() -> ResponseReturnValue:
    """An organization's public keys (JWK set, RFC 7517). Its address stands in the settings."""
    organization_id = _organization()
    if organization_id is None or not queries.organization_exists(organization_id):
        raise NotFound("no_organization", N_("The address must name an organization. Copy it from the settings."))
    with unit_of_work(organization_id=organization_id):
        found = keys.key_set(now=clock.now())
    response = jsonify(keys=found)
    response.headers["Cache-Control"] = f"public, max-age={keys.KEY_SET_SECONDS}"
    return response


@blueprint.get("/learn")
def waiting() -> ResponseReturnValue:
    """A learner whose course has no class yet, or who came from outside any course."""
    return _learn(None)


@blueprint.get("/learn/<uuid:class_id>")
def learn(class_id: uuid.UUID) -> ResponseReturnValue:
    """A learner's course: what is on today, and the whole path."""
    return _learn(class_id)


def _learn(class_id: uuid.UUID | None) -> ResponseReturnValue:
    actor, now = require_actor(), clock.now()
    found = queries.learning(actor, class_id, now=now)
    record_use("page.learn", actor.member_id, now=now)
    return render_template("lti/learn.html", class_id=class_id, **found)
