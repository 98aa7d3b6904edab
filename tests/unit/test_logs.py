"""What a log line says, and the e-mail addresses that it never says."""

import json
import logging
from collections.abc import Callable

import pytest
import structlog

from portal import logs

ADDRESS = "ben.o'hara+42@mail.example.org"


@pytest.fixture(params=["json", "text"])
def logged(request, capsys) -> Callable[[Callable[[], None]], str]:
    """What is logged, in each format, by a function."""

    def run(speak):
        logs.configure(request.param)
        try:
            speak()
        finally:
            logs.configure("text")
        return capsys.readouterr().err

    return run


def test_no_address_is_logged_wherever_it_stands(logged):
    def speak():
        structlog.get_logger("test").warning(
            f"to {ADDRESS}",
            reason=f"451 <{ADDRESS}> try later",
            url="https://portal.test/?to=ben.o%27hara%40mail.example.org",
            deep={"to": [ADDRESS, ("bén@xn--bcher-kva.example", '"ben o"@[192.0.2.1]')], ADDRESS: 7},
            error=ValueError(ADDRESS),
        )
        logging.getLogger("test").warning("to %s", ADDRESS)

    text = logged(speak)
    assert text.count("[address]") == 9
    assert "hara" not in text
    assert "example" not in text
    assert "192.0.2.1" not in text
    assert "try later" in text


def test_no_address_is_logged_with_an_exception(logged):
    first, second = f"Key (email)=({ADDRESS}) already exists.", f"parameters: {{'e': '{ADDRESS}'}}"

    def speak():
        try:
            try:
                raise ValueError(first)
            except ValueError as error:
                raise RuntimeError(second) from error
        except RuntimeError:
            structlog.get_logger("test").exception("failed")
            logging.getLogger("test").exception("failed")

    text = logged(speak)
    assert text.count("already exists") == 2
    assert text.count("RuntimeError: parameters") == 2
    assert "hara" not in text
    assert "mail.example.org" not in text


def test_what_is_no_address_is_logged_as_it_is(capsys):
    logs.configure("json")
    structlog.get_logger("test").info("request", route="/classes/<id>", status=200, secure=True, member=None, a="x @ y")
    line = json.loads(capsys.readouterr().err)
    logs.configure("text")
    assert (line["route"], line["status"], line["secure"], line["member"], line["a"]) == (
        "/classes/<id>",
        200,
        True,
        None,
        "x @ y",
    )
