"""New people, their mails, and browsers that send forms as people's browsers do."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import or_, select

from portal.accounts.services import register
from portal.events.outbox import EVENT, PERSON_EVENT
from portal.jobs import runner
from portal.models.people import DirectoryKind, DueWork
from portal.notifications.services import DELIVERY
from portal.security import sign_ins
from portal.tenancy import directory
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, PASSWORD


@dataclass(frozen=True)
class Registered:
    """Somebody who has just registered."""

    user_id: uuid.UUID
    email: str
    who: sign_ins.Identity


def new_address(name: str = "eva") -> str:
    """An address nobody has."""
    return f"{name}.{uuid.uuid4().hex[-12:]}@example.org"


def new_ip() -> str:
    """A network address nobody has come from."""
    digits = f"{uuid.uuid4().int:039d}"[-16:]
    return "fd00:" + ":".join(digits[place : place + 4] for place in range(0, 16, 4))


def register_person(
    name: str = "Eva", *, email: str | None = None, zone: str = "Europe/Paris", now: datetime = NOW
) -> Registered:
    """Somebody with an account of their own, whose address is not confirmed yet."""
    email = email or new_address(name.lower())
    made = register(name=name, email=email, password=PASSWORD, zone=zone, now=now)
    assert made.token is not None
    return Registered(user_id_of(email), email, identity_of(made.token, now=now))


def user_id_of(email: str) -> uuid.UUID:
    """The person an address signs in."""
    found = find_user_id(email)
    assert found is not None
    return found


def find_user_id(email: str) -> uuid.UUID | None:
    """The person an address signs in, or None."""
    with unit_of_work():
        entry = directory.find(DirectoryKind.SIGN_IN, directory.hash_email(email), now=NOW)
        return None if entry is None else entry.target_id


def identity_of(token: str, *, now: datetime = NOW) -> sign_ins.Identity:
    """What a sign-in's token leads to."""
    found = sign_ins.find(token, now=now)
    assert isinstance(found, sign_ins.Identity)
    return found


def send_mails(*owners: uuid.UUID) -> None:
    """Do the mail work of these people and organizations, whenever it is due, and nothing of anybody else's."""
    while True:
        with unit_of_work() as db:
            rows = db.execute(
                select(DueWork.id, DueWork.organization_id, DueWork.user_id)
                .where(
                    or_(DueWork.user_id.in_(owners), DueWork.organization_id.in_(owners)),
                    DueWork.kind.in_((EVENT, PERSON_EVENT, DELIVERY)),
                    DueWork.attempts == 0,
                )
                .order_by(DueWork.id)
            ).all()
        if not rows:
            return
        for pointer, *owner in rows:
            runner.run(str(pointer), *(None if each is None else str(each) for each in owner))


def mails(mailbox: Path, address: str) -> list[EmailMessage]:
    """The mails an address got, oldest first."""
    paths = sorted(mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [message for message in found if message["To"].addresses[0].addr_spec == address]


def subjects(mailbox: Path, address: str) -> list[str]:
    """The subjects of the mails an address got, oldest first."""
    return [message["Subject"] for message in mails(mailbox, address)]


def link_in(message: EmailMessage) -> str:
    """The path of the link a mail offers, the same in both of its parts."""
    parts = [message.get_body((kind,)).get_content() for kind in ("plain", "html")]
    links = [re.search(r"https?://[^/\s]+(/[^\s\"<]*)", part) for part in parts]
    assert links[0] is not None
    assert links[1] is not None
    assert links[0][1] == links[1][1]
    return links[0][1]


def last_link(mailbox: Path, address: str) -> str:
    """The path of the link in the newest mail of an address."""
    return link_in(mails(mailbox, address)[-1])


def token_of(path: str) -> str:
    """The token at the end of a link."""
    return path.rsplit("/", 1)[1]


def cookie_token(client: FlaskClient) -> str | None:
    """The sign-in token this browser holds."""
    with client.session_transaction() as session:
        return session.get("_user_id")


def is_signed_in(client: FlaskClient) -> bool:
    """Whether this browser may open the settings."""
    answer = client.get("/settings")
    if answer.status_code == 302:
        assert answer.location.startswith("/sign-in")
    return answer.status_code == 200
