"""Commands that plan anew from what is given: catch up, re-level, take a change back."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from portal.errors import N_, Conflict, NotFound
from portal.models.plans import ChangeKind, PlanChange
from portal.pacing.types import MissedWork
from portal.schedules import queries
from portal.schedules.commands.intent import Ids, Intent, taught
from portal.schedules.history import together
from portal.schedules.tuning import Tuning
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import session


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Find new times for missed work, whatever the policy says."""

    NAME: ClassVar[str] = "catch-up"
    assignment: uuid.UUID
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        assignment = taught(self.assignment, self.members, actor)
        tuning = Tuning(missed=MissedWork.ROLL_FORWARD)
        return Intent(ChangeKind.CAUGHT_UP, [assignment], self.members or None, tuning=tuning)


@dataclass(frozen=True, slots=True)
class Relevel:
    """Arrange all that is open anew, as if it were published today; pins stay."""

    NAME: ClassVar[str] = "relevel"
    assignment: uuid.UUID
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        assignment = taught(self.assignment, self.members, actor)
        return Intent(ChangeKind.RELEVELLED, [assignment], self.members or None, tuning=Tuning(anew=True))


@dataclass(frozen=True, slots=True)
class PullForward:
    """Arrange all that is open anew, each step as soon as possible; pins stay."""

    NAME: ClassVar[str] = "pull-forward"
    assignment: uuid.UUID
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        assignment = taught(self.assignment, self.members, actor)
        tuning = Tuning(anew=True, soon=True)
        return Intent(ChangeKind.RELEVELLED, [assignment], self.members or None, tuning=tuning, detail={"soon": True})


@dataclass(frozen=True, slots=True)
class RollBack:
    """Take a change back: its rows, and the date, start and minutes of every slot it touched that is still to do."""

    NAME: ClassVar[str] = "roll-back"
    change: uuid.UUID
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`; Conflict for one that was taken back already."""
        change = session().get(PlanChange, self.change)
        if change is None:
            raise NotFound("change_not_found", N_("There is no such change."))
        changes = together(change)
        assignments = queries.assignments_by_id([each.assignment_id for each in changes])
        own = change.made_by_id == actor.member_id == change.member_id
        for each in () if own else assignments:
            authorize(actor, Permission.CLASS_PUBLISH, class_id=each.class_id)
        if change.rolled_back_at is not None:
            raise Conflict("rolled_back", N_("This change was taken back already."))
        part = bool(self.members) and change.member_id is None  # of a class's change only these learners' plans
        members = self.members or (() if change.member_id is None else (change.member_id,))
        return Intent(
            ChangeKind.ROLLED_BACK,
            assignments,
            members or None,
            () if part else [row for each in changes for row in each.undo],
            Tuning(before=tuple(each.id for each in changes)),
            {"kind": change.kind.value, "made_at": change.made_at.isoformat(), "detail": change.detail},
            () if part else tuple(each.id for each in changes),
        )
