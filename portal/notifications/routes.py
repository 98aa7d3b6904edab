"""The bell's page, notification settings, unsubscribe links and the development mailbox."""

import ipaddress
import uuid
from datetime import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadSignature

from portal import clock
from portal.errors import N_, Invalid
from portal.extensions import csrf
from portal.models.notifications import Notification
from portal.notifications import queries, services
from portal.notifications.compose import read_unsubscribe, settings
from portal.notifications.kinds import CHANNELS, KINDS, SCHEDULE_CHANGED, SCHEDULE_NEW
from portal.notifications.mail import mailbox
from portal.security.identity import require_actor
from portal.tenancy.scope import unit_of_work

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/notifications")
def index() -> ResponseReturnValue:
    """The actor's newest notifications."""
    actor = require_actor()
    found = queries.latest(actor.member_id)
    ids = {uuid.UUID(row.data["schedule_id"]) for row in found if row.kind in (SCHEDULE_NEW, SCHEDULE_CHANGED)}
    titles = queries.path_titles(ids)
    changes = queries.changes_by_id({uuid.UUID(row.data["change_id"]) for row in found if "change_id" in row.data})
    return render_template(
        "notifications/index.html",
        rows=[(row, _title(row, titles), changes.get(row.data.get("change_id", ""))) for row in found],
        unread=queries.unread_count(actor.member_id),
    )


def _title(row: Notification, titles: dict[str, str]) -> str:
    """A notification in words; rows hold ids and numbers only."""
    path = titles.get(row.data.get("schedule_id", ""), "")
    texts = {
        SCHEDULE_NEW: lambda: _("Your schedule for %(path)s is ready", path=path),
        SCHEDULE_CHANGED: lambda: (
            ngettext("%(path)s: %(num)d new date", "%(path)s: %(num)d new dates", row.data["dates"], path=path)
            if "dates" in row.data
            else _("%(path)s has new dates", path=path)
        ),
        "digest": lambda: _(
            "Today: %(items)d activities, %(minutes)d min", items=row.data["items"], minutes=row.data["minutes"]
        ),
    }
    return str(texts.get(row.kind, lambda: _("Test message"))())


@blueprint.post("/notifications/read")
def read() -> ResponseReturnValue:
    """Mark all as read."""
    services.read_all(actor=require_actor(), now=clock.now())
    return redirect(url_for("notifications.index"), 303)


@blueprint.get("/settings/notifications")
def preferences() -> ResponseReturnValue:
    """What the actor hears about, through which channel, and when."""
    actor = require_actor()
    return render_template(
        "notifications/preferences.html",
        kinds=KINDS,
        channels=CHANNELS,
        chosen=queries.preferences(actor.member_id),
        hours=queries.delivery_setting(actor.member_id),
    )


@blueprint.post("/settings/notifications")
def choose() -> ResponseReturnValue:
    """Keep the preferences."""
    actor = require_actor()
    services.choose(
        {(kind.name, ch): f"{kind.name}:{ch.value}" in request.form for kind in KINDS for ch in CHANNELS},
        digest_time=_time("digest_time"),
        quiet_from=_time("quiet_from"),
        quiet_until=_time("quiet_until"),
        actor=actor,
        now=clock.now(),
    )
    flash(_("Saved."))
    return redirect(url_for("notifications.preferences"), 303)


def _time(name: str) -> time:
    text = request.form.get(name, "")
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Invalid("time", N_("%(text)s is not a time such as 07:30."), field=name, text=text[:20] or "–") from None


@blueprint.post("/settings/notifications/test")
def send_test() -> ResponseReturnValue:
    """Send the actor a test message."""
    services.send_test(actor=require_actor(), now=clock.now())
    flash(_("A test message is on its way to your notifications and your mailbox."))
    return redirect(url_for("notifications.preferences"), 303)


@blueprint.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> ResponseReturnValue:
    """Ask before a kind of mail is switched off: mail scanners open links too."""
    _read(token)
    return render_template("notifications/unsubscribe.html", token=token, done=False)


@blueprint.post("/unsubscribe/<token>")
@csrf.exempt  # type: ignore[untyped-decorator]  # mail programs post without a session (RFC 8058)
def confirm_unsubscribe(token: str) -> ResponseReturnValue:
    """Switch the kind of mail off."""
    organization_id, member_id, kind = _read(token)
    with unit_of_work(organization_id=organization_id):
        services.switch_off(member_id, kind)
    return render_template("notifications/unsubscribe.html", token=token, done=True)


def _read(token: str) -> tuple[uuid.UUID, uuid.UUID, str]:
    try:
        return read_unsubscribe(token)
    except BadSignature:
        abort(404)


@blueprint.get("/mailbox")
def mails() -> ResponseReturnValue:
    """Mails kept here because no SMTP server is set; only for visitors on this machine."""
    _require_mailbox()
    return render_template(
        "notifications/mailbox.html", mails=[(path.stem, _parse(path)) for path in mailbox(settings()).paths()]
    )


@blueprint.get("/mailbox/<name>")
def mail(name: str) -> ResponseReturnValue:
    """One mail: its text, and its HTML in a frame."""
    _require_mailbox()
    message = _parse(_path(name))
    return render_template("notifications/mail.html", name=name, message=message, text=_body(message, "plain"))


@blueprint.get("/mailbox/<name>/html")
def mail_html(name: str) -> ResponseReturnValue:
    """The HTML part alone, without scripts."""
    _require_mailbox()
    response = Response(_body(_parse(_path(name)), "html"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    return response


def _require_mailbox() -> None:
    """Only for a browser on this machine that asks for this machine: never through a proxy."""
    near = ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104  # not a bind
    proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    local = (urlsplit(request.host_url).hostname or "") in ("127.0.0.1", "::1", "localhost")
    if settings().smtp_host or proxied or not (near and local):
        abort(404)


def _path(name: str) -> Path:
    return mailbox(settings()).path(name) or abort(404)


def _parse(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
