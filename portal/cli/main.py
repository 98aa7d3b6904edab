"""The ``portal`` command."""

import json
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import click
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal import clock, config
from portal.assignments.services import publish_path
from portal.classes.importing import import_roster as import_roster_file
from portal.classes.queries import classes_of
from portal.cli import demo as demo_data
from portal.cli import purging, web
from portal.cli.acting import acting_as
from portal.cli.bench import bench
from portal.cli.bench_lti import bench_lti
from portal.cli.lti import lti_register, lti_rotate_keys, security_log
from portal.cli.pictures import pictures
from portal.cli.running import greet, run_all
from portal.cli.supervisor import ProgramDiedError
from portal.cli.worker import keep_schedule, work
from portal.config import SettingError, Settings
from portal.curricula.importing import import_path as import_path_file
from portal.curricula.services import publish as publish_version
from portal.embedded.place import EmbeddedError
from portal.errors import N_, DomainError, Invalid, InvalidRows
from portal.factory import create_app
from portal.models.curricula import Curriculum
from portal.security.actor import Actor
from portal.tenancy.scope import session


def main() -> None:
    """Run a command; what the user can mend is said in one line (a row a line) and ends with status 1."""
    try:
        cli(standalone_mode=True)
    except InvalidRows as error:
        for line, each in error.rows:
            click.echo(f"row {line}: {each}", err=True)
        sys.exit(f"portal: {error}")
    except (DomainError, SettingError, EmbeddedError, ProgramDiedError) as error:
        sys.exit(f"portal: {error}")
    except OperationalError as error:
        sys.exit(f"portal: the database does not answer: {str(error.orig).splitlines()[0]}")


@click.group()
def cli() -> None:
    """The classroom portal."""


bench.add_command(bench_lti)
for _command in (bench, lti_register, lti_rotate_keys, security_log):
    cli.add_command(_command)


@cli.command()
def run() -> None:
    """Start everything: servers where none is configured, migrations, web server, workers, scheduler."""
    run_all()


@cli.command()
def migrate() -> None:
    """Bring the database up to date, as its owner, and grant the application's role its rights."""
    with create_app().app_context():
        upgrade()


@cli.command("web")
def web_server() -> None:
    """Serve the web application."""
    web.serve(config.load())


@cli.command()
@click.argument("queue", type=click.Choice(["short", "long"]))
def worker(queue: str) -> None:
    """Run jobs of one queue."""
    work(create_app(), queue)


@cli.command()
def scheduler() -> None:
    """Keep the recurring schedule."""
    keep_schedule(create_app())


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print what there is as JSON, with a fresh feed address.")
def demo(*, as_json: bool) -> None:
    """Make the demo organization where it is missing, and print how to sign in."""
    app = create_app()
    settings: Settings = app.extensions["settings"]
    with app.app_context():
        made = demo_data.ensure(settings, now=clock.now())
        if as_json:
            feed = demo_data.mint_feed(made, now=clock.now())
            click.echo(json.dumps({**made, "feed": feed}, indent=2))
            return
    greet(settings)


@cli.command("draw-pacing")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def draw_pacing(folder: Path) -> None:
    """Draw the pictures of docs/pacing.md, each a plan of the engine."""
    for name, svg in pictures():
        (folder / name).write_text(svg, encoding="utf-8")
        click.echo(folder / name)


_as = click.option("--as", "email", required=True, help="E-mail address of the person who acts.")
_organization = click.option("--organization", help="Name of the organization, when the person has several.")


@cli.command("import-path")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--title", default="", help="Title, for a CSV file.")
@_as
@_organization
def import_path(file: Path, title: str, email: str, organization: str | None) -> None:
    """Make a learning path from a YAML or CSV file."""
    now = clock.now()
    file_format = "csv" if file.suffix.lower() == ".csv" else "yaml"
    with create_app().app_context(), acting_as(email, organization, now=now) as actor:
        made = import_path_file(file.read_bytes(), file_format, title=title, actor=actor, now=now)
        click.echo(f"{made.curriculum.title}: {made.steps} steps, {made.new_activities} new to the library")


@cli.command("import-roster")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--class", "class_name", required=True, help="Name of the class.")
@_as
@_organization
def import_roster(file: Path, class_name: str, email: str, organization: str | None) -> None:
    """Enrol the students of a CSV roster."""
    now = clock.now()
    with create_app().app_context(), acting_as(email, organization, now=now) as actor:
        made = import_roster_file(_class(class_name, actor), file.read_bytes(), actor=actor, now=now)
        click.echo(f"{made.rows} students, {made.new_members} invited, {made.new_enrolments} newly enrolled")


@cli.command()
@click.option("--older-than", "days", type=click.IntRange(0), default=365, help="Days that are kept. [365]")
def purge(days: int) -> None:
    """Erase from the audit log what may name people (addresses, before and after), as the database's owner."""
    app = create_app()
    erased = purging.purge(app.extensions["settings"], before=clock.now() - timedelta(days=days))
    click.echo(f"{erased} details erased; the entries stay")


@cli.command()
@click.option("--path", "path_title", required=True, help="Title of the learning path; its draft becomes a version.")
@click.option("--class", "class_name", required=True, help="Name of the class.")
@_as
@_organization
def publish(path_title: str, class_name: str, email: str, organization: str | None) -> None:
    """Publish a learning path to a class."""
    now = clock.now()
    with create_app().app_context(), acting_as(email, organization, now=now) as actor:
        titled = select(Curriculum.id).where(Curriculum.title == path_title, Curriculum.archived_at.is_(None))
        found = session().scalars(titled).all()
        if len(found) != 1:
            raise Invalid("path", N_("There is no path “%(title)s”, or more than one."), field="path", title=path_title)
        version = publish_version(found[0], actor=actor, now=now)
        made = publish_path(version.id, _class(class_name, actor), policy={}, actor=actor, now=now)
        click.echo(f"{made.title}, version {version.number}: {made.state.value.lower()}")


def _class(name: str, actor: Actor) -> uuid.UUID:
    found = [row.id for row in classes_of(actor) if row.name == name]
    if len(found) != 1:
        raise Invalid("class", N_("There is no class “%(name)s” of yours, or more than one."), field="class", name=name)
    return found[0]
