"""Every route, tried by a visitor and by the cast: who may not, may not.

A new route is picked up by itself from the URL map; one whose arguments this file does not know fails the test.
"""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.curricula import services as curricula
from portal.library.services import ActivityDraft, create_category, save_activity
from portal.models.curricula import CurriculumStep, CurriculumUnit
from portal.models.library import ActivityKind
from portal.models.plans import PlanChange
from portal.models.schedules import ScheduleItem
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW, Cast
from tests.factories.lti import make_course, make_deep_link, unserved

PUBLIC = {
    *("static", "web.health", "web.ready", "accounts.home", "accounts.sign_in", "accounts.do_sign_in"),
    *("accounts.register", "accounts.do_register", "accounts.forgot", "accounts.do_forgot", "accounts.reset"),
    *("accounts.do_reset", "accounts.verify", "accounts.do_verify", "accounts.confirm_email", "accounts.sign_out"),
    *("accounts.do_confirm_email", "organizations.invitation", "calendars.feed", "notifications.unsubscribe"),
    *("notifications.confirm_unsubscribe", "notifications.mails", "notifications.mail", "notifications.mail_html"),
    *("lti.begin", "lti.arrive", "lti.here", "lti.proceed", "lti.key_set", "platforms.canvas"),
    *("platforms.open_link", "platforms.do_register", "lti_people.confirm", "lti_people.do_confirm"),
}
OWN = {"progress.item", "progress.act", "progress.complete", "progress.note"}  # a learner's own items
STUDENTS_MAY = {
    *(
        "progress.today",
        "progress.week",
        "progress.progress",
        "progress.changes",
        "progress.days",
        "progress.encourage",
    ),
    *("library.index", "library.activity", "lti.learn", "lti.waiting"),
    *("lti_people.link", "lti_people.do_link", "lti_people.mail_link"),
    *("notifications.index", "notifications.read", "notifications.preferences", "notifications.choose"),
    *("notifications.send_test", "calendars.links", "calendars.mint", "calendars.revoke", "accounts.settings"),
    *("accounts.change_profile", "accounts.change_password", "accounts.change_email", "accounts.ask_for_verification"),
    *("schedules.preview", "schedules.apply"),  # each command asks whose plans it concerns
    *("accounts.sign_out_everywhere", "organizations.index", "organizations.create", "organizations.switch"),
    *("organizations.accept",),
}
QUERIES = {  # what a page cannot be shown without
    "assignments.preview": "?version={version_id}",
    "schedules.preview": "?command=relevel&assignment={assignment_id}",
}


@pytest.fixture
def world(cast: Cast, drain) -> tuple[Cast, dict[str, object]]:
    """The cast with a row behind each kind of id an address may hold, all of ada's."""
    organization = cast.ada.organization_id
    path = make_path(organization)
    assignment_id = publish(path, cast.class_id, cast.ada)
    drain()
    with unit_of_work(organization_id=organization) as db:
        category = create_category("Music", "Guitar", actor=cast.ada, now=NOW)
        draft = ActivityDraft(category.id, "Chords", "Play three chords.", 30, 3, ActivityKind.PRACTICE)
        activity = save_activity(draft, actor=cast.ada, now=NOW)
        curriculum = curricula.create("A path", "", actor=cast.ada, now=NOW)
        step = curricula.add_steps(curriculum, [activity.id])[0]
        unit_id = db.scalars(select(CurriculumUnit.id).where(CurriculumUnit.curriculum_id == curriculum.id)).one()
        item_id = db.scalars(select(ScheduleItem.id).where(ScheduleItem.member_id == cast.ben.member_id)).first()
        change_id = db.scalars(select(PlanChange.id)).first()
        assert db.get(CurriculumStep, step.id) is not None
        ids: dict[str, object] = {
            "organization_id": organization,
            "class_id": cast.class_id,
            "member_id": cast.ben.member_id,
            "curriculum_id": curriculum.id,
            "unit_id": unit_id,
            "step_id": step.id,
            "version_id": path.version_id,
            "assignment_id": assignment_id,
            "activity_id": activity.id,
            "item_id": item_id,
            "change_id": change_id,
            "deep_link_id": make_deep_link(make_course(organization, cast.class_id, unserved()), cast.ada.member_id),
            "run_id": uuid.uuid4(),
            "blackout_id": uuid.uuid4(),
            "meeting_id": uuid.uuid4(),
            "token": "no-such-token",
            "name": "no-such-mail",
            "filename": "none",
            "client_key": uuid.uuid4(),
            "lti_user_id": uuid.uuid4(),
        }
    return cast, ids


