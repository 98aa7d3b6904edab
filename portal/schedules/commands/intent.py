"""What a command comes to once it is allowed, and the questions of access that commands share.

Each command says whom it concerns, which rows it changes and how to plan then. It is made of plain values, so that
the preview's page can carry it to the moment it is applied. An empty ``members`` means the whole class.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from portal.classes import queries as classes
from portal.errors import N_, Conflict, NotFound
from portal.models.plans import ChangeKind
from portal.models.schedules import Assignment, AssignmentState
from portal.schedules.reversible import RowChange
from portal.schedules.tuning import AS_STORED, Tuning
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import session

Ids = tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """A command that was allowed: what to write, and whose plans of which assignments to make again.

    ``member_ids`` None is the whole class. ``taken_back`` are the changes that a roll back takes back. ``detail`` says
    for words what is done.
    """

    kind: ChangeKind
    assignments: Sequence[Assignment]
    member_ids: Sequence[uuid.UUID] | None
    rows: Sequence[RowChange] = ()
    tuning: Tuning = AS_STORED
    detail: Mapping[str, Any] = field(default_factory=dict)
    taken_back: Ids = ()


class Command(Protocol):
    """A command; `COMMANDS` lists them by name."""

    NAME: ClassVar[str]

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """Check permission and values. NotFound, Forbidden, Invalid or Conflict say what is wrong."""


def people(class_id: uuid.UUID | None, members: Ids, actor: Actor) -> Ids:
    """The actor when nobody is named, or students of a class the actor enrols in."""
    if members in ((), (actor.member_id,)):
        return (actor.member_id,)
    if class_id is None:
        raise NotFound("enrolment_not_found", N_("That person is not in this class."))
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    known = {each.member_id for each in classes.students(class_id, members)}
    if known != set(members):
        raise NotFound("enrolment_not_found", N_("That person is not in this class."))
    return tuple(sorted(known))


def taught(assignment_id: uuid.UUID, own: Ids, actor: Actor) -> Assignment:
    """A standing assignment the actor may change, or one in which the only member meant is the actor."""
    assignment = session().get(Assignment, assignment_id)
    if assignment is None or assignment.state is AssignmentState.WITHDRAWN:
        raise NotFound("assignment_not_found", N_("There is no such path in this class."))
    own_or_taught(assignment.class_id, own, actor)
    if assignment.state is AssignmentState.PUBLISHING:
        raise Conflict("publishing", N_("A path is just being published to this class. Wait until it is done."))
    return assignment


def own_or_taught(class_id: uuid.UUID, members: Ids, actor: Actor) -> None:
    """Return when the actor means only herself, enrolled there, or publishes to the class; else as `authorize`."""
    if members == (actor.member_id,):
        classes.enrolment(class_id, actor.member_id)
    else:
        authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
