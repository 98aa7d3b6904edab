"""What would make a learner's plan fit, each verified by planning with it, as commands to apply."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.classes import queries as classes
from portal.pacing.results import Diagnosis, Repair, RepairCode
from portal.schedules.commands.intent import Command
from portal.schedules.commands.overrides import AddMinutes, ExtendEnd, LeaveOut
from portal.schedules.services import Frame, diagnosis


@dataclass(frozen=True, slots=True)
class Advice:
    """A repair with the titles of the steps it names."""

    repair: Repair
    titles: Sequence[str]

    def command(
        self, class_id: uuid.UUID, assignment_id: uuid.UUID | None, members: tuple[uuid.UUID, ...] = ()
    ) -> Command:
        """The command that applies it, for these members or for the whole class; leaving out needs an assignment."""
        if self.repair.code is RepairCode.ADD_MINUTES:
            return AddMinutes(class_id, self.repair.minutes, self.repair.weekdays, members)
        if self.repair.code is RepairCode.EXTEND and self.repair.ends_on is not None:
            return ExtendEnd(class_id, self.repair.ends_on, members)
        assert assignment_id is not None  # noqa: S101  # whoever leaves steps out names an assignment
        return LeaveOut(assignment_id, self.steps, members)

    @property
    def steps(self) -> tuple[uuid.UUID, ...]:
        """The steps to leave out."""
        return tuple(step for step in self.repair.steps if isinstance(step, uuid.UUID))


@dataclass(frozen=True, slots=True)
class Trouble:
    """A plan that does not fit, and what helps."""

    advice: Sequence[Advice]


def trouble_of(frame: Frame, member_id: uuid.UUID, *, now: datetime) -> Trouble:
    """What is wrong with one learner's plan in this frame. Costs many plans: ask for few learners."""
    return in_words(
        diagnosis(frame, classes.enrolment(frame.classroom.id, member_id), now=now),
        {step.step_id: step.title for step in frame.version.steps},
    )


def in_words(found: Diagnosis, titles: Mapping[uuid.UUID, str]) -> Trouble:
    """A diagnosis with titles instead of ids."""

    def named(steps: Sequence[object]) -> list[str]:
        return [titles[step] for step in steps if isinstance(step, uuid.UUID) and step in titles]

    return Trouble([Advice(each, named(each.steps)) for each in found.repairs])
