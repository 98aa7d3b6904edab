"""The guard of outgoing requests: what it refuses before and while it connects."""

import threading
from collections.abc import Iterator

import pytest
import requests
from werkzeug import Request, Response
from werkzeug.serving import make_server

from portal.lti import guard


@pytest.fixture
def neighbour() -> Iterator[str]:
    """A server in a private network (this machine) that redirects, never ends, or answers."""

    @Request.application
    def answer(request: Request) -> Response:
        if request.path == "/elsewhere":
            return Response(status=302, headers={"Location": "/"})
        if request.path == "/endless":
            return Response(b"x" * 65536 for _ in range(1000))
        return Response("here")

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize(
    "address",
    [
        *("https://127.0.0.1/", "https://localhost/keys", "https://[::1]/", "https://10.1.2.3/", "https://0.0.0.0/"),
        *("https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/"),
        *("https://[fd00::1]/", "https://100.64.0.1/", "https://224.0.0.1/", "https://2130706433/"),
    ],
)
def test_an_address_in_a_private_network_is_refused(address):
    with guard.session(private=False) as session, pytest.raises(guard.BlockedAddressError, match="private network"):
        session.get(address)


@pytest.mark.parametrize(
    "address",
    ["http://example.org/", "ftp://example.org/", "https://user@example.org/", "https:///keys", "https://[::1/"],
)
def test_an_address_of_another_kind_is_refused(address):
    with pytest.raises(guard.BlockedAddressError):
        guard.check_address(address, private=False)


def test_private_networks_are_asked_where_the_setting_admits_them(neighbour):
    with guard.session(private=True) as session:
        assert session.get(neighbour).text == "here"


def test_a_redirect_is_not_followed(neighbour):
    with guard.session(private=True) as session, pytest.raises(guard.BlockedAddressError, match="redirect"):
        session.get(neighbour + "/elsewhere")


def test_an_endless_answer_is_cut_off(neighbour):
    with guard.session(private=True) as session, pytest.raises(guard.TooMuchError):
        session.get(neighbour + "/endless")


def test_the_environments_proxy_is_not_used(neighbour, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with guard.session(private=True) as session:
        assert session.get(neighbour).ok


def test_a_server_that_is_not_there_is_an_error_of_the_connection():
    with guard.session(private=True) as session, pytest.raises(requests.ConnectionError):
        session.get("http://127.0.0.1:1/")
