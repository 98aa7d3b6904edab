"""The switcher, new organizations and the organization's settings, in a browser."""

import re
from secrets import token_urlsafe

import pytest

from portal.accounts.queries import user_of
from portal.models.organizations import Organization, OrganizationKind, Role
from portal.organizations.queries import memberships
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import make_member, make_organization
from tests.factories.people import register_person

NEW = {"name": "Evening School", "kind": "EDUCATOR", "zone": "Europe/Paris", "holiday_country": "FR"}


def switcher(page):
    return dict(re.findall(r'name="organization" value="([^"]+)">.*?>Work in ([^<]+)<', page.text))


def here(browser):
    return re.search(r'<span class="muted tiny">([^<]+)</span>', browser.get("/settings").text)[1]


def test_a_new_organization_is_worked_in_at_once(sign_in, app):
    eva = register_person()
    browser = sign_in(eva)
    answer = browser.post("/organizations", data=NEW)
    assert (answer.status_code, answer.location) == (303, "/")
    assert here(browser) == "Evening School"
    made = memberships(eva.user_id)[0]
    assert (made.name, made.kind, made.role) == ("Evening School", OrganizationKind.EDUCATOR, Role.OWNER)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"kind": "INDIVIDUAL"}, {"zone": "Mars/Olympus"}, {"holiday_country": "XX"}]
)
def test_a_wrong_form_comes_back_with_its_error_and_makes_nothing(sign_in, app, wrong):
    eva = register_person()
    answer = sign_in(eva).post("/organizations", data={**NEW, **wrong})
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert len(memberships(eva.user_id)) == 1


def test_the_menu_leads_to_the_other_organizations_and_back(sign_in, app):
    eva = register_person()
    browser = sign_in(eva)
    assert switcher(browser.get("/settings")) == {}
    browser.post("/organizations", data=NEW)
    (own,) = switcher(browser.get("/settings"))
    assert own == str(eva.who.organization_id)
    answer = browser.post("/organizations/switch", data={"organization": own})
    assert (answer.status_code, answer.location) == (303, "/")
    assert here(browser) == "Eva"
    assert list(switcher(browser.get("/settings")).values()) == ["Evening School"]


def test_the_next_sign_in_begins_where_the_person_worked_last(sign_in, app):
    eva = register_person()
    browser = sign_in(eva)
    browser.post("/organizations", data=NEW)
    assert here(sign_in(eva)) == "Evening School"
    browser.post("/organizations/switch", data={"organization": str(eva.who.organization_id)})
    assert here(sign_in(eva)) == "Eva"


@pytest.mark.parametrize("wanted", ["theirs", "", "no id"])
def test_nobody_switches_to_an_organization_of_others(sign_in, cast, wanted):
    browser = sign_in(cast.ada)
    organization = str(cast.dora.organization_id) if wanted == "theirs" else wanted
    assert browser.post("/organizations/switch", data={"organization": organization}).status_code == 404
    assert here(browser) == "Sample School"


def test_the_list_is_the_person_s_own_and_names_their_roles(sign_in, cast):
    eva = register_person()
    school = make_organization("Another Sample School")
    make_member(school, user_of(eva.user_id), Role.STUDENT)
    main = re.search(r"<main.*?</section>", sign_in(eva).get("/organizations").text, re.DOTALL)[0]
    assert re.findall(r"<b>([^<]+)</b>", main) == ["Another Sample School", "Eva"]
    assert "student" in main
    assert "owner" in main


def test_many_organizations_do_not_burst_the_session_cookie(sign_in, app):
    eva = register_person()
    for _ in range(80):
        make_member(make_organization(token_urlsafe(60)), user_of(eva.user_id), Role.MEMBER)
    browser = sign_in(eva)
    answer = browser.get("/settings")
    assert max(len(cookie) for cookie in answer.headers.getlist("Set-Cookie")) < 4000
    assert browser.get("/organizations").text.count("Work here") == 80


def settings_of(actor):
    with unit_of_work(organization_id=actor.organization_id) as db:
        found = db.get_one(Organization, actor.organization_id)
        return found.name, found.zone, found.holiday_country


def test_an_owner_changes_the_organization_s_settings(sign_in, cast):
    browser = sign_in(cast.ada)
    assert 'value="Sample School"' in browser.get("/settings/organization").text
    answer = browser.post(
        "/settings/organization", data={"name": "Renamed School", "zone": "Asia/Tokyo", "holiday_country": "JP"}
    )
    assert (answer.status_code, answer.location) == (303, "/settings/organization")
    assert settings_of(cast.ada) == ("Renamed School", "Asia/Tokyo", "JP")
    assert here(browser) == "Renamed School"


def test_wrong_settings_come_back_with_their_error(sign_in, cast):
    before = settings_of(cast.ada)
    answer = sign_in(cast.ada).post("/settings/organization", data={"name": "", "zone": "UTC", "holiday_country": ""})
    assert answer.status_code == 422
    assert settings_of(cast.ada) == before


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_students_and_educators_neither_see_nor_change_them(sign_in, cast, who):
    browser, before = sign_in(cast.everyone[who]), settings_of(cast.ada)
    data = {"name": "Mine now", "zone": "UTC", "holiday_country": ""}
    assert browser.get("/settings/organization").status_code == 403
    assert browser.post("/settings/organization", data=data).status_code == 403
    assert settings_of(cast.ada) == before
    assert "/settings/organization" not in browser.get("/settings").text
