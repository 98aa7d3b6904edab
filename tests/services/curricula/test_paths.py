"""Learning paths: drafts that two people change, checks, immutable versions, import all or nothing."""

import pytest
from sqlalchemy import func, select

from portal.config import ROOT
from portal.curricula import changes, queries, services
from portal.curricula.checks import problems
from portal.curricula.importing import import_path
from portal.errors import Conflict, Invalid, InvalidRows
from portal.library import origin
from portal.library.services import ActivityDraft, create_category, save_activity
from portal.models.curricula import Curriculum, CurriculumVersion
from portal.models.library import Activity, ActivityKind
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def path(cast):
    """A draft of three steps: A, B, C; the library says that B needs A."""
    with unit_of_work(organization_id=cast.ada.organization_id):
        category = create_category("Sample", "Things", actor=cast.ada, now=NOW)
        ids = []
        for title in ("A", "B", "C"):
            needs = (ids[0],) if title == "B" else ()
            draft = ActivityDraft(category.id, title, "", 30, 3, ActivityKind.STUDY, needs=needs)
            ids.append(save_activity(draft, actor=cast.ada, now=NOW).id)
        curriculum = services.create("Letters", "", actor=cast.ada, now=NOW)
        services.add_steps(curriculum, ids)
        return curriculum.id


class Bench:
    """One change of a draft, in a unit of its own."""

    def __init__(self, cast, path):
        self.cast, self.path = cast, path

    def change(self, action, *args, revision=None, **values):
        with unit_of_work(organization_id=self.cast.ada.organization_id):
            draft = services.open_draft(self.path, revision, actor=self.cast.ada, now=NOW)
            return action(draft, *args, **values)

    def read(self):
        with unit_of_work(organization_id=self.cast.ada.organization_id):
            return queries.draft(self.path)

    def publish(self):
        with unit_of_work(organization_id=self.cast.ada.organization_id):
            return services.publish(self.path, actor=self.cast.ada, now=NOW).id

    @property
    def titles(self):
        return [step.title for step in self.read().steps]

    def step(self, title):
        return next(step for step in self.read().steps if step.title == title)


@pytest.fixture
def bench(cast, path):
    return Bench(cast, path)


def test_steps_move_within_and_between_units(bench):
    bench.change(services.move, bench.step("A").id, down=True)
    assert bench.titles == ["B", "A", "C"]
    bench.change(services.add_unit, "More")
    bench.change(services.move, bench.step("C").id, down=True)
    assert [[step.title for step in unit.steps] for unit in bench.read().units] == [["B", "A"], ["C"]]


def test_an_order_must_name_each_step_of_the_unit(bench):
    ids = [step.id for step in bench.read().steps]
    with pytest.raises(Conflict):
        bench.change(services.reorder, bench.read().units[0].id, ids[:2])
    bench.change(services.reorder, bench.read().units[0].id, ids[::-1])
    assert bench.titles == ["C", "B", "A"]


def test_a_change_that_saw_an_older_draft_is_refused(bench):
    seen = bench.read().curriculum.draft_revision
    bench.change(services.add_unit, "Mine", revision=seen)
    with pytest.raises(Conflict, match="Somebody else"):
        bench.change(services.add_unit, "Too late", revision=seen)
    assert "Too late" not in [unit.title for unit in bench.read().units]


def test_the_library_s_prerequisites_count_and_a_wrong_order_is_said(bench):
    assert problems(bench.read()) == []
    bench.change(services.move, bench.step("A").id, down=True)
    found = problems(bench.read())
    assert [problem.code for problem in found] == ["order"]
    assert found[0].values == {"step": "B", "need": "A"}
    with pytest.raises(Invalid, match="“B” stands before “A”"):
        bench.publish()


def test_a_cycle_among_steps_is_named(bench):
    needs = {bench.step("B").id: (0, False)}
    with pytest.raises(Invalid, match="A → B → A"):
        bench.change(services.set_step, bench.step("A").id, minutes=None, required=True, options={}, needs=needs)
    assert all(edge.from_library for edge in bench.read().edges)


def test_empty_paths_and_units_are_named(bench):
    bench.change(services.add_unit, "Later")
    assert [problem.values for problem in problems(bench.read())] == [{"unit": "Later"}]
    for title in ("A", "B", "C"):
        bench.change(services.remove_step, bench.step(title).id)
    assert [problem.code for problem in problems(bench.read())] == ["empty_path"]


