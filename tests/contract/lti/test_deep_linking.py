"""Deep Linking 2.0: a teacher sent by a platform over HTTP chooses, and a signed answer goes back."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from portal import clock
from portal.lti.deep_linking.message import WINDOW
from portal.lti.keys import key_set
from portal.lti.target import Target, of_code, of_launch
from portal.models.lti import LtiDeepLink, LtiLineItem, LtiResourceLink
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.launching import GONE, INSTRUCTOR, LEARNER
from tests.factories.assignments import make_path

DATA = "https://purl.imsglobal.org/spec/lti-dl/claim/data"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


@pytest.fixture
def settings_claim(lms):
    """What the platform accepts; a test changes it."""
    return {
        "deep_link_return_url": lms.issuer + "/return",
        "accept_types": ["link", "ltiResourceLink"],
        "accept_presentation_document_targets": ["window", "iframe"],
        "accept_multiple": True,
        "accept_lineitem": True,
        "data": {"opaque": ["as", 1]},
    }


@pytest.fixture
def open_picker(lms, settings_claim):
    """Launch deep linking, without target_link_uri or resource link; (browser, address of the picker)."""

    def go(roles=(INSTRUCTOR,), **changes):
        browser = lms.browser()
        answer = lms.launch(
            browser,
            message_type="LtiDeepLinkingRequest",
            deep_linking={name: value for name, value in {**settings_claim, **changes}.items() if value is not GONE},
            target_link_uri=GONE,
            resource_link=GONE,
            sub="teacher-1",
            roles=list(roles),
        )
        assert answer.status_code == 303, answer.text
        return browser, answer.headers["Location"]

    return go


@pytest.fixture
def path(cast):
    return make_path(cast.ada.organization_id, (60, 30), title="Guitar for beginners")


def returned(lms, answer):
    """(content items, all claims) of the form that goes back, checked by the platform with the portal's key set."""
    assert answer.status_code == 200, answer.text
    form = re.search(r'action="([^"]+)"><input type="hidden" name="JWT" value="([^"]+)"', answer.text)
    assert form is not None
    assert unescape(form.group(1)) == lms.issuer + "/return"
    with unit_of_work(organization_id=lms.admin.organization_id):
        lms.served.registration.set_tool_key_set({"keys": key_set(now=clock.now())})
    configuration = lms.served.configuration
    items = configuration.validate_deeplinking_resp({"JWT": form.group(2)})
    return items, configuration.tool_validate_and_decode(form.group(2))


def send(browser, address, *targets, **fields):
    return browser.post(
        address, data={"do": "return", "item": [each.code for each in targets], "graded": "y", **fields}
    )


def test_it_works_without_target_link_uri_and_resource_link(lms, open_picker, path):
    browser, address = open_picker()
    page = browser.get(address)
    assert page.status_code == 200
    assert "Guitar for beginners" in page.text
    items, claims = returned(lms, send(browser, address, Target(path.curriculum_id)))
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[LTI + "deployment_id"] == lms.deployment_id
    assert (claims["iss"], claims["aud"]) == (lms.client_id, [lms.issuer])
    assert len(items) == 1


def test_data_comes_back_as_it_went(lms, open_picker, path):
    browser, address = open_picker()
    _, claims = returned(lms, send(browser, address, Target(path.curriculum_id)))
    assert claims[DATA] == {"opaque": ["as", 1]}


def test_without_data_none_comes_back(lms, open_picker, path):
    browser, address = open_picker(data=GONE)
    _, claims = returned(lms, send(browser, address, Target(path.curriculum_id)))
    assert DATA not in claims


def test_a_path_a_unit_and_a_step_come_back_at_once_with_columns_and_custom_parameters(lms, open_picker, path):
    browser, address = open_picker()
    whole = Target(path.curriculum_id)
    unit = Target(path.curriculum_id, unit_id=path.version_id)
    step = Target(path.curriculum_id, step_id=path.keys[1])
    items, _ = returned(lms, send(browser, address, whole, unit, step))
    assert [item["title"] for item in items] == ["Guitar for beginners", "Unit", "Step 2"]
    for item, target, tag in zip(items, (whole, unit, step), ("path", "unit", "step"), strict=True):
        assert item["type"] == "ltiResourceLink"
        assert item["lineItem"] == {
            "scoreMaximum": 100,
            "label": item["title"],
            "resourceId": target.resource_id,
            "tag": tag,
        }
        assert of_launch(item["custom"], None) == target == of_launch({}, item["url"])
        assert item["url"].startswith(lms.launch_url)


