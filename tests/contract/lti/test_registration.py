"""Dynamic Registration, Canvas' JSON, registering by hand: by admins only, pending until approved."""

import json
import re

import pytest
from sqlalchemy import select
from werkzeug import Response

from portal import clock
from portal.lti import dynamic
from portal.models.lti import ClientState, LtiClient, LtiDeployment, LtiPlatform
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.launching import Lms
from tests.contract.lti.platform import serve

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"


@pytest.fixture
def lms(app, cast, private_network):
    """A platform that does not know the portal yet."""
    with serve(tool="http://127.0.0.1:9") as served:
        yield Lms(app, served, cast.ada)


def answer(body, status=200):
    return Response(json.dumps(body), status, mimetype="application/json")


def offer(lms: Lms, **changes):
    """Script the platform's configuration and its answer to the registration."""
    configuration = {
        "issuer": lms.issuer,
        "authorization_endpoint": lms.issuer + "/auth",
        "token_endpoint": lms.issuer + "/token",
        "jwks_uri": lms.issuer + "/jwks",
        "registration_endpoint": lms.issuer + "/register",
        "https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "moodle"},
    } | changes
    lms.served.script("GET", "/openid", answer(configuration))
    lms.served.script("POST", "/register", answer({"client_id": lms.client_id, TOOL: {"deployment_id": "1"}}))


def token(lms: Lms) -> str:
    with unit_of_work(organization_id=lms.admin.organization_id):
        return dynamic.make_link(actor=lms.admin, now=clock.now())


def register(lms: Lms, link: str):
    form = {"openid_configuration": lms.issuer + "/openid", "registration_token": "given"}
    return lms.browser().post(f"/lti/register/{link}", data=form)


def clients(lms: Lms):
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        return db.scalars(select(LtiClient)).all()


def test_a_platform_registers_by_the_link_and_waits_for_approval(lms: Lms, sign_in):
    link = token(lms)
    offer(lms)
    page = lms.browser().get(f"/lti/register/{link}?openid_configuration={lms.issuer}/openid&registration_token=given")
    assert 'value="given"' in page.text
    assert lms.issuer in page.headers["Content-Security-Policy"]
    done = register(lms, link)
    assert done.status_code == 200
    assert 'id="lti-close"' in done.text
    assert [each.headers.get("authorization") for each in lms.served.seen] == ["Bearer given", "Bearer given"]
    asked = lms.served.asked("POST", "/register")[0].json
    assert asked[TOOL]["domain"] == "127.0.0.1:8000"
    assert asked[TOOL]["claims"]
    assert asked["initiate_login_uri"].endswith(f"/lti/login?organization={lms.admin.organization_id}")
    (client,) = clients(lms)
    assert client.state is ClientState.PENDING
    assert lms.begin(lms.browser()).status_code == 403
    admin = sign_in(lms.admin)
    assert client.client_id in admin.get("/settings/platforms").text
    assert admin.post(f"/settings/platforms/{client.id}/approve").status_code == 303
    assert lms.launch().status_code == 303


def test_a_link_serves_once(lms: Lms):
    link = token(lms)
    offer(lms)
    assert register(lms, link).status_code == 200
    assert register(lms, link).status_code == 403
    assert len(clients(lms)) == 1


def test_an_expired_link_is_refused(lms: Lms):
    with unit_of_work(organization_id=lms.admin.organization_id):
        link = dynamic.make_link(actor=lms.admin, now=clock.now() - dynamic.LIFETIME)
    assert register(lms, link).status_code == 403
    assert lms.served.seen == []


@pytest.mark.parametrize("name", ["issuer", "registration_endpoint"])
def test_a_configuration_that_names_another_host_is_refused(lms: Lms, name):
    offer(lms, **{name: "https://other.example.org/x"})
    assert "other.example.org" in register(lms, token(lms)).text
    assert lms.served.asked("POST") == []
    assert clients(lms) == []


def test_the_platforms_own_words_are_shown_and_the_link_stays_good(lms: Lms):
    link = token(lms)
    offer(lms)
    lms.served._script.pop()
    lms.served.script("POST", "/register", answer({"error": "x", "error_description": "Token <used>"}, 400))
    said = register(lms, link)
    assert said.status_code == 403
    assert "Token &lt;used&gt;" in said.text
    offer(lms)
    assert register(lms, link).status_code == 200


