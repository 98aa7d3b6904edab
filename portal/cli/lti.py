"""Commands for learning platforms: register one, rotate the keys, read the security log."""

import json

import click
from sqlalchemy import create_engine, text

from portal import clock
from portal.cli.acting import acting_as
from portal.config import Settings
from portal.factory import create_app
from portal.lti import keys, registration
from portal.lti.registration import PlatformDraft

_as = click.option("--as", "email", required=True, help="E-mail address of the admin who acts.")
_organization = click.option("--organization", help="Name of the organization, when the admin has several.")


@click.command("lti-register")
@click.option("--name", required=True, help="What to call the platform.")
@click.option("--issuer", required=True, help="Platform ID.")
@click.option("--client-id", required=True)
@click.option("--auth-login-url", required=True, help="Authentication request URL.")
@click.option("--token-url", required=True, help="Access token URL.")
@click.option("--jwks-url", required=True, help="Public keyset URL.")
@click.option("--token-audience", help="The aud of client assertions, where it is not the token URL.")
@click.option("--deployment-id", "deployment_ids", multiple=True, help="May be given several times.")
@_as
@_organization
def lti_register(email: str, organization: str | None, deployment_ids: tuple[str, ...], **texts: str | None) -> None:
    """Register a learning platform by hand."""
    now, app = clock.now(), create_app()
    settings: Settings = app.extensions["settings"]
    draft = PlatformDraft(**texts, deployment_ids=deployment_ids)  # type: ignore[arg-type]  # click checks the required
    with app.app_context(), acting_as(email, organization, now=now) as actor:
        made = registration.register(draft, private=settings.lti_private_addresses, actor=actor, now=now)
        click.echo(f"{draft.name}: client {made.client_id} may launch")


@click.command("lti-rotate-keys")
@_as
@_organization
def lti_rotate_keys(email: str, organization: str | None) -> None:
    """Make an organization's next key; the present one stays valid for a week after it was replaced."""
    now = clock.now()
    with create_app().app_context(), acting_as(email, organization, now=now) as actor:
        registration.may_manage(actor)
        made = keys.rotate(actor_member_id=actor.member_id, now=now)
        click.echo(f"key {made.kid} signs from {made.signs_from:%Y-%m-%d %H:%M} UTC")


@click.command("security-log")
@click.option("--last", "count", type=click.IntRange(1, 10000), default=50, help="How many rows. [50]")
def security_log(count: int) -> None:
    """Print the newest refusals of which no organization is known, as the database's owner; one JSON object a line."""
    settings: Settings = create_app().extensions["settings"]
    engine = create_engine(settings.migration_database_url, hide_parameters=True)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT at, action, reason, reference, data FROM security_log ORDER BY id DESC LIMIT :count"),
            {"count": count},
        ).all()
    engine.dispose()
    for row in rows:
        click.echo(json.dumps({**row._mapping, "at": row.at.isoformat()}))
