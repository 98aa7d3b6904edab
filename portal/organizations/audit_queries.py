"""Reads of the audit log: filtered, newest first, with the names that ids stand for today."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select, tuple_

from portal.models.base import Base
from portal.models.classes import Classroom, Term
from portal.models.curricula import Curriculum, CurriculumVersion
from portal.models.events import AuditDetail, AuditEntry
from portal.models.library import Activity, Category
from portal.models.organizations import Member, Organization
from portal.models.schedules import Assignment
from portal.tenancy.scope import session

PAGE = 50

_NAMED: Mapping[str, tuple[type[Base], str]] = {
    "organization": (Organization, "name"),
    "member": (Member, "name"),
    "class": (Classroom, "name"),
    "term": (Term, "name"),
    "curriculum": (Curriculum, "title"),
    "version": (CurriculumVersion, "title"),
    "assignment": (Assignment, "title"),
    "activity": (Activity, "title"),
    "category": (Category, "name"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: by a part of the actor's name or address, by the action's noun, by local dates in ``zone``."""

    who: str = ""
    noun: str = ""
    first: date | None = None
    last: date | None = None
    about: uuid.UUID | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the page and the export show it; ``target`` is the name the target has today, if it has one."""

    id: uuid.UUID
    at: datetime
    action: str
    actor: str | None
    target_kind: str
    target_id: uuid.UUID
    data: Mapping[str, Any]
    address: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    target: str | None = None

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """(field, before, after) of what differs."""
        before, after = self.before or {}, self.after or {}
        return [(name, before.get(name), after.get(name)) for name in {**before, **after}]


def entries(chosen: Filter, *, before: uuid.UUID | None = None, limit: int = PAGE) -> list[Row]:
    """Entries newest first, older than the entry ``before``; a constant number of statements."""
    found = _filtered(chosen)
    if before is not None:
        at = select(AuditEntry.at).where(AuditEntry.id == before).scalar_subquery()
        found = found.where(tuple_(AuditEntry.at, AuditEntry.id) < tuple_(at, before))
    rows = session().execute(found.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)).all()
    names = _names((row.target_kind, row.target_id) for row in rows)
    return [Row(**row._mapping, target=names.get(row.target_id)) for row in rows]


def _filtered(chosen: Filter) -> Select[Any]:
    found = (
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.action,
            Member.name.label("actor"),
            AuditEntry.target_kind,
            AuditEntry.target_id,
            AuditEntry.data,
            AuditDetail.address,
            AuditDetail.before,
            AuditDetail.after,
        )
        .outerjoin(Member, Member.id == AuditEntry.actor_member_id)
        .outerjoin(AuditDetail, AuditDetail.entry_id == AuditEntry.id)
    )
    if chosen.who:
        found = found.where(
            or_(Member.name.icontains(chosen.who, autoescape=True), Member.email.icontains(chosen.who, autoescape=True))
        )
    if chosen.noun:
        found = found.where(AuditEntry.action.startswith(f"{chosen.noun}.", autoescape=True))
    if chosen.about is not None:
        member = AuditEntry.data["member"].astext == str(chosen.about)
        found = found.where(
            or_(AuditEntry.target_id == chosen.about, AuditEntry.actor_member_id == chosen.about, member)
        )
    return found.where(*_period(chosen))


def _period(chosen: Filter) -> Iterable[Any]:
    zone = ZoneInfo(chosen.zone)
    if chosen.first is not None:
        yield AuditEntry.at >= datetime.combine(chosen.first, time(), zone)
    if chosen.last is not None:
        yield AuditEntry.at < datetime.combine(chosen.last + timedelta(days=1), time(), zone)


def _names(targets: Iterable[tuple[str, uuid.UUID]]) -> dict[uuid.UUID, str]:
    """Today's names of targets: one statement a kind."""
    wanted: dict[str, set[uuid.UUID]] = {}
    for kind, target_id in targets:
        wanted.setdefault(kind, set()).add(target_id)
    found: dict[uuid.UUID, str] = {}
    for kind in wanted.keys() & _NAMED.keys():
        columns = _NAMED[kind][0].__table__.c
        rows = session().execute(select(columns.id, columns[_NAMED[kind][1]]).where(columns.id.in_(wanted[kind])))
        found.update((key, name) for key, name in rows)
    return found
