"""Sign-up, sign-in and the person's settings; the start page."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from portal import clock
from portal.accounts import devices, limits, queries, services
from portal.accounts.forms import (
    ChangeEmailForm,
    EmailForm,
    PasswordForm,
    ProfileForm,
    RegisterForm,
    ResetForm,
    SignInForm,
)
from portal.config import Settings
from portal.errors import Invalid
from portal.models.organizations import Role
from portal.organizations.queries import Invited, invited, memberships
from portal.security import sign_ins
from portal.security.identity import SignedIn, current_actor, identity, path_here, require_actor, require_identity
from portal.tenancy.directory import hash_token
from portal.web.errors import say
from portal.web.form import Form

blueprint = Blueprint("accounts", __name__)


@blueprint.app_template_global()
def unverified() -> str | None:
    """The signed-in person's address while it waits to be confirmed; only who waits costs a query."""
    who = identity()
    if who is None or "unverified" not in session:
        return None
    user = queries.user_of(who.user_id)
    if user.email_verified_at is not None:
        session.pop("unverified")
        return None
    return user.email


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Learners begin with today, educators with their classes, visitors with what this is."""
    actor, who = current_actor(), identity()
    if actor is not None:
        return redirect(url_for("progress.today" if actor.role is Role.STUDENT else "classes.index"))
    if who is None:
        return render_template("accounts/welcome.html")
    return _move_on(who)


def _move_on(who: sign_ins.Identity) -> ResponseReturnValue:
    """For who is signed in but was removed from the organization they worked in."""
    session.pop("places", None)
    return redirect(url_for("accounts.home" if services.move_on(who) else "organizations.index"))


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The sign-in form."""
    who = identity()
    if who is not None and current_actor() is None:
        return _move_on(who)
    asking = request.headers.get("HX-Current-URL")
    if asking is not None:  # the shell around the part that was asked for belongs to who is not signed in any more
        return "", 200, {"HX-Redirect": url_for("accounts.sign_in", next=path_here(asking))}
    return render_template("accounts/sign_in.html", form=SignInForm(formdata=None), next=_next())


@blueprint.post("/sign-in")
@limits.guesses_by_address
@limits.guesses_by_account_here
@limits.guesses_by_account
def do_sign_in() -> ResponseReturnValue:
    """Sign in; a wrong address and a wrong password give the same answer."""
    form = SignInForm()
    token = None
    if form.validate():
        token = services.sign_in(email=form.email.data, password=form.password.data, now=clock.now())
        if token is None:
            form.password.errors = [_("The address and the password do not fit together.")]
    if token is None:
        return render_template("accounts/sign_in.html", form=form, next=_next()), 422
    invitation = _enter(token)
    return redirect(url_for("organizations.invitation", token=invitation) if invitation else _next() or "/", 303)


def _enter(token: str) -> str | None:
    """Start a fresh session with the new token; an invitation opened before is kept and returned."""
    before = identity()
    if before is not None:
        services.sign_out(before, now=clock.now())
    invitation: str | None = session.get("invitation")
    session.clear()
    found = sign_ins.find(token, now=clock.now())
    if isinstance(found, sign_ins.Identity):
        login_user(SignedIn(found))
        user = queries.user_of(found.user_id)
        devices.remember(user.email)
        if user.email_verified_at is None:
            session["unverified"] = True
    return invitation


def _next() -> str:
    """Where to go after signing in: a path of this site only."""
    wanted = request.values.get("next", "")
    try:
        parts = urlsplit(wanted.replace("\\", "/"))
    except ValueError:
        return ""
    local = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith("//")
    return wanted if local else ""


@blueprint.get("/register")
def register() -> ResponseReturnValue:
    """The registration form; who comes from an invitation keeps its address."""
    found = _invited()
    form = RegisterForm(
        formdata=None,
        name=found.name if found else "",
        email=found.email if found else "",
        zone=found.zone if found else _settings().default_zone,
    )
    return _register_page(form, found)


def _register_page(form: RegisterForm, found: Invited | None) -> str:
    if found is not None:
        form.email.render_kw = {"readonly": True}
    return render_template("accounts/register.html", form=form, invited=found)


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _invited() -> Invited | None:
    """The invitation this registration answers."""
    if "invited" not in request.values or "invitation" not in session:
        return None
    return invited(session["invitation"], now=clock.now())


@blueprint.post("/register")
@limits.forms_by_address
@limits.mails_by_account
def do_register() -> ResponseReturnValue:
    """Make an account and sign in; a taken address gets a mail and the same page."""
    form, found = RegisterForm(), _invited()
    if found is not None:
        form.email.data = found.email
    if not form.validate():
        return _register_page(form, found), 422
    made = services.register(
        name=form.name.data, email=form.email.data, password=form.password.data, zone=form.zone.data, now=clock.now()
    )
    invitation = None if made.token is None else _enter(made.token)
    if invitation:
        return redirect(url_for("organizations.invitation", token=invitation), 303)
    return render_template("accounts/check_mail.html", email=form.email.data)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this sign-in."""
    who = identity()
    if who is not None:
        services.sign_out(who, now=clock.now())
    _leave()
    return redirect("/", 303)


def _leave() -> None:
    logout_user()
    session.clear()


@blueprint.post("/sign-out/everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    """End all of the person's sign-ins."""
    services.sign_out(require_identity(), everywhere=True, now=clock.now())
    _leave()
    flash(_("You are signed out everywhere."))
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/verify/<token>")
def verify(token: str) -> ResponseReturnValue:
    """Ask before confirming: mail scanners open links too."""
    return render_template("accounts/confirm.html", title=_("Confirm your address"), action=request.path)


