"""Commands that plan anew from what is given: catch up, re-level, take a change back."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from portal.errors import N_, Conflict, NotFound
from portal.models.plans import ChangeKind, PlanChange
from portal.models.schedules import Assignment
from portal.pacing.types import MissedWork
from portal.schedules.commands.intent import Ids, Intent, taught
from portal.schedules.services import Tuning
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
class RollBack:
    """Take a change back: its rows, and the date, start and minutes of every slot it touched that is still to do."""

    NAME: ClassVar[str] = "roll-back"
    change: uuid.UUID
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`; Conflict for one that was taken back already."""
        change = session().get(PlanChange, self.change)
        assignment = None if change is None else session().get(Assignment, change.assignment_id)
        if change is None or assignment is None:
            raise NotFound("change_not_found", N_("There is no such change."))
        own = change.made_by_id == actor.member_id == change.member_id
        if not own:
            authorize(actor, Permission.CLASS_PUBLISH, class_id=assignment.class_id)
        if change.rolled_back_at is not None:
            raise Conflict("rolled_back", N_("This change was taken back already."))
        members = self.members or (() if change.member_id is None else (change.member_id,))
        return Intent(
            ChangeKind.ROLLED_BACK,
            [assignment],
            members or None,
            () if self.members and change.member_id is None else change.undo,
            Tuning(before=change.id),
            {"kind": change.kind.value, "made_at": change.made_at.isoformat()},
            None if self.members and change.member_id is None else change,
        )
