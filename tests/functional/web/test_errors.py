"""Pages for what goes wrong, and the line each request leaves in the log."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from portal import logs
from portal.extensions import valkey
from portal.factory import create_app
from portal.library import origin
from portal.tenancy.scope import session, unit_of_work
from tests.factories.cast import NOW


@pytest.fixture
def broken(application, settings):
    """The application with pages that fail: on the way, and when the unit of work is committed."""
    made = create_app(settings)

    @made.get("/broken")
    def broken_page() -> str:
        raise KeyError("a fault of ours")

    @made.get("/cut-off")
    def cut_off_page() -> str:
        session().execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return "never"

    return made


def test_an_unknown_address_is_said_in_the_products_look(client):
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_client_that_asks_for_json_gets_the_error_as_json(client):
    answer = client.get("/no-such-page", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json["reference"] == answer.headers["X-Request-Id"]


def test_a_fault_of_ours_names_a_reference_and_shows_no_trace(broken):
    answer = broken.test_client().get("/broken")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.text
    assert "KeyError" not in answer.text


def test_a_lost_database_is_a_page_to_try_again(broken):
    answer = broken.test_client().get("/cut-off")
    assert answer.status_code == 503
    assert "Back in a moment" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_ready_names_the_server_that_is_away(application, settings, tmp_path):
    away = create_app(replace(settings, redis_url=f"unix://{tmp_path}/none.sock"))
    try:
        answer = away.test_client().get("/readyz")
        assert answer.status_code == 503
        assert (answer.json["postgresql"], answer.json["valkey"]) == ("ok", "away")
        assert away.test_client().get("/healthz").status_code == 200
    finally:
        valkey.connect(settings.redis_url)


def test_each_request_leaves_one_line_with_its_id_route_and_status(client, capsys):
    logs.configure("json")
    try:
        answer = client.get("/no-such-page?token=secret")
    finally:
        logs.configure("text")
    (line,) = [json.loads(each) for each in capsys.readouterr().err.splitlines() if '"event": "request"' in each]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", None, 404)
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("method", "address", "values"),
    [
        ("GET", "/library?q=%00", None),
        ("GET", "/library?tag=a%00b", None),
        ("GET", "/members?q=%00", None),
        ("GET", "/invitations/%00", None),
        ("GET", "/library?q=a&%00=b", None),
        ("POST", "/terms", {"name": "Spring\x00", "starts_on": "2026-09-07", "ends_on": "2026-12-18"}),
        ("POST", "/paths", {"title": "A path\x00"}),
    ],
)
def test_a_character_that_no_table_holds_is_refused_with_its_field(cast, sign_in, method, address, values):
    answer = sign_in(cast.ada).open(address, method=method, data=values)
    assert answer.status_code == 422
    assert "holds a character that cannot be kept" in answer.text


def test_who_is_not_signed_in_gets_the_same_answer(client):
    answer = client.post("/sign-in", data={"email": "ada@example.org\x00", "password": "secret"})
    assert answer.status_code == 422
    assert "“email” holds a character" in answer.text


@pytest.mark.parametrize(("page", "shown"), [("99", 6), ("6", 6), ("9" * 30, 6), ("0", 1), ("-3", 1), ("soon", 1)])
def test_a_page_beyond_the_list_is_its_last_or_first(cast, sign_in, page, shown):
    with unit_of_work(organization_id=cast.ada.organization_id):
        origin.copy(now=NOW)
    text = sign_in(cast.ada).get("/library", query_string={"page": page}).text
    assert f"Page {shown} of 6" in text
    assert 'class="acts"' in text
