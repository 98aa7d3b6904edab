"""Health for load balancers: alive, and ready (both servers answer and the database is migrated)."""

from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.extensions import valkey
from portal.tenancy.scope import unit_of_work

blueprint = Blueprint("web", __name__)


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether requests can be served: 200, or 503 naming what is away."""
    checks = {"postgresql": _postgresql(), "valkey": _valkey()}
    good = all(state == "ok" for state in checks.values())
    return jsonify(status="ok" if good else "unavailable", **checks), 200 if good else 503


def _postgresql() -> str:
    try:
        with unit_of_work() as db:
            revision = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    except OperationalError:
        return "away"
    except DBAPIError:
        return "not migrated"
    head = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    return "ok" if revision == head else f"at migration {revision}, expected {head}"


def _valkey() -> str:
    try:
        valkey.client.ping()
    except RedisError:
        return "away"
    return "ok"
