"""From a delivery to a message: the texts of each kind, in the recipient's language and zone."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale, format_date, ngettext
from flask_babel import gettext as _
from itsdangerous import URLSafeSerializer

from portal.config import Settings
from portal.models.notifications import Delivery
from portal.models.organizations import Organization
from portal.notifications import mail, queries
from portal.notifications.kinds import DIGEST, SCHEDULE_CHANGED, SCHEDULE_NEW, TEST
from portal.notifications.queries import Recipient
from portal.organizations.mails import TENANT_MAILS
from portal.progress.plan_queries import News, news_of
from portal.schedules.words import change_words
from portal.tenancy.scope import organization_id, session

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Draft:
    """What a kind of mail says: its subject, its template's name and the template's values."""

    subject: str
    template: str
    values: Mapping[str, Any]


def settings() -> Settings:
    """The application's settings."""
    found: Settings = current_app.extensions["settings"]
    return found


def compose(delivery: Delivery, who: Recipient, *, now: datetime) -> EmailMessage | None:
    """The message of a delivery, or None when there is nothing left to say."""
    if who.email is None:
        return None
    with force_locale(who.locale):
        draft = _draft(delivery, who, now)
        if draft is None:
            return None
        organization = session().get_one(Organization, organization_id())
        unsubscribe = unsubscribe_url(who.member_id, delivery.kind) if delivery.kind in _DRAFTS else None
        return message(
            draft,
            to_name=who.name,
            to_address=who.email,
            message_id=delivery.message_id,
            unsubscribe=unsubscribe,
            organization_name=organization.name,
        )


def message(
    draft: Draft,
    *,
    to_name: str,
    to_address: str,
    message_id: str,
    unsubscribe: str | None = None,
    organization_name: str | None = None,
) -> EmailMessage:
    """Render a draft's text and HTML templates and build the message."""
    values = {
        "base_url": settings().base_url,
        "to_name": to_name,
        "organization_name": organization_name,
        "unsubscribe_url": unsubscribe,
        **draft.values,
    }
    return mail.build(
        sender=settings().mail_from,
        to_name=to_name,
        to_address=to_address,
        subject=draft.subject,
        text=render_template(f"emails/{draft.template}.txt", **values),
        html=render_template(f"emails/{draft.template}.html", **values),
        message_id=message_id,
        unsubscribe_url=unsubscribe,
    )


def _draft(delivery: Delivery, who: Recipient, now: datetime) -> Draft | None:
    tenant_mail = TENANT_MAILS.get(delivery.kind)
    if tenant_mail is not None:
        return Draft(
            str(tenant_mail.subject), tenant_mail.template, tenant_mail.context(delivery.data, now, settings().base_url)
        )
    return _DRAFTS[delivery.kind](delivery, who)


def _digest(delivery: Delivery, who: Recipient) -> Draft | None:
    on = date.fromisoformat(delivery.data["on"])
    items = queries.due_items(who.member_id, until=on)
    today = [item for item in items if item.on_date == on]
    if not today:
        return None
    subject = ngettext("%(num)d activity for %(day)s", "%(num)d activities for %(day)s", len(today), day=_day(on))
    return Draft(
        subject,
        "digest",
        {
            "day": on,
            "items": today,
            "overdue": [item for item in items if item.on_date < on],
            "minutes": sum(item.minutes for item in today),
        },
    )


def _new_schedule(delivery: Delivery, who: Recipient) -> Draft | None:
    summary = queries.schedule_summary(uuid.UUID(delivery.data["schedule_id"]))
    if summary is None:
        return None
    _news(delivery, who)
    title, count, first_on, last_on = summary
    values = {"path_title": title, "count": count, "first_on": first_on, "last_on": last_on}
    return Draft(_("Your schedule for %(path)s", path=title), "schedule", values)


def _changed_schedule(delivery: Delivery, who: Recipient) -> Draft | None:
    """Old and new dates of all that no earlier mail told of; None when those told it all."""
    summary = queries.schedule_summary(uuid.UUID(delivery.data["schedule_id"]))
    news = _news(delivery, who)
    if summary is None or not news.moved:
        return None
    title, _count, _first_on, last_on = summary
    values = {
        "path_title": title,
        "last_on": last_on,
        "causes": list(dict.fromkeys(change_words(note.kind, note.detail) for note in reversed(news.notes))),
        "moved": news.moved[:_LISTED],
        "more": len(news.moved) - _LISTED,
    }
    subject = ngettext("%(num)d new date for %(path)s", "%(num)d new dates for %(path)s", len(news.moved), path=title)
    return Draft(subject, "schedule_changed", values)


def _news(delivery: Delivery, who: Recipient) -> News:
    """What is new in the delivery's schedule; the delivery keeps of which changes it tells."""
    schedule_id = uuid.UUID(delivery.data["schedule_id"])
    news = news_of(schedule_id, who.member_id, told=queries.told_changes(schedule_id, delivery.id))
    delivery.data = {**delivery.data, "told": [str(note.change_id) for note in news.notes]}
    return news


def _test(delivery: Delivery, who: Recipient) -> Draft | None:
    return Draft(_("Test message"), "test", {})


def _day(day: date) -> str:
    text: str = format_date(day, "EEEE d MMMM")
    return text


_DRAFTS: dict[str, Callable[[Delivery, Recipient], Draft | None]] = {
    DIGEST: _digest,
    SCHEDULE_NEW: _new_schedule,
    SCHEDULE_CHANGED: _changed_schedule,
    TEST: _test,
}


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="unsubscribe")


def unsubscribe_url(member_id: uuid.UUID, kind: str) -> str:
    """A signed address that switches one kind of mail off and can do nothing else (RFC 8058)."""
    token = _signer().dumps([str(organization_id()), str(member_id), kind])
    return f"{settings().base_url}/unsubscribe/{token}"


def read_unsubscribe(token: str) -> tuple[uuid.UUID, uuid.UUID, str]:
    """Organization, member and kind of an unsubscribe token. itsdangerous.BadSignature when it is not ours."""
    organization, member, kind = _signer().loads(token)
    return uuid.UUID(organization), uuid.UUID(member), kind
