"""Every command on plans, tried on plans that are not one's own: the ids stand in its values, not in the address."""

import uuid
from dataclasses import fields
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal import clock
from portal.models.classes import Classroom, Leave
from portal.models.plans import PlanChange
from portal.models.registry import METADATA
from portal.schedules.changing import stamp_of
from portal.schedules.commands.spoken import COMMANDS
from portal.tenancy.scope import new_id, unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW
from tests.factories.classes import make_students

TODAY = NOW.date()
THURSDAY, LATER = TODAY + timedelta(days=3), TODAY + timedelta(days=30)


@pytest.fixture(autouse=True)
def at_the_tests_time():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def other(cast):
    """Another student of ben's and ada's class; her member id."""
    return make_students(cast.ada.organization_id, cast.class_id, 1)[0]


@pytest.fixture
def asked(cast, other):
    """The values of each command, with ids of ada's class alone."""
    organization = cast.ada.organization_id
    path = make_path(organization)
    assignment = publish(path, cast.class_id, cast.ada, arrangement="SOON")
    item = items(cast.ada, schedules(cast.ada, assignment)["Student 000"].id)[1]
    with unit_of_work(organization_id=organization) as db:
        db.get_one(Classroom, cast.class_id).soft_ends_on = THURSDAY
        leave = Leave(id=new_id(), organization_id=organization, member_id=other, starts_on=TODAY, ends_on=TODAY)
        db.add(leave)
        change = db.scalars(select(PlanChange.id).where(PlanChange.assignment_id == assignment)).one()
        leave_id = leave.id
    whole_path, whole_class = {"assignment": assignment}, {"class_id": cast.class_id}
    return {
        "move": {"item": item.id, "on": THURSDAY, "start": "10:00"},
        "unpin": {"item": item.id},
        "away": {**whole_class, "members": [other], "starts_on": TODAY, "ends_on": TODAY},
        "back": {**whole_class, "leave": leave_id},
        "days": {**whole_class, "week": [30] * 7},
        "differ": {**whole_class, "member": other, "pace": 150},
        "pace": {**whole_class, "pace": 150},
        "extend": {**whole_path, "step": path.keys[0], "due_on": LATER},
        "catch-up": whole_path,
        "relevel": whole_path,
        "pull-forward": whole_path,
        "minutes": {**whole_class, "minutes": 30, "weekdays": [0, 1]},
        "end": {**whole_class, "ends_on": LATER},
        "leave-out": {**whole_path, "steps": [path.keys[0]]},
        "roll-back": {"change": change},
    }


def tries(asked, cast, other, name):
    """Each command for the whole class, for the other student, for her and oneself, and by way of one's own class."""
    actor = cast.everyone[name]
    own_class = {"ben": None, "cleo": cast.other_class_id, "dora": cast.foreign_class_id, "ada": None}[name]
    for command, values in asked.items():
        yield command, values
        if "members" in {field.name for field in fields(COMMANDS[command])}:
            yield command, {**values, "members": [other]}
            yield command, {**values, "members": [actor.member_id, other]}
            values = {**values, "members": [other]}
        if own_class and "class_id" in values and {"member", "members", "leave"} & values.keys():
            yield command, {**values, "class_id": own_class}


def written(*actors):
    """All that stands in the actors' organizations."""
    tables = [name for name, table in METADATA.tables.items() if "organization_id" in table.c and name != "sign_ins"]
    every = " UNION ALL ".join(
        f"SELECT '{name}', {name}::text FROM {name} WHERE organization_id = :organization" for name in tables
    )
    found = []
    for organization in {actor.organization_id for actor in actors}:
        with unit_of_work(organization_id=organization) as db:
            found += sorted(map(tuple, db.execute(text(every), {"organization": organization})))
    return found


def test_every_command_is_tried(asked):
    assert asked.keys() == COMMANDS.keys()


def test_who_teaches_the_class_may_preview_each(cast, asked, sign_in):
    """So that no refusal below is one of values that nobody could give."""
    browser = sign_in(cast.ada)
    refused = [
        command
        for command, values in asked.items()
        if browser.get("/plans/preview", query_string={"command": command, **values}).status_code != 200
    ]
    assert refused == []


@pytest.mark.parametrize("name", ["ben", "cleo", "dora"])
def test_nobody_else_previews_or_applies_a_command_and_nothing_is_written(cast, asked, other, sign_in, name):
    if name == "ben":
        asked["days"]["class_id"] = cast.other_class_id  # in the class itself his own days are his to choose
    actor = cast.everyone[name]
    browser = sign_in(actor)
    with unit_of_work(organization_id=cast.ada.organization_id):
        stamp = stamp_of([asked["relevel"]["assignment"]])
    before = written(cast.ada, actor)
    let = []
    for command, values in tries(asked, cast, other, name):
        said = {"command": command, **values}
        form = {**said, "key": uuid.uuid4().hex, "stamp": stamp}
        for answer in (browser.get("/plans/preview", query_string=said), browser.post("/plans/apply", data=form)):
            if answer.status_code not in (403, 404):
                let.append((command, values, answer.status_code))
    assert let == []
    assert written(cast.ada, actor) == before
