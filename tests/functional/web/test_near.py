"""What depends on how a visitor comes: https for good, and the development mailbox for this machine alone."""

from dataclasses import replace
from email.message import EmailMessage

import pytest

from portal.factory import create_app
from portal.notifications.mail import mailbox as kept


def test_behind_https_browsers_are_told_to_stay_there(application, settings):
    answer = create_app(replace(settings, public_url="https://portal.example.org")).test_client().get("/sign-in")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_on_http_browsers_are_not_told_to_use_https(client):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


@pytest.fixture(params=["/mailbox", "/mailbox/{}", "/mailbox/{}/html"])
def page(request, settings):
    """Each page of the mailbox, of a mail that is there."""
    message = EmailMessage()
    message["Message-ID"], message["To"], message["Subject"] = "<near@portal>", "ben@example.org", "Hello"
    message.set_content("Hello")
    message.add_alternative("<p>Hello</p>", subtype="html")
    kept(settings).store(message)
    return request.param.format("nearportal")


def test_the_mailbox_is_served_on_this_machine(client, page):
    assert client.get(page).status_code == 200


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}},
        {"base_url": "http://portal.example.org"},
    ],
    ids=["forwarded for", "forwarded", "from elsewhere", "by another name"],
)
def test_the_mailbox_is_not_served_to_who_comes_from_elsewhere_or_through_a_proxy(client, page, how):
    assert client.get(page, **how).status_code == 404