def routes(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def addresses(app: Flask, ids: dict[str, object]) -> list[tuple[str, str, str, set[str]]]:
    """(endpoint, method, address, arguments) of each route, each alternative of an ``any`` converter once."""
    found = []
    for rule, method in routes(app):
        values = {name: ids[name] for name in rule.arguments if name in ids}
        choices = {name: rule._converters[name].items for name in rule.arguments - values.keys()}
        assert len(choices) <= 1, f"{rule.rule}: unknown arguments {sorted(choices)}"
        for name, options in choices.items() or (("", ("",)),):
            for option in options:
                with app.test_request_context():
                    address = app.url_map.bind("localhost").build(
                        rule.endpoint, {**values, **({name: option} if name else {})}, method
                    )
                found.append((rule.endpoint, method, address, set(rule.arguments)))
    return found


def ask(client, method: str, address: str):
    return client.open(address, method=method, data={"role": "STUDENT"} if method == "POST" else None)


def test_a_visitor_is_sent_to_sign_in(app, world, client):
    _cast, ids = world
    wrong = []
    for endpoint, method, address, _arguments in addresses(app, ids):
        if endpoint in PUBLIC:
            continue
        answer = ask(client, method, address)
        if answer.status_code != 302 or not answer.headers["Location"].startswith("/sign-in"):
            wrong.append((method, address, answer.status_code))
    assert wrong == []


def test_dora_reaches_nothing_of_another_organization(app, world, sign_in):
    cast, ids = world
    browser = sign_in(cast.dora)
    wrong = [
        (method, address, answer.status_code)
        for endpoint, method, address, arguments in addresses(app, ids)
        if endpoint not in PUBLIC
        and {name for name in arguments if name.endswith("_id")}
        and (answer := ask(browser, method, address)).status_code not in (403, 404)
    ]
    assert wrong == []


def test_cleo_reaches_nothing_of_a_class_she_has_no_part_in(app, world, sign_in):
    cast, ids = world
    browser = sign_in(cast.cleo)
    wrong = [
        (method, address, answer.status_code)
        for endpoint, method, address, arguments in addresses(app, ids)
        if "class_id" in arguments or endpoint in OWN
        if (answer := ask(browser, method, address)).status_code not in (403, 404)
    ]
    assert wrong == []


def test_ben_reaches_no_page_of_educators(app, world, sign_in):
    cast, ids = world
    browser = sign_in(cast.ben)
    wrong = [
        (method, address, answer.status_code)
        for endpoint, method, address, _arguments in addresses(app, ids)
        if endpoint not in PUBLIC | OWN | STUDENTS_MAY
        and (answer := ask(browser, method, address)).status_code not in (403, 404)
    ]
    assert wrong == []


def test_ada_reaches_every_page(app, world, sign_in):
    """No page of the owner fails; pages of tokens and jobs that are not there are 404."""
    cast, ids = world
    browser = sign_in(cast.ada)
    wrong = []
    for endpoint, method, address, arguments in addresses(app, ids):
        if method != "GET" or endpoint in PUBLIC | OWN or {"run_id", "blackout_id"} & arguments:
            continue
        answer = ask(browser, method, address + QUERIES.get(endpoint, "").format(**ids))
        expected = 404 if endpoint == "curricula.version" else 200  # the version belongs to another path
        if answer.status_code != expected:
            wrong.append((address, answer.status_code))
    assert wrong == []
