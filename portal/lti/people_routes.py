"""Who is who: a teacher merges a launched learner with the roster, a launched person links an account."""

import uuid

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user

from portal import clock
from portal.accounts import limits
from portal.accounts.services import ask_for_link, proven
from portal.classes import queries as classes
from portal.lti import people
from portal.lti.forms import LinkForm, MailForm
from portal.security import sign_ins
from portal.security.authorize import authorize
from portal.security.identity import SignedIn, identity, launch, require_actor
from portal.security.permissions import Permission
from portal.tenancy.scope import unit_of_work

blueprint = Blueprint("lti_people", __name__)

ANSWERS = {"merge": people.merge, "apart": people.keep_apart}


@blueprint.get("/classes/<uuid:class_id>/same-people")
def offers(class_id: uuid.UUID) -> ResponseReturnValue:
    """Launched learners who may be on the roster already."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    found = people.merge_offers(class_id)
    return render_template("lti/same_people.html", classroom=classes.classroom(class_id), offers=found)


@blueprint.post("/classes/<uuid:class_id>/same-people/<uuid:lti_user_id>/<any(merge, apart):answer>")
def answer(class_id: uuid.UUID, lti_user_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """One person, or two."""
    ANSWERS[answer](class_id, lti_user_id, actor=require_actor(), now=clock.now())
    return redirect(url_for("lti_people.offers", class_id=class_id), 303)


@blueprint.get("/lti/link")
def link() -> ResponseReturnValue:
    """Link the launched person to an account of the portal."""
    require_actor()
    return _page(LinkForm(formdata=None))


def _page(form: LinkForm, mail: MailForm | None = None) -> str:
    return render_template(
        "lti/link.html", form=form, mail=mail or MailForm(formdata=None), launched=launch() is not None
    )


@blueprint.post("/lti/link")
@limits.guesses_by_address
@limits.guesses_by_account_here
@limits.guesses_by_account
def do_link() -> ResponseReturnValue:
    """Linked once the password fits; the launch's session goes on, as confined as before."""
    require_actor()
    form, here, now = LinkForm(), launch(), clock.now()
    user = proven(email=form.email.data, password=form.password.data, now=now) if here and form.validate() else None
    if user is None or here is None:
        form.password.errors = [_("The address and the password do not fit together.")]
        return _page(form), 422
    with unit_of_work(organization_id=here.organization_id):
        member_id = people.link(here.member_id, user.id, now=now)
        begun = sign_ins.begin_launch(member_id, organization_id=here.organization_id, now=now)
    login_user(SignedIn(begun))
    flash(_("Linked. What you do here is in your account from now on."))
    return redirect(session.get("home", "/"), 303)


@blueprint.post("/lti/link/mail")
@limits.forms_by_address
@limits.mails_by_account
def mail_link() -> ResponseReturnValue:
    """Mail the account's owner a link; whether there is such an account is not told."""
    require_actor()
    form, here = MailForm(), launch()
    if here is None or not form.validate():
        return _page(LinkForm(formdata=None), form), 422
    ask_for_link(form.email.data, organization_id=here.organization_id, member_id=here.member_id, now=clock.now())
    flash(_("If there is an account with this address, a mail is on its way. Its link works once, for an hour."))
    return redirect(url_for("lti_people.link"), 303)


@blueprint.get("/lti/link/<uuid:organization_id>/<token>")
def confirm(organization_id: uuid.UUID, token: str) -> ResponseReturnValue:
    """Say who wants to be linked, and ask."""
    return render_template("lti/confirm_link.html", asked=people.asked(token, organization_id, now=clock.now()))


@blueprint.post("/lti/link/<uuid:organization_id>/<token>")
@limits.forms_by_address
def do_confirm(organization_id: uuid.UUID, token: str) -> ResponseReturnValue:
    """Linked: the mailbox has proved the account."""
    people.link_by_mail(token, organization_id, now=clock.now())
    flash(_("Linked. What you do in the course is in your account from now on."))
    return redirect("/" if identity() else url_for("accounts.sign_in"), 303)
