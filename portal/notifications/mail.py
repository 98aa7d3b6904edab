"""The mail channel: SMTP, or files of the development mailbox when no server is set.

A message counts as possibly accepted from the moment its data is sent; what fails earlier is known not to
have gone out. The connection is kept between messages of one process as long as all goes well; after a failure
the next message begins on a new one. Domains are written in their ASCII form (RFC 5891); an address with other
letters before the @ needs a server that offers SMTPUTF8 (RFC 6531).
"""

import re
import smtplib
from collections.abc import Callable
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from pathlib import Path

from email_validator import validate_email

from portal import clock
from portal.config import Settings


class RefusedError(Exception):
    """The address is none, or the server refused the message for good (5xx); it has not gone out and never will."""


class NotSentError(Exception):
    """The message has surely not gone out; try again later."""


class UncertainError(Exception):
    """The connection broke after the data was sent: the server may have accepted the message."""


def build(
    *,
    sender: str,
    to_name: str,
    to_address: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    unsubscribe_url: str | None = None,
) -> EmailMessage:
    """A message with a text and an HTML part. Line breaks in names and subjects are flattened.

    RefusedError when ``to_address`` is not an address.
    """
    try:
        recipient = _address(_flat(to_name), to_address)
    except (ValueError, HeaderParseError) as error:
        raise RefusedError("The address is not one.") from error
    origin = _address(*parseaddr(sender))
    ascii_only = (origin.addr_spec + recipient.addr_spec).isascii()
    message = EmailMessage(policy=SMTP if ascii_only else SMTPUTF8)
    message["From"], message["To"] = origin, recipient
    message["Subject"] = _flat(subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def _address(name: str, address: str) -> Address:
    if address.isascii():
        return Address(name, addr_spec=address)
    valid = validate_email(address, check_deliverability=False)
    return Address(name, username=valid.local_part, domain=valid.ascii_domain)


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class Mailer:
    """Sends messages; one a process."""

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing connects yet."""
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, *, before_data: Callable[[], None]) -> None:
        """Hand one message over. RefusedError, NotSentError or UncertainError say what became of it.

        ``before_data`` is called once the server has taken the addresses: from then on it may have the message.
        """
        if not self._settings.smtp_host:
            mailbox(self._settings).store(message)
            return
        try:
            self._envelope(message)
            before_data()
            self._data(message)
        except BaseException:
            self.close()  # else the next message might begin inside this one
            raise

    def _envelope(self, message: EmailMessage) -> None:
        """Announce the message, a second time when the kept connection turns out to be gone."""
        try:
            self._announce(message)
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            self.close()
            try:
                self._announce(message)
            except (smtplib.SMTPServerDisconnected, ConnectionError) as error:
                raise NotSentError(str(error)) from error

    def _announce(self, message: EmailMessage) -> None:
        smtp = self._connect()
        sender = message["From"].addresses[0].addr_spec
        recipient = message["To"].addresses[0].addr_spec
        options = []
        if not (sender + recipient).isascii():
            if not smtp.has_extn("smtputf8"):
                raise RefusedError("The mail server takes no address with letters beyond ASCII.")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        _check(*smtp.mail(sender, options))
        _check(*smtp.rcpt(recipient))

    def _data(self, message: EmailMessage) -> None:
        smtp = self._connect()
        try:
            code, answer = smtp.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            _check(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise UncertainError(str(error)) from error
        else:
            _check(code, answer)

    def _connect(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        settings = self._settings
        kind = smtplib.SMTP_SSL if settings.smtp_security == "tls" else smtplib.SMTP
        try:
            self._smtp = smtp = kind(settings.smtp_host, settings.smtp_port, timeout=20)
            if settings.smtp_security == "starttls":
                smtp.starttls()
            if settings.smtp_user:
                smtp.login(settings.smtp_user, settings.smtp_password)
            smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSentError(f"{settings.smtp_host}: {error}") from error
        return smtp

    def close(self) -> None:
        """Drop the connection."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _check(code: int, answer: bytes | str) -> None:
    if code < 400:
        return
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    if code >= 500:
        raise RefusedError(f"{code} {words}")
    raise NotSentError(f"{code} {words}")


class Mailbox:
    """Mails kept as files, newest first; the development mailbox page shows them."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made on first use."""
        self._folder = folder

    def store(self, message: EmailMessage) -> None:
        """Keep a message; one with the same Message-ID replaces it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w-]", "", message["Message-ID"])
        target = self._folder / f"{name}.eml"
        draft = target.with_suffix(".part")
        draft.write_bytes(message.as_bytes())
        draft.replace(target)

    def paths(self, limit: int = 200) -> list[Path]:
        """The newest messages' files."""
        found = sorted(self._folder.glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
        return found[:limit]

    def path(self, name: str) -> Path | None:
        """The file of one message by its name without ending, or None."""
        found = self._folder / f"{name}.eml"
        return found if re.fullmatch(r"[\w-]+", name) and found.is_file() else None


def mailbox(settings: Settings) -> Mailbox:
    """The development mailbox of this installation."""
    return Mailbox(settings.instance_dir / "mailbox")