@pytest.mark.parametrize("body", [Response("<html>"), Response("[]"), answer({"issuer": 7}), Response("no", 500)])
def test_a_platform_that_babbles_is_an_error_in_words(lms: Lms, body):
    lms.served.script("GET", "/openid", body)
    said = register(lms, token(lms))
    assert said.status_code == 403
    assert re.search(r"Reference \w{12}", said.text)
    assert clients(lms) == []


def test_canvas_reads_its_configuration(lms: Lms):
    found = lms.browser().get(f"/lti/config.json?organization={lms.admin.organization_id}")
    assert found.json["target_link_uri"] == lms.launch_url
    placements = found.json["extensions"][0]["settings"]["placements"]
    assert {each["message_type"] for each in placements} == {"LtiResourceLinkRequest", "LtiDeepLinkingRequest"}
    assert lms.browser().get("/lti/config.json").status_code == 404


def test_the_key_set_is_public_and_may_be_kept(lms: Lms):
    address = f"/lti/keys.json?organization={lms.admin.organization_id}"
    found = lms.browser().get(address)
    assert found.headers["Cache-Control"] == "public, max-age=3600"
    assert "set-cookie" not in found.headers
    assert [set(key) & {"d", "p", "q"} for key in found.json["keys"]] == [set()]
    assert lms.browser().get(address).json == found.json
    assert lms.browser().get("/lti/keys.json").status_code == 404


def test_an_admin_registers_by_hand_and_a_wrong_address_is_named(lms: Lms, sign_in):
    form = {name: getattr(lms.draft(), name) for name in ("name", "issuer", "client_id", "auth_login_url", "token_url")}
    form |= {"jwks_url": "ftp://example.org/", "deployment_ids": "1\n2"}
    admin = sign_in(lms.admin)
    wrong = admin.post("/settings/platforms/new", data=form)
    assert wrong.status_code == 422
    assert 'id="jwks_url-error"' in wrong.text
    assert clients(lms) == []
    assert admin.post("/settings/platforms/new", data=form | {"jwks_url": lms.issuer + "/jwks"}).status_code == 303
    assert lms.launch().status_code == 303
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        assert set(db.scalars(select(LtiDeployment.deployment_id))) == {"1", "2"}


def test_a_client_is_registered_once_and_a_platform_holds_several(lms: Lms, sign_in):
    lms.register()
    lms.client_id = "second"
    lms.register()
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        assert len(db.scalars(select(LtiPlatform)).all()) == 1
    assert lms.launch().status_code == 303
    assert len(clients(lms)) == 2


def test_an_unknown_deployment_is_allowed_with_one_click_where_its_refusal_stands(lms: Lms, sign_in):
    key = lms.register()
    assert lms.launch(deployment_id="77").status_code == 403
    admin = sign_in(lms.admin)
    assert "Allow deployment 77" in admin.get("/settings/platforms").text
    admin.post(f"/settings/platforms/{key}/deployments", data={"deployment_id": "77"})
    lms.deployment_id = "77"
    assert lms.launch().status_code == 303
    assert "Allow deployment 77" not in admin.get("/settings/platforms").text


def test_two_organizations_may_know_the_same_platform_and_the_address_says_which(lms: Lms, cast):
    lms.register()
    lms.register(cast.dora)
    assert lms.begin(lms.browser()).status_code == 403
    for actor in (cast.ada, cast.dora):
        answer = lms.browser().post(
            f"/lti/login?organization={actor.organization_id}",
            data={"iss": lms.issuer, "login_hint": "x", "client_id": lms.client_id},
        )
        assert answer.status_code == 302
        assert actor.organization_id.hex in answer.headers["Location"]


def test_the_test_button_says_what_is_wrong(lms: Lms, sign_in):
    key = lms.register()
    admin = sign_in(lms.admin)
    admin.post(f"/settings/platforms/{key}/test")
    assert "It answers" in admin.get("/settings/platforms").text
    lms.served.script("GET", "/jwks", Response("<html>"))
    admin.post(f"/settings/platforms/{key}/test")
    assert "answers with something else" in admin.get("/settings/platforms").text
