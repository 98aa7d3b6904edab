"""Paths and rosters from files, and publishing, as the commands do it: exit status and what is said."""

import sys

import pytest
from sqlalchemy import func, select

from portal.cli.main import main
from portal.config import ROOT, child_environment
from portal.library import origin
from portal.models.classes import Enrolment
from portal.models.curricula import Curriculum
from portal.models.schedules import Schedule
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def command(cast, settings, monkeypatch, capsys):
    """Runs a command on this test's servers as ada: exit status and all that is said."""
    with unit_of_work(organization_id=cast.ada.organization_id):
        origin.copy(now=NOW)
    for name, value in child_environment(settings).items():
        monkeypatch.setenv(name, value)

    def invoke(*words):
        monkeypatch.setattr(sys, "argv", ["portal", *map(str, words), "--as", cast.ada.email])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        if isinstance(ended.value.code, str):  # Python prints it and ends with 1
            return 1, said.out + said.err + ended.value.code
        return ended.value.code, said.out

    return invoke


def counted(cast, model):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return db.scalar(select(func.count()).select_from(model))


def test_a_path_and_a_roster_of_the_examples_become_schedules(cast, command):
    status, said = command("import-path", EXAMPLES / "path.yaml")
    assert (status, said.startswith("Bread for beginners: ")) == (0, True), said
    assert command("import-path", EXAMPLES / "path.csv", "--title", "Pictures")[0] == 0
    status, said = command("import-roster", EXAMPLES / "roster.csv", "--class", "Year 5")
    assert (status, "students, " in said) == (0, True), said
    students = counted(cast, Enrolment)
    status, said = command("publish", "--path", "Bread for beginners", "--class", "Year 5")
    assert (status, said) == (0, "Bread for beginners, version 1: published\n")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        planned = db.scalar(select(func.count(Schedule.id)))
    assert 0 < planned < students


@pytest.mark.parametrize(
    ("words", "file", "content", "reason"),
    [
        (("import-path",), "path.yaml", b"title: A\nunits:\n- steps:\n  - {title: A, minutes: 7}\n", "minutes: 7"),
        (("import-path",), "path.yaml", b"\xff\xfe", "not UTF-8"),
        (("import-path", "--title", "A"), "path.csv", b"name\nA\n", "“title” is missing"),
        (("import-roster", "--class", "Year 5"), "roster.csv", b"name,email\nEva,nobody\n", "is not an address"),
        (
            ("import-roster", "--class", "Year 50"),
            "roster.csv",
            b"name,email\nEva,e@example.org\n",
            "no class “Year 50”",
        ),
    ],
)
def test_a_file_that_is_wrong_says_why_and_changes_nothing(cast, command, tmp_path, words, file, content, reason):
    before = counted(cast, Curriculum), counted(cast, Enrolment)
    (tmp_path / file).write_bytes(content)
    status, said = command(words[0], tmp_path / file, *words[1:])
    assert (status, reason in said) == (1, True), said
    assert "Traceback" not in said
    assert (counted(cast, Curriculum), counted(cast, Enrolment)) == before


def test_a_path_nobody_has_is_not_published(command):
    status, said = command("publish", "--path", "Nothing", "--class", "Year 5")
    assert (status, "There is no path “Nothing”" in said) == (1, True), said