@pytest.mark.parametrize(("accepted", "count"), [(True, 1), ("true", 1), (GONE, 1), (False, 0), ("false", 0)])
def test_a_platform_that_takes_no_columns_gets_none(lms, cast, open_picker, path, accepted, count):
    browser, address = open_picker(accept_lineitem=accepted)
    items, _ = returned(lms, send(browser, address, Target(path.curriculum_id)))
    assert sum("lineItem" in item for item in items) == count
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert len(db.scalars(select(LtiLineItem)).all()) == count


def test_a_teacher_may_want_no_column(lms, cast, open_picker, path):
    browser, address = open_picker()
    answer = browser.post(address, data={"do": "return", "item": Target(path.curriculum_id).code})
    items, _ = returned(lms, answer)
    assert "lineItem" not in items[0]
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.scalars(select(LtiLineItem)).all() == []


@pytest.mark.parametrize("accepted", [False, "false", GONE])
def test_a_platform_that_takes_one_item_gets_one(lms, open_picker, path, accepted):
    browser, address = open_picker(accept_multiple=accepted)
    assert 'type="radio"' in browser.get(address).text
    whole, step = Target(path.curriculum_id), Target(path.curriculum_id, step_id=path.keys[0])
    refused = send(browser, address, whole, step)
    assert (refused.status_code, "one at a time" in refused.text) == (422, True)
    items, _ = returned(lms, send(browser, address, step))
    assert [item["title"] for item in items] == ["Step 1"]


@pytest.mark.parametrize(
    ("targets", "asked", "place"),
    [
        (["iframe", "window"], "window", "window"),
        (["iframe"], "window", "iframe"),
        (["window"], "", "window"),
        (["embed"], "", None),
    ],
)
def test_a_link_opens_where_the_platform_accepts_it(lms, open_picker, path, targets, asked, place):
    browser, address = open_picker(accept_presentation_document_targets=targets)
    fields = {"place": asked} if asked in targets else {}
    items, _ = returned(lms, send(browser, address, Target(path.curriculum_id), **fields))
    assert {"iframe", "window"} & items[0].keys() == ({place} if place else set())
    assert place != WINDOW or items[0]["window"]["targetName"]


def test_dates_come_as_available_and_submission_windows(lms, open_picker, path):
    browser, address = open_picker()
    dates = {"starts_at": "2026-12-01T08:00", "due_at": "2026-12-11T20:00", "ends_at": "2026-12-18T23:59"}
    items, _ = returned(lms, send(browser, address, Target(path.curriculum_id), **dates))
    assert items[0]["available"] == {
        "startDateTime": "2026-12-01T08:00:00.000Z",
        "endDateTime": "2026-12-18T23:59:00.000Z",
    }
    assert items[0]["submission"] == {
        "startDateTime": "2026-12-01T08:00:00.000Z",
        "endDateTime": "2026-12-11T20:00:00.000Z",
    }


def test_without_dates_there_are_no_windows(lms, open_picker, path):
    browser, address = open_picker()
    items, _ = returned(lms, send(browser, address, Target(path.curriculum_id)))
    assert not {"available", "submission"} & items[0].keys()


@pytest.mark.parametrize(
    "dates",
    [{"starts_at": "2026-12-05T08:00", "due_at": "2026-12-01T08:00"}, {"due_at": "tomorrow"}],
)
def test_dates_that_make_no_sense_are_said_and_keep_the_choice(open_picker, path, dates):
    browser, address = open_picker()
    answer = send(browser, address, Target(path.curriculum_id), **dates)
    assert answer.status_code == 422
    assert "checked" in answer.text
    assert 'class="err"' in answer.text or "follow each other" in answer.text


def test_nothing_chosen_is_said(open_picker, path):
    browser, address = open_picker()
    answer = send(browser, address)
    assert (answer.status_code, "Nothing is chosen yet" in answer.text) == (422, True)


