"""Writing the library: activities, their prerequisites, categories and domains."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from portal.errors import N_, Invalid, NotFound
from portal.events.audit import audit
from portal.library import queries
from portal.library.graph import find_cycle
from portal.models.library import Activity, ActivityKind, ActivityPrerequisite, Category, Domain, Hue
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

USUAL_SESSION_MINUTES = 15


@dataclass(frozen=True, slots=True)
class ActivityDraft:
    """All a person may say of an activity; minutes on a 5-minute grid."""

    category_id: uuid.UUID
    title: str
    description: str
    minutes: int
    difficulty: int
    kind: ActivityKind
    splittable: bool = False
    min_session_minutes: int | None = None
    resource_url: str | None = None
    tags: tuple[str, ...] = ()
    needs: tuple[uuid.UUID, ...] = ()


def save_activity(
    draft: ActivityDraft, *, activity_id: uuid.UUID | None = None, actor: Actor, now: datetime
) -> Activity:
    """Make or change an activity. Invalid names the field, and for prerequisites the cycle."""
    authorize(actor, Permission.LIBRARY_EDIT)
    check(draft)
    if session().get(Category, draft.category_id) is None:
        raise Invalid("category", N_("Choose a category."), field="category_id")
    if activity_id is None:
        activity = Activity(organization_id=organization_id(), created_at=now)
        session().add(activity)
    else:
        activity = editable(activity_id)
    for name in ("category_id", "title", "description", "minutes", "difficulty", "kind", "splittable"):
        setattr(activity, name, getattr(draft, name))
    least = draft.min_session_minutes or (USUAL_SESSION_MINUTES if draft.splittable else draft.minutes)
    activity.min_session_minutes = min(least, draft.minutes)
    activity.resource_url, activity.tags, activity.updated_at = draft.resource_url, list(draft.tags), now
    session().flush()
    _set_needs(activity, draft.needs)
    verb = "activity.created" if activity_id is None else "activity.changed"
    audit(verb, "activity", activity.id, actor_member_id=actor.member_id, now=now)
    return activity


def check(draft: ActivityDraft) -> None:
    """The rules of an activity's fields."""
    if not draft.title.strip():
        raise Invalid("title", N_("Give it a title."), field="title")
    if not 5 <= draft.minutes <= 6000 or draft.minutes % 5:
        raise Invalid("minutes", N_("Minutes are a multiple of 5 between 5 and 6000."), field="minutes")
    if not 1 <= draft.difficulty <= 10:
        raise Invalid("difficulty", N_("Difficulty is between 1 and 10."), field="difficulty")
    session_minutes = draft.min_session_minutes
    if session_minutes is not None and (session_minutes < 5 or session_minutes % 5):
        raise Invalid(
            "min_session_minutes", N_("The shortest session is a multiple of 5."), field="min_session_minutes"
        )
    if draft.resource_url and not draft.resource_url.startswith(("https://", "http://")):
        raise Invalid("resource_url", N_("A link begins with https:// or http://."), field="resource_url")


def _set_needs(activity: Activity, needs: Sequence[uuid.UUID]) -> None:
    graph: dict[uuid.UUID, list[uuid.UUID]] = {activity.id: list(needs)}  # first, so that a cycle begins with it
    for later, earlier in queries.edges():
        if later != activity.id:
            graph.setdefault(later, []).append(earlier)
    cycle = find_cycle(graph)
    if cycle is not None:
        names = queries.titles(cycle)
        raise Invalid(
            "cycle",
            N_("These would wait for each other: %(cycle)s."),
            field="needs",
            cycle=" → ".join(names.get(key, activity.title) for key in cycle),
        )
    known = set(session().scalars(select(Activity.id).where(Activity.id.in_(needs))))
    session().execute(delete(ActivityPrerequisite).where(ActivityPrerequisite.activity_id == activity.id))
    rows = [
        {"organization_id": organization_id(), "activity_id": activity.id, "prerequisite_id": need}
        for need in dict.fromkeys(needs)
        if need in known
    ]
    if rows:
        session().execute(insert(ActivityPrerequisite), rows)


def editable(activity_id: uuid.UUID) -> Activity:
    """An activity to change, locked."""
    activity = session().get(Activity, activity_id, with_for_update=True)
    if activity is None:
        raise NotFound("activity_not_found", N_("There is no such activity."))
    return activity


def archive_activity(activity_id: uuid.UUID, *, archived: bool, actor: Actor, now: datetime) -> None:
    """Take an activity out of the library's list, or bring it back; published paths keep theirs."""
    authorize(actor, Permission.LIBRARY_EDIT)
    activity = editable(activity_id)
    activity.archived_at = now if archived else None
    verb = "activity.archived" if archived else "activity.restored"
    audit(verb, "activity", activity.id, actor_member_id=actor.member_id, now=now)


def ensure_domain(name: str, *, hue: Hue | None = None, icon: str = "book") -> Domain:
    """The domain of this name, made with the next colour when missing; the caller has authorised."""
    domain = session().scalar(select(Domain).where(func.lower(Domain.name) == name.strip().lower()))
    if domain is None:
        count = session().scalar(select(func.count()).select_from(Domain)) or 0
        domain = Domain(
            organization_id=organization_id(),
            name=name.strip(),
            hue=hue or list(Hue)[count % len(Hue)],
            icon=icon,
            position=count + 1,
        )
        session().add(domain)
        session().flush()
    return domain


def ensure_category(domain: Domain, name: str) -> Category:
    """The domain's category of this name, made when missing; the caller has authorised."""
    category = session().scalar(
        select(Category).where(Category.domain_id == domain.id, func.lower(Category.name) == name.strip().lower())
    )
    if category is None:
        count = session().scalar(select(func.count()).where(Category.domain_id == domain.id)) or 0
        category = Category(
            organization_id=organization_id(), domain_id=domain.id, name=name.strip(), position=count + 1
        )
        session().add(category)
        session().flush()
    return category


def create_category(domain_name: str, name: str, *, actor: Actor, now: datetime) -> Category:
    """Make a category, and its domain when that is new."""
    authorize(actor, Permission.LIBRARY_EDIT)
    if not domain_name.strip() or not name.strip():
        raise Invalid("category", N_("Give both the domain and the category a name."), field="name")
    category = ensure_category(ensure_domain(domain_name), name)
    audit("category.created", "category", category.id, actor_member_id=actor.member_id, now=now)
    return category
