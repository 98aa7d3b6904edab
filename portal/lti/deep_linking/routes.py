"""The picker a platform opens to choose content, and the way back to it. It works without scripts."""

import uuid

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.classes import queries as classes
from portal.errors import Invalid
from portal.lti.deep_linking import queries, services
from portal.lti.deep_linking.forms import ContentForm
from portal.lti.deep_linking.message import Wanted
from portal.lti.deep_linking.services import Returned, Selection
from portal.lti.registry import origin_of
from portal.lti.target import Target, of_code
from portal.models.lti import LtiDeepLink
from portal.security.actor import Actor
from portal.security.identity import require_actor
from portal.web.errors import say
from portal.web.headers import allow_form
from portal.web.paging import page_asked

blueprint = Blueprint("lti_content", __name__, url_prefix="/lti/content")


@blueprint.get("/<uuid:deep_link_id>")
def choose(deep_link_id: uuid.UUID) -> ResponseReturnValue:
    """The paths, units and steps there are."""
    actor = require_actor()
    row, wanted = services.find(deep_link_id, actor=actor, now=clock.now())
    return _picker(actor, row, wanted, ContentForm())


@blueprint.post("/<uuid:deep_link_id>")
def answer(deep_link_id: uuid.UUID) -> ResponseReturnValue:
    """Search or turn the page with the choice kept, or take it back to the course."""
    actor, form = require_actor(), ContentForm()
    row, wanted = services.find(deep_link_id, actor=actor, now=clock.now())
    form.offer(wanted)
    do, chosen = request.form.get("do", ""), _chosen()
    if do not in ("return", "nothing"):
        return _picker(actor, row, wanted, form)
    if do == "return" and not (form.validate() and chosen):
        return _picker(actor, row, wanted, form, nothing=not chosen), 422
    selection = Selection(())
    if do == "return":
        selection = Selection(chosen, form.graded.data, form.dates(_zone(actor, row)), form.place.data or None)
    try:
        returned = services.choose(row.id, selection, launch_url=_launch_url(), actor=actor, now=clock.now())
    except Invalid as error:
        return _picker(actor, row, wanted, form, wrong=say(error)), 422
    return _take_back(returned)


def _picker(
    actor: Actor, row: LtiDeepLink, wanted: Wanted, form: ContentForm, *, nothing: bool = False, wrong: str = ""
) -> str:
    form.offer(wanted)
    class_id = services.class_of(row)
    text = request.form.get("q", "").strip()[:100]
    page = MultiDict([("page", request.form.get("do", "").removeprefix("page-"))])
    found = queries.catalogue(text, page_asked(page), class_id)
    shown = {
        choice.target
        for path in found.paths
        for choice in (path.choice, *(each for unit in path.units for each in (unit.choice, *unit.steps)))
    }
    chosen = queries.choices(_chosen())
    return render_template(
        "lti/content.html",
        deep_link=row,
        wanted=wanted,
        form=form,
        found=found,
        text=text,
        chosen=set(chosen),
        elsewhere=[choice for target, choice in chosen.items() if target not in shown],
        zone=_zone(actor, row),
        wrong=wrong,
        nothing=nothing,
    )


def _chosen() -> tuple[Target, ...]:
    return tuple(target for target in map(of_code, request.form.getlist("item")) if target is not None)


def _take_back(returned: Returned) -> str:
    """A form that sends itself; the policy admits its address on this answer alone."""
    allow_form(origin_of(returned.return_url))
    return render_template("lti/return.html", returned=returned)


def _zone(actor: Actor, row: LtiDeepLink) -> str:
    class_id = services.class_of(row)
    return actor.zone if class_id is None else classes.classroom(class_id).zone


def _launch_url() -> str:
    return str(current_app.extensions["settings"].base_url) + "/lti/launch"