def test_going_back_without_choosing_returns_an_empty_list(lms, open_picker, path):
    browser, address = open_picker()
    items, claims = returned(lms, browser.post(address, data={"do": "nothing"}))
    assert items == []
    assert claims[DATA] == {"opaque": ["as", 1]}


def test_a_search_keeps_what_was_chosen(cast, open_picker, path):
    other = make_path(cast.ada.organization_id, (30,), title="Bread")
    browser, address = open_picker()
    page = browser.post(address, data={"do": "search", "q": "bread", "item": Target(path.curriculum_id).code})
    assert page.status_code == 200
    assert f'value="{Target(other.curriculum_id).code}"' in page.text
    assert "Chosen before" in page.text
    assert f'value="{Target(path.curriculum_id).code}" checked' in page.text


def test_a_search_finds_units_and_steps(cast, open_picker):
    make_path(cast.ada.organization_id, (30,), title="Bread", unit_title="Sourdough")
    make_path(cast.ada.organization_id, (30,), title="Chess")
    browser, address = open_picker()
    page = browser.post(address, data={"do": "search", "q": "sourd"})
    assert ("Bread" in page.text, "Chess" in page.text) == (True, False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"accept_types": ["link", "html"]}, "esource link"),
        ({"deep_link_return_url": "javascript:alert(1)"}, "deep_link_return_url"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_and_names_the_claim(lms, settings_claim, changes, words):
    answer = lms.launch(
        message_type="LtiDeepLinkingRequest",
        deep_linking={**settings_claim, **changes},
        target_link_uri=GONE,
        resource_link=GONE,
        roles=[INSTRUCTOR],
    )
    assert (answer.status_code, words in answer.text) == (403, True)


def test_a_learner_chooses_nothing(open_picker, path):
    browser, address = open_picker(roles=(LEARNER,))
    assert browser.get(address).status_code == 403
    assert send(browser, address, Target(path.curriculum_id)).status_code == 403


def test_nobody_else_answers_for_the_teacher(cast, sign_in, open_picker, path):
    _, address = open_picker()
    for actor in (cast.ada, cast.ben, cast.dora):
        assert sign_in(actor).get(address).status_code == 404


def test_a_page_open_for_too_long_begins_again(cast, open_picker, path):
    browser, address = open_picker()
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.scalars(select(LtiDeepLink)).one().expires_at = clock.now()
    answer = browser.get(address)
    assert (answer.status_code, "Begin again in your course" in answer.text) == (403, True)


def test_a_path_of_another_organization_cannot_be_chosen(cast, open_picker):
    foreign = make_path(cast.dora.organization_id, title="Elsewhere")
    browser, address = open_picker()
    assert "Elsewhere" not in browser.get(address).text
    answer = send(browser, address, Target(foreign.curriculum_id))
    assert (answer.status_code, "no longer there" in answer.text) == (422, True)


def test_the_form_may_be_sent_to_the_platform_from_the_answer_alone(lms, open_picker, path):
    browser, address = open_picker()
    assert f"form-action 'self' {lms.issuer}" not in browser.get(address).headers["Content-Security-Policy"]
    answer = send(browser, address, Target(path.curriculum_id))
    assert f"form-action 'self' {lms.issuer};" in answer.headers["Content-Security-Policy"]


def test_the_link_that_was_made_opens_the_path_and_knows_its_column(lms, cast, open_picker, path):
    browser, address = open_picker()
    items, _ = returned(lms, send(browser, address, Target(path.curriculum_id)))
    column = f"{lms.issuer}/7/lineitems/1/lineitem"
    answer = lms.launch(
        sub="teacher-1",
        roles=[INSTRUCTOR],
        custom=items[0]["custom"],
        resource_link={"id": "made", "title": "Guitar"},
        **{"https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"scope": [], "lineitem": column}},
    )
    assert answer.status_code == 303
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        link = db.scalars(select(LtiResourceLink)).one()
        assert (link.curriculum_id, link.unit_id, link.step_id) == (path.curriculum_id, None, None)
        assert db.scalars(select(LtiLineItem.url)).one() == column


@pytest.mark.parametrize("code", ["", "x", "a.b.c", "1.2", "....", "00000000-0000-0000-0000-000000000000.."])
def test_a_code_that_is_none_chooses_nothing(code):
    assert of_code(code) is None
