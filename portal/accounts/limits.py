"""Rate limits of account pages: by the visitor's address, by the account asked for, by the person.

A whole school may share one address, so limits by address are wide and count only what failed. Guesses of
strangers, wherever they come from, never shut out a browser that has signed in to the account before.
"""

from functools import partial

from flask import Response, request
from flask_limiter.util import get_remote_address

from portal.accounts.devices import device_of
from portal.extensions import limiter
from portal.security.identity import identity
from portal.tenancy.directory import hash_email
from portal.web.limits import breached


def _failed(response: Response) -> bool:
    return response.status_code == 422


def _done(response: Response) -> bool:
    return response.status_code < 400


def account() -> str:
    """The account a form names, as a hash: no address stands in Valkey."""
    return "account:" + hash_email(request.form.get("email", "")).hex()


def account_here() -> str:
    """The account a form names, together with the browser if it is one of the account's, else the address."""
    return f"{account()}:{device_of(request.form.get('email', '')) or get_remote_address()}"


def _at_home() -> bool:
    return device_of(request.form.get("email", "")) is not None


def person() -> str:
    """The person signed in, else the visitor's address."""
    who = identity()
    return get_remote_address() if who is None else f"person:{who.user_id}"


_limit = partial(limiter.limit, on_breach=breached)

guesses_by_address = _limit("60 per minute; 600 per hour", deduct_when=_failed)
guesses_by_account_here = _limit("8 per 5 minutes; 40 per day", key_func=account_here, deduct_when=_failed)
guesses_by_account = _limit("20 per hour; 100 per day", key_func=account, deduct_when=_failed, exempt_when=_at_home)
guesses_by_person = _limit("8 per 5 minutes; 40 per day", key_func=person, deduct_when=_failed)
forms_by_address = _limit("120 per hour")
mails_by_account = _limit("5 per hour", key_func=account, deduct_when=_done)
mails_by_person = _limit("5 per hour", key_func=person, deduct_when=_done)
