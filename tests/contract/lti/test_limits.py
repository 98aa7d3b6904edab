"""Floods of launches and registrations end in a page in words; a flood leaves no more rows than were looked at."""

from collections import Counter
from dataclasses import replace

import pytest
from limits import parse
from sqlalchemy import func, select

from portal import clock
from portal.extensions import limiter
from portal.factory import create_app
from portal.lti import dynamic
from portal.models.events import AuditEntry
from portal.tenancy.scope import unit_of_work
from tests.conftest import Browser
from tests.contract.lti.launching import Lms
from tests.factories.people import new_ip

TWICE = 2  # windows are fixed in time: so many tries cannot stay below a limit in two neighbouring ones


@pytest.fixture
def limited(lms: Lms, settings):
    """The platform's portal, now with limits; the visitor's address."""
    lms.app = create_app(replace(settings, rate_limits=True, lti_private_addresses=True))
    lms.app.test_client_class = Browser
    yield new_ip()
    limiter.enabled = False


def visitor(lms: Lms, address: str):
    browser = lms.browser()
    browser.environ_base["REMOTE_ADDR"] = address
    return browser


def assert_in_words(answer, seconds: int) -> None:
    assert answer.status_code == 429
    assert "Too many tries. You can go on in" in answer.text
    assert "Traceback" not in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= seconds
    assert "frame-ancestors *;" in answer.headers["Content-Security-Policy"]


def rows(lms: Lms, action: str) -> int:
    with unit_of_work(organization_id=lms.admin.organization_id) as db:
        return db.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def test_a_flood_of_refused_launches_is_stopped_and_leaves_a_row_for_each_looked_at(lms: Lms, limited):
    answers = []
    asked = lms.asked(visitor(lms, limited))
    for _ in range(60 * TWICE + 2):
        browser = visitor(lms, limited)
        answers.append(lms.send(browser, asked["state"], "no token"))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() == {403, 429}
    assert rows(lms, "lti.refused") == statuses[403] <= 60 * TWICE
    assert_in_words(next(answer for answer in answers if answer.status_code == 429), 3600)


def test_launches_that_work_count_for_nothing_among_the_refused(lms: Lms, limited):
    for number in range(70):
        browser = visitor(lms, limited)
        assert lms.launch(browser, sub=f"learner-{number}").status_code == 303


def test_another_address_is_not_held_up(lms: Lms, limited):
    for _ in range(60 * TWICE + 1):
        last = lms.begin(visitor(lms, limited), client_id="unknown", lti_deployment_id="unknown")
    assert last.status_code == 429
    assert lms.launch(visitor(lms, new_ip())).status_code == 303


@pytest.mark.parametrize("endpoint", ["lti.begin", "lti.arrive"])
def test_even_launches_that_work_have_an_end(lms: Lms, limited, endpoint):
    def nearly() -> None:
        """As if so many had come from this address already."""
        with lms.app.app_context():
            limiter.limiter.hit(parse("1200 per minute"), "limits", limited, endpoint, cost=1200)

    for _ in range(TWICE):  # the minute may end in between, once
        nearly()
        answer = lms.begin(visitor(lms, limited)) if endpoint == "lti.begin" else lms.launch(visitor(lms, limited))
        if answer.status_code == 429:
            break
    assert_in_words(answer, 60)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_guessing_registration_links_is_stopped(lms: Lms, limited, method):
    answers = [visitor(lms, limited).open(f"/lti/register/guess-{n}", method=method) for n in range(30 * TWICE + 1)]
    assert {answer.status_code for answer in answers} == {403, 429}
    assert_in_words(next(answer for answer in answers if answer.status_code == 429), 3600)


def test_a_good_registration_link_is_still_good_after_a_flood(lms: Lms, limited):
    with unit_of_work(organization_id=lms.admin.organization_id):
        link = dynamic.make_link(actor=lms.admin, now=clock.now())
    for n in range(30 * TWICE + 1):
        last = visitor(lms, limited).get(f"/lti/register/guess-{n}")
    assert last.status_code == 429
    assert visitor(lms, limited).get(f"/lti/register/{link}").status_code == 429
    assert visitor(lms, new_ip()).get(f"/lti/register/{link}").status_code == 200