@blueprint.post("/verify/<token>")
def do_verify(token: str) -> ResponseReturnValue:
    """Confirm the address."""
    services.verify(token, now=clock.now())
    flash(_("Thank you, your address is confirmed."))
    return redirect("/" if identity() else url_for("accounts.sign_in"), 303)


@blueprint.post("/verify")
@limits.mails_by_person
def ask_for_verification() -> ResponseReturnValue:
    """Send the verification mail again."""
    services.ask_for_verification(require_identity().user_id, now=clock.now())
    flash(_("The mail is on its way."))
    return redirect(url_for("accounts.settings"), 303)


@blueprint.get("/reset")
def forgot() -> ResponseReturnValue:
    """Ask for a reset link."""
    return render_template("accounts/forgot.html", form=EmailForm(formdata=None))


@blueprint.post("/reset")
@limits.forms_by_address
@limits.mails_by_account
def do_forgot() -> ResponseReturnValue:
    """Mail a reset link; the answer is the same whether the address is known or not."""
    form = EmailForm()
    if not form.validate():
        return render_template("accounts/forgot.html", form=form), 422
    services.ask_for_reset(form.email.data, now=clock.now())
    return render_template("accounts/check_mail.html", email=form.email.data)


@blueprint.get("/reset/<token>")
def reset(token: str) -> ResponseReturnValue:
    """The form behind a reset link."""
    works = services.may_reset(token, now=clock.now())
    page = render_template("accounts/reset.html", form=ResetForm(formdata=None), works=works)
    return page, 200 if works else 404


@blueprint.post("/reset/<token>")
@limits.forms_by_address
def do_reset(token: str) -> ResponseReturnValue:
    """Set the new password."""
    form = ResetForm()
    if not form.validate():
        return render_template("accounts/reset.html", form=form, works=True), 422
    devices.remember(services.reset(token, form.password.data, now=clock.now()))
    _leave()
    flash(_("Your password is set. Sign in with it."))
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/confirm-email/<token>")
def confirm_email(token: str) -> ResponseReturnValue:
    """Ask before the address changes."""
    return render_template("accounts/confirm.html", title=_("Use this address from now on?"), action=request.path)


@blueprint.post("/confirm-email/<token>")
def do_confirm_email(token: str) -> ResponseReturnValue:
    """Take the new address."""
    services.confirm_email_change(token, now=clock.now())
    flash(_("Your address is changed."))
    return redirect("/" if identity() else url_for("accounts.sign_in"), 303)


@blueprint.get("/settings")
def settings() -> ResponseReturnValue:
    """The person's settings."""
    require_actor()
    return _settings_page()


def _settings_page(wrong: Form | None = None) -> ResponseReturnValue:
    who = require_identity()
    user = queries.user_of(who.user_id)
    forms: dict[str, Form] = {
        "profile": ProfileForm(formdata=None, obj=user),
        "password": PasswordForm(formdata=None),
        "email": ChangeEmailForm(formdata=None),
    }
    names = {ProfileForm: "profile", PasswordForm: "password", ChangeEmailForm: "email"}
    if wrong is not None:
        forms[names[type(wrong)]] = wrong
    page = render_template(
        "accounts/settings.html",
        user=user,
        forms=forms,
        signed_in=queries.sign_ins_of(who.user_id, now=clock.now()),
        here=hash_token(who.token),
        memberships=memberships(who.user_id),
    )
    return page, 200 if wrong is None else 422


@blueprint.post("/settings/profile")
def change_profile() -> ResponseReturnValue:
    """Keep name and zone."""
    who, form = require_identity(), ProfileForm()
    if not form.validate():
        return _settings_page(form)
    services.change_profile(
        who.user_id, name=form.name.data, zone=form.zone.data, locale=form.locale.data, now=clock.now()
    )
    flash(_("Saved."))
    return redirect(url_for("accounts.settings"), 303)


@blueprint.post("/settings/password")
@limits.guesses_by_person
def change_password() -> ResponseReturnValue:
    """Change the password."""
    who, form = require_identity(), PasswordForm()
    try:
        if not form.validate():
            return _settings_page(form)
        services.change_password(who, old=form.old.data, new=form.new.data, now=clock.now())
    except Invalid as error:
        (form.old if error.code == "wrong_password" else form.new).errors = [say(error)]
        return _settings_page(form)
    flash(_("Your password is changed. Other devices are signed out."))
    return redirect(url_for("accounts.settings"), 303)


@blueprint.post("/settings/email")
@limits.guesses_by_person
@limits.mails_by_person
def change_email() -> ResponseReturnValue:
    """Mail a link to the new address."""
    who, form = require_identity(), ChangeEmailForm()
    try:
        if not form.validate():
            return _settings_page(form)
        services.ask_for_email_change(who, email=form.email.data, password=form.password.data, now=clock.now())
    except Invalid as error:
        form.password.errors = [say(error)]
        return _settings_page(form)
    flash(_("We sent a link to %(email)s. Your address changes when you open it.", email=form.email.data))
    return redirect(url_for("accounts.settings"), 303)
