"""Wires the application: settings, servers, extensions, the request's unit of work, features. No rules."""

import atexit
import uuid
from itertools import chain
from types import ModuleType

import structlog
from flask import Blueprint, Flask, g, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import user_logged_out
from flask_migrate import upgrade
from sqlalchemy.pool import QueuePool
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import clock, config, logs
from portal.accounts import routes as accounts
from portal.assignments import jobs as assignments_jobs
from portal.assignments import routes as assignments
from portal.calendars import jobs as calendars_jobs
from portal.calendars import routes as calendars
from portal.classes import jobs as classes_jobs
from portal.classes.routes import calendar as classes_calendar
from portal.classes.routes import classes
from portal.config import Settings
from portal.curricula import jobs as curricula_jobs
from portal.curricula import routes as curricula
from portal.embedded import servers
from portal.events.audit import comes_from
from portal.extensions import babel, csrf, db, limiter, login, migrate, valkey
from portal.jobs.dispatch import dispatch
from portal.library import jobs as library_jobs
from portal.library import routes as library
from portal.lti import admin_routes as lti_admin
from portal.lti import jobs as lti_jobs
from portal.lti import people_routes as lti_people
from portal.lti import routes as lti
from portal.lti.course import routes as lti_course
from portal.lti.course.queries import is_course
from portal.lti.deep_linking import routes as lti_content
from portal.lti.grades import jobs as lti_grades_jobs
from portal.lti.roster import jobs as lti_roster_jobs
from portal.models.organizations import Role
from portal.notifications import jobs as notifications_jobs
from portal.notifications import routes as notifications
from portal.notifications.queries import unread_count
from portal.organizations import audit_routes as audit_log
from portal.organizations import routes as organizations
from portal.progress import routes as progress
from portal.schedules import jobs as schedules_jobs
from portal.schedules import routes as schedules
from portal.security import sealing
from portal.security.actor import Actor
from portal.security.authorize import may
from portal.security.identity import current_actor, scope_of_request
from portal.security.permissions import Permission
from portal.tenancy import directory, scope
from portal.web.install import install as install_web
from portal.web.limits import only_refused_wait
from portal.web.parse import check_storable
from portal.web.shell import ClassTab, NavItem, Section, Shell, furnish

log = structlog.get_logger("portal.request")

FEATURES: tuple[Blueprint, ...] = (
    accounts.blueprint,
    organizations.blueprint,
    audit_log.blueprint,
    library.blueprint,
    curricula.blueprint,
    classes.blueprint,
    schedules.blueprint,
    assignments.blueprint,
    progress.blueprint,
    notifications.blueprint,
    calendars.blueprint,
    lti.blueprint,
    lti_admin.blueprint,
    lti_people.blueprint,
    lti_content.blueprint,
    lti_course.blueprint,
)
PAGES: tuple[ModuleType, ...] = (classes_calendar,)  # imported so that their routes are registered
JOBS: tuple[ModuleType, ...] = (
    library_jobs,
    curricula_jobs,
    classes_jobs,
    schedules_jobs,
    assignments_jobs,
    notifications_jobs,
    calendars_jobs,
    lti_jobs,
    lti_roster_jobs,
    lti_grades_jobs,
)  # imported so that their handlers are registered

