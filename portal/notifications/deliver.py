"""Delivering one message, once.

``sending_at`` is committed right before the message's data leaves and the outcome after; so a delivery that is
PENDING with ``sending_at`` set was cut off in between and may have been accepted. It is sent a second time with
the same Message-ID, and never a third. All else is exactly once.
"""

import uuid
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

import structlog
from flask import current_app

from portal.accounts.mails import PERSON_MAILS
from portal.events.outbox import owe, owe_for_person
from portal.jobs.registry import EventRef
from portal.models.events import PersonEvent
from portal.models.notifications import Delivery, DeliveryState
from portal.models.people import User
from portal.notifications import queries
from portal.notifications.compose import Draft, compose, message, settings
from portal.notifications.mail import Mailer, NotSentError, RefusedError
from portal.notifications.services import DELIVERY
from portal.tenancy.scope import current, session, unit_of_work

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 79  # with these waits about three days
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_GIVE_UP_PERSON_MAIL = timedelta(days=3)
_UNKNOWN_TWICE = "The connection broke twice while the mail was being handed over; it may have arrived."


def mailer() -> Mailer:
    """This application's mailer, made on first use."""
    found: Mailer = current_app.extensions.setdefault("mailer", Mailer(settings()))
    return found


def deliver(delivery_id: uuid.UUID, now: datetime) -> None:
    """Send one mail delivery unless it is settled. What has not gone out is owed anew. UncertainError: try again."""
    try:
        prepared = _begin(delivery_id, now)
        if prepared is None:
            return
        mailer().send(prepared, before_data=partial(_mark, delivery_id, now))
    except RefusedError as error:
        _settle(delivery_id, DeliveryState.DEAD, error=str(error))
    except NotSentError as error:
        _not_sent(delivery_id, str(error), now)
    else:
        _settle(delivery_id, DeliveryState.SENT, sent_at=now)


def _begin(delivery_id: uuid.UUID, now: datetime) -> EmailMessage | None:
    """Count the attempt in a transaction of its own and compose the message; None when there is nothing to send."""
    with unit_of_work(organization_id=current().scope.organization_id) as db:
        delivery = db.get(Delivery, delivery_id, with_for_update=True)
        if delivery is None or delivery.state is not DeliveryState.PENDING:
            return None
        if delivery.sending_at is not None:
            delivery.sending_at, delivery.interrupted = None, delivery.interrupted + 1
        if delivery.interrupted > 1 or delivery.attempts >= MAX_ATTEMPTS:
            delivery.state = DeliveryState.DEAD
            delivery.error = _UNKNOWN_TWICE if delivery.interrupted > 1 else delivery.error
            return None
        who = queries.recipients([delivery.member_id]).get(delivery.member_id)
        prepared = None if who is None else compose(delivery, who, now=now)
        if prepared is None:
            delivery.state, delivery.error = DeliveryState.DEAD, "Nothing left to say, or nobody to say it to."
            return None
        delivery.attempts += 1
        return prepared


def _mark(delivery_id: uuid.UUID, now: datetime) -> None:
    with unit_of_work(organization_id=current().scope.organization_id) as db:
        db.get_one(Delivery, delivery_id, with_for_update=True).sending_at = now


def _not_sent(delivery_id: uuid.UUID, reason: str, now: datetime) -> None:
    """Owe the delivery anew, after waits that double up to an hour; the server may be away for days."""
    delivery = session().get_one(Delivery, delivery_id, with_for_update=True)
    delivery.sending_at, delivery.error = None, reason
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.DEAD
        return
    doublings = min(delivery.attempts - 1, 7)
    owe(DELIVERY, delivery_id, due_at=now + min(_FIRST_WAIT * 2**doublings, _LONGEST_WAIT))


def _settle(
    delivery_id: uuid.UUID, state: DeliveryState, *, sent_at: datetime | None = None, error: str | None = None
) -> None:
    delivery = session().get_one(Delivery, delivery_id)
    delivery.state, delivery.sent_at, delivery.error = state, sent_at, error


def deliver_person_mail(event: EventRef, now: datetime) -> None:
    """Send the mail of a person's event (verification, reset …), with the same promise as `deliver`."""
    try:
        prepared = _begin_person(event, now)
        if prepared is None:
            return
        mailer().send(prepared, before_data=partial(_mark_person, event, now))
    except RefusedError:
        log.warning("person_mail_refused", mail=event.name)
    except NotSentError:
        with unit_of_work(user_id=event.owner_id) as db:
            db.get_one(PersonEvent, event.id).sending_at = None
        age = now - event.created_at
        if age > _GIVE_UP_PERSON_MAIL:
            raise
        log.warning("person_mail_not_sent", mail=event.name)
        owe_for_person(event.id, event.owner_id, due_at=now + min(max(age, _FIRST_WAIT), _LONGEST_WAIT))


def _begin_person(event: EventRef, now: datetime) -> EmailMessage | None:
    kind = PERSON_MAILS[event.name]
    with unit_of_work(user_id=event.owner_id) as db:
        row = db.get_one(PersonEvent, event.id)
        user = db.get(User, event.owner_id)
        if user is None:
            return None
        if row.sending_at is not None:
            row.sending_at, row.interrupted = None, row.interrupted + 1
        if row.interrupted > 1:
            return None
        values = kind.context(user, event, now, settings().base_url)
        address = values.pop("to_address", user.email)
        return message(
            Draft(str(kind.subject), kind.template, values),
            to_name=user.name,
            to_address=address,
            message_id=f"<{event.id}@portal>",
        )


def _mark_person(event: EventRef, now: datetime) -> None:
    with unit_of_work(user_id=event.owner_id) as db:
        db.get_one(PersonEvent, event.id).sending_at = now