def test_a_version_never_changes_and_says_what_came_after(bench):
    first = bench.publish()
    with unit_of_work(organization_id=bench.cast.ada.organization_id) as db:
        db.scalars(select(Activity).where(Activity.title == "C")).one().title = "C, renewed"
    bench.change(services.remove_step, bench.step("B").id)
    bench.change(services.set_step, bench.step("A").id, minutes=45, required=True, options={}, needs={})
    second = bench.publish()
    with unit_of_work(organization_id=bench.cast.ada.organization_id):
        old, new = queries.version_for_planning(first), queries.version_for_planning(second)
    assert [step.title for step in old.steps] == ["A", "B", "C"]
    assert [(old.version.number, new.version.number)] == [(1, 2)]
    found = changes.between(old, new)
    assert (found.added, found.removed, found.minutes, found.rules) == ([], ["B"], [("A", 30, 45)], [])


def test_fewer_minutes_of_a_step_that_is_never_split_are_no_other_rule(bench):
    first = bench.publish()
    bench.change(services.set_step, bench.step("A").id, minutes=15, required=True, options={}, needs={})
    second = bench.publish()
    with unit_of_work(organization_id=bench.cast.ada.organization_id):
        found = changes.between(queries.version_for_planning(first), queries.version_for_planning(second))
    assert (found.minutes, found.rules) == ([("A", 30, 15)], [])


@pytest.mark.parametrize(("name", "title"), [("path.yaml", ""), ("path.csv", "Photographs")])
def test_the_documented_examples_import_and_publish(cast, drain, name, title):
    with unit_of_work(organization_id=cast.ada.organization_id):
        origin.copy(now=NOW)
        data = (EXAMPLES / name).read_bytes()
        outcome = import_path(data, name.split(".")[1], title=title, actor=cast.ada, now=NOW)
        assert outcome.steps >= 12
        assert services.publish(outcome.curriculum.id, actor=cast.ada, now=NOW).step_count == outcome.steps


def test_wrong_rows_are_all_named_and_nothing_is_imported(cast):
    data = b"title,minutes,needs,kind\nOne,30,,study\nTwo,7,,study\nThree,many,,study\nFour,30,,nonsense\n"
    with pytest.raises(InvalidRows) as caught, unit_of_work(organization_id=cast.ada.organization_id):
        import_path(data, "csv", title="Rows", actor=cast.ada, now=NOW)
    assert [(line, error.field) for line, error in caught.value.rows] == [(3, "minutes"), (4, "minutes"), (5, "kind")]
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        counts = [
            db.scalar(select(func.count()).select_from(model)) for model in (Curriculum, CurriculumVersion, Activity)
        ]
    assert counts == [0, 0, 0]


@pytest.mark.parametrize(
    ("data", "file_format", "words"),
    [
        (b"\xff\xfe", "yaml", "not UTF-8"),
        (b"title: [", "yaml", "not valid YAML"),
        (b"units: []", "yaml", "needs a title"),
        (b"title: x", "yaml", "list of units"),
        (b"title: x\nunits: []", "yaml", "no step"),
        (b"name\nx\n", "csv", "“title” is missing"),
        (b"title,colour\nx,red\n", "csv", "no column “colour”"),
        (b"title: x\nunits: [{title: u, steps: [{title: a, minutes: 30, needs: [b]}]}]", "yaml", "1 to correct"),
        (
            b"title: x\nunits: [{steps: [{title: a, minutes: 30, needs: [b]}, {title: b, minutes: 30, needs: [a]}]}]",
            "yaml",
            "a → b → a",
        ),
    ],
)
def test_a_broken_file_says_what_is_wrong(cast, data, file_format, words):
    with pytest.raises((Invalid, InvalidRows), match=words), unit_of_work(organization_id=cast.ada.organization_id):
        import_path(data, file_format, title="x", actor=cast.ada, now=NOW)


def test_a_field_there_is_not_is_named_with_its_step(cast):
    data = b"title: x\nunits: [{steps: [{title: a, minutes: 30}, {title: b, minutes: 30, dificulty: 8}]}]"
    with pytest.raises(InvalidRows) as caught, unit_of_work(organization_id=cast.ada.organization_id):
        import_path(data, "yaml", actor=cast.ada, now=NOW)
    assert [(line, error.field) for line, error in caught.value.rows] == [(2, "dificulty")]


def test_a_new_activity_without_minutes_is_named(cast):
    data = b"title: x\nunits: [{steps: [{title: a}]}]"
    with pytest.raises(InvalidRows) as caught, unit_of_work(organization_id=cast.ada.organization_id):
        import_path(data, "yaml", actor=cast.ada, now=NOW)
    assert [(line, error.field) for line, error in caught.value.rows] == [(1, "minutes")]
