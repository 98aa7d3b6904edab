"""Rate limits of account pages: by address of the visitor, and by the account asked for."""

from flask import request

from portal.tenancy.directory import hash_email

SIGN_IN = "20 per minute; 200 per hour"
ACCOUNT = "8 per 5 minutes; 40 per day"
REGISTER = "10 per hour"
RESET = "5 per hour"


def account_key() -> str:
    """The account a form names, as a hash: no address stands in Valkey."""
    return "account:" + hash_email(request.form.get("email", "")).hex()
