"""Commands that plan anew from what is given: catch up, re-level, take a change back."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

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
class _Arrange:
    """Plan an assignment's open work again, for these learners or for the class."""

    NAME: ClassVar[str]
    KIND: ClassVar[ChangeKind] = ChangeKind.RELEVELLED
    TUNING: ClassVar[Tuning]
    DETAIL: ClassVar[Mapping[str, Any]] = {}
    assignment: uuid.UUID
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        assignment = taught(self.assignment, self.members, actor)
        return Intent(self.KIND, [assignment], self.members or None, tuning=self.TUNING, detail=self.DETAIL)


class CatchUp(_Arrange):
    """Find new times for missed work, whatever the policy says."""

    NAME = "catch-up"
    KIND = ChangeKind.CAUGHT_UP
    TUNING = Tuning(missed=MissedWork.ROLL_FORWARD)


class Relevel(_Arrange):
    """Arrange all that is open anew, as if it were published today; pins stay."""

    NAME = "relevel"
    TUNING = Tuning(anew=True)


class PullForward(_Arrange):
    """Arrange all that is open anew, each step as soon as possible; pins stay."""

    NAME = "pull-forward"
    TUNING = Tuning(anew=True, soon=True)
    DETAIL: ClassVar[Mapping[str, Any]] = {"soon": True}


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