_REFUSE_THEMSELVES = ("lti.begin", "lti.arrive")  # what is wrong with a launch is said there, and kept


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Without ``settings`` they are read from the environment.

    Servers no setting names are started, their database is migrated, and they stop with this process.
    """
    settings = settings or config.load()
    running = None
    if settings.embedded:
        settings, running = servers.start(settings)
        atexit.register(running.stop)
    logs.configure(settings.log_format)
    app = Flask("portal", root_path=str(config.ROOT / "portal"), template_folder=str(config.ROOT / "templates"))
    app.extensions["settings"] = settings
    _configure(app, settings)
    _number_requests(app)  # before what extensions refuse
    _bind_extensions(app, settings)
    _register_unit_of_work(app)
    install_web(app)
    furnish(app, _shell())
    for blueprint in FEATURES:
        app.register_blueprint(blueprint)
    if running is not None and running.postgres is not None:
        with app.app_context():
            upgrade()
    return app


def _shell() -> Shell:
    """The navigation and the settings pages, from the features that have them."""

    def educator(actor: Actor) -> bool:
        return may(actor, Permission.CLASSES_CREATE)

    def owns(actor: Actor) -> bool:
        return may(actor, Permission.ORGANIZATION_EDIT)

    def learner(actor: Actor) -> bool:
        return actor.role is Role.STUDENT

    return Shell(
        nav=(
            NavItem("progress.today", _l("Today"), "home", 10, learner, covers=("progress.item",)),
            NavItem("progress.week", _l("Week"), "calendar-week", 20, learner),
            NavItem("progress.progress", _l("Progress"), "chart-bar", 30, learner, covers=("progress.changes",)),
            NavItem(
                "classes.index",
                _l("Classes"),
                "users",
                40,
                educator,
                covers=(
                    *("classes.", "assignments.", "schedules.", "lti_course."),
                    *("progress.class_progress", "progress.student"),
                ),
            ),
            NavItem("curricula.index", _l("Paths"), "route", 50, educator, covers=("curricula.",)),
            NavItem("library.index", _l("Library"), "books", 60, covers=("library.",)),
            NavItem("progress.today", _l("My day"), "home", 70, educator),
        ),
        sections=(
            Section("accounts.settings", _l("Account"), "user", 10),
            Section("progress.days", _l("Study days"), "calendar-time", 15, learner),
            Section("notifications.preferences", _l("Notifications"), "bell", 20),
            Section("calendars.links", _l("Calendar links"), "calendar", 30),
            Section("organizations.organization", _l("Organization"), "building", 40, owns),
            Section(
                "platforms.index",
                _l("Learning platforms"),
                "plug",
                50,
                lambda actor: may(actor, Permission.PLATFORMS_MANAGE),
            ),
            Section("audit.index", _l("Audit log"), "history", 60, lambda actor: may(actor, Permission.AUDIT_VIEW)),
        ),
        unread=lambda actor: unread_count(actor.member_id),
        class_tabs=(ClassTab("lti_course.overview", _l("Course"), is_course),),
    )


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "poolclass": QueuePool,
            "pool_size": settings.web_threads + 1,
            "max_overflow": 4,
            "pool_pre_ping": True,
            "hide_parameters": True,  # they may name people, and errors are logged
            "connect_args": {"connect_timeout": 5},
        },
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        RATELIMIT_STORAGE_URI=settings.redis_url.replace("unix://", "redis+unix://", 1),
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_KEY_PREFIX="limits",
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,
        BABEL_TRANSLATION_DIRECTORIES=str(config.ROOT / "portal" / "translations"),
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # the documented way


def _bind_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"))
    valkey.connect(settings.redis_url)
    app.after_request(only_refused_wait)  # what is registered before the limiter runs after it
    limiter.init_app(app)
    csrf.init_app(app)
    login.init_app(app)
    babel.init_app(app, locale_selector=_locale, timezone_selector=_zone)
    directory.configure(settings.directory_key or settings.secret_key)
    sealing.configure(settings.secret_key)
    scope.configure(db.session.session_factory, dispatch)


def _locale() -> str:
    actor = current_actor() if "unit" in g else None
    if actor is not None:
        return actor.locale
    return request.accept_languages.best_match(["en"], default="en") if request else "en"


def _zone() -> str | None:
    actor = current_actor() if "unit" in g else None
    return None if actor is None else actor.zone


def _number_requests(app: Flask) -> None:
    """Every request gets an id, which its log lines and its error page carry."""

    @app.before_request
    def number() -> None:
        g.request_id = uuid.uuid4().hex[:12]
        g.started_at = clock.now()
        comes_from(request.remote_addr)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _register_unit_of_work(app: Flask) -> None:
    """One transaction a request, bound to the person's organization, committed here and nowhere else."""

    @app.before_request
    def open_unit() -> None:
        if request.endpoint in ("static", "web.health", "web.ready"):
            return
        g.unit = scope.Unit(scope_of_request())
        if request.endpoint not in _REFUSE_THEMSELVES:
            check_storable(chain(request.values.items(multi=True), (request.view_args or {}).items()))

    @app.after_request
    def commit_unit(response: ResponseReturnValue) -> ResponseReturnValue:
        status = response.status_code  # type: ignore[union-attr]  # Flask hands in a Response here
        if "unit" in g and status < 400:
            g.unit.commit()
        g.status = status
        response.headers["X-Request-Id"] = g.request_id  # type: ignore[union-attr]  # Flask hands in a Response here
        return response

    @app.teardown_request
    def close_unit(_error: BaseException | None) -> None:
        unit = g.pop("unit", None)
        if unit is not None:
            unit.close()
        if "started_at" in g and request.endpoint != "static":
            log.info(
                "request",
                method=request.method,
                route=request.url_rule.rule if request.url_rule else None,
                milliseconds=round((clock.now() - g.started_at).total_seconds() * 1000),
                status=g.get("status", 500),
            )

    @user_logged_out.connect_via(app)  # type: ignore[untyped-decorator]  # blinker ships its decorator untyped
    def forget_actor(sender: Flask, **_: object) -> None:
        g.pop("actor", None)
