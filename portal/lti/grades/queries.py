"""Reads of columns, scores, and the work scores are reckoned from."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.lti.grades.policy import GradePolicy, StepDone, policy_of
from portal.lti.target import Target
from portal.models.curricula import CurriculumVersion, VersionStep
from portal.models.lti import (
    LtiClient,
    LtiContext,
    LtiDeployment,
    LtiGradePolicy,
    LtiLineItem,
    LtiScore,
    LtiUser,
    ScoreState,
)
from portal.models.organizations import Member
from portal.models.schedules import Assignment, ItemStatus, Schedule, ScheduleItem
from portal.tenancy.scope import session


def policy(assignment_id: uuid.UUID) -> GradePolicy:
    """How an assignment is graded."""
    row = session().scalar(select(LtiGradePolicy).where(LtiGradePolicy.assignment_id == assignment_id))
    return GradePolicy() if row is None else policy_of(row.policy)


def target_of(item: LtiLineItem) -> Target:
    """What a column is for."""
    return Target(item.curriculum_id, item.unit_id, item.step_id)


def columns(context_id: uuid.UUID, curriculum_id: uuid.UUID) -> Sequence[LtiLineItem]:
    """The columns of a path in a course."""
    return (
        session()
        .scalars(
            select(LtiLineItem).where(
                LtiLineItem.lti_context_id == context_id, LtiLineItem.curriculum_id == curriculum_id
            )
        )
        .all()
    )


def columns_of_class(class_id: uuid.UUID) -> Sequence[LtiLineItem]:
    """Every column of a class's courses, by label."""
    return (
        session()
        .scalars(
            select(LtiLineItem)
            .join(LtiContext, LtiContext.id == LtiLineItem.lti_context_id)
            .where(LtiContext.class_id == class_id)
            .order_by(LtiLineItem.label, LtiLineItem.id)
        )
        .all()
    )


def assignment_of(item: LtiLineItem) -> Assignment | None:
    """The assignment that gives the column's path to the course's class."""
    return session().scalar(
        select(Assignment)
        .join(LtiContext, LtiContext.class_id == Assignment.class_id)
        .join(CurriculumVersion, CurriculumVersion.id == Assignment.version_id)
        .where(LtiContext.id == item.lti_context_id, CurriculumVersion.curriculum_id == item.curriculum_id)
        .limit(1)
    )


def version_steps(version_id: uuid.UUID) -> Sequence[VersionStep]:
    """A version's steps in order."""
    return (
        session()
        .scalars(select(VersionStep).where(VersionStep.version_id == version_id).order_by(VersionStep.position))
        .all()
    )


def work(assignment_id: uuid.UUID, member_id: uuid.UUID, target: Target) -> list[StepDone]:
    """What a member has done of a target's steps."""
    done = func.sum(case((ScheduleItem.status == ItemStatus.COMPLETED, ScheduleItem.minutes), else_=0))
    rows = session().execute(
        select(
            VersionStep.unit_id,
            VersionStep.step_id,
            VersionStep.required,
            func.sum(ScheduleItem.minutes),
            done,
            func.bool_or(ScheduleItem.status != ItemStatus.PLANNED),
        )
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(
            Schedule.assignment_id == assignment_id,
            Schedule.member_id == member_id,
            ScheduleItem.removed_at.is_(None),
        )
        .group_by(VersionStep.id)
        .order_by(VersionStep.position)
    )
    return [
        StepDone(str(step_id), required, minutes, done_minutes, begun)
        for unit_id, step_id, required, minutes, done_minutes, begun in rows
        if target.holds(unit_id=unit_id, step_id=step_id)
    ]


def last_due_at(assignment_id: uuid.UUID, target: Target) -> datetime | None:
    """The last due instant any learner has for a target's steps."""
    found = (
        select(func.max(ScheduleItem.due_at))
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(Schedule.assignment_id == assignment_id, ScheduleItem.removed_at.is_(None))
    )
    if target.step_id is not None:
        found = found.where(VersionStep.step_id == target.step_id)
    elif target.unit_id is not None:
        found = found.where(VersionStep.unit_id == target.unit_id)
    return session().scalar(found)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a score belongs: a column, and a person as the column's platform knows one."""

    line_item_id: uuid.UUID
    lti_user_id: uuid.UUID


def places_of_item(item_id: uuid.UUID) -> list[Place]:
    """The columns that an item of a schedule counts for, with its learner."""
    step = select(VersionStep.unit_id, VersionStep.step_id).join(
        ScheduleItem, ScheduleItem.version_step_id == VersionStep.id
    )
    row = session().execute(step.where(ScheduleItem.id == item_id)).first()
    schedule = session().scalar(
        select(Schedule).join(ScheduleItem, ScheduleItem.schedule_id == Schedule.id).where(ScheduleItem.id == item_id)
    )
    if row is None or schedule is None or schedule.assignment_id is None:
        return []
    unit_id, step_id = row
    return [
        Place(item.id, user_id)
        for item, user_id in _columns_and_people(schedule.assignment_id, [schedule.member_id])
        if target_of(item).holds(unit_id=unit_id, step_id=step_id)
    ]


def places_of_assignment(assignment_id: uuid.UUID) -> list[Place]:
    """Every column of an assignment with every learner who has a schedule."""
    members = session().scalars(select(Schedule.member_id).where(Schedule.assignment_id == assignment_id)).all()
    return [Place(item.id, user_id) for item, user_id in _columns_and_people(assignment_id, members)]


def places_of_member(member_id: uuid.UUID) -> list[Place]:
    """Every column a member's plans count for."""
    assignments = session().scalars(select(Schedule.assignment_id).where(Schedule.member_id == member_id))
    return [
        Place(item.id, user_id)
        for assignment_id in assignments.all()
        if assignment_id is not None
        for item, user_id in _columns_and_people(assignment_id, [member_id])
    ]


def _columns_and_people(
    assignment_id: uuid.UUID, member_ids: Collection[uuid.UUID]
) -> list[tuple[LtiLineItem, uuid.UUID]]:
    """Each column of the assignment with the people of its platform among the members; one person a member."""
    newest = (
        select(LtiUser.id, LtiUser.platform_id, LtiUser.member_id)
        .where(LtiUser.member_id.in_(member_ids))
        .ext(distinct_on(LtiUser.platform_id, LtiUser.member_id))
        .order_by(LtiUser.platform_id, LtiUser.member_id, LtiUser.last_launch_at.desc().nulls_last(), LtiUser.id.desc())
        .subquery()
    )
    rows = session().execute(
        select(LtiLineItem, newest.c.id)
        .join(LtiContext, LtiContext.id == LtiLineItem.lti_context_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.lti_deployment_id)
        .join(LtiClient, LtiClient.id == LtiDeployment.lti_client_id)
        .join(newest, newest.c.platform_id == LtiClient.platform_id)
        .join(Assignment, Assignment.class_id == LtiContext.class_id)
        .join(CurriculumVersion, CurriculumVersion.id == Assignment.version_id)
        .where(Assignment.id == assignment_id, CurriculumVersion.curriculum_id == LtiLineItem.curriculum_id)
    )
    return [(item, user_id) for item, user_id in rows]


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score as the educator's page shows it."""

    id: uuid.UUID
    name: str
    label: str
    state: ScoreState
    given: float | None
    maximum: float | None
    attempts: int
    last_error: str | None
    sent_at: datetime | None


def scores(class_id: uuid.UUID, *, state: ScoreState | None = None, limit: int = 100) -> list[ScoreRow]:
    """Scores of a class on their way or arrived; those that failed first, then newest."""
    columns_: tuple[Any, ...] = (
        LtiScore.id,
        Member.name,
        LtiLineItem.label,
        LtiScore.state,
        LtiScore.score_given,
        LtiScore.score_maximum,
        LtiScore.attempts,
        LtiScore.last_error,
        LtiScore.sent_at,
    )
    found = (
        select(*columns_)
        .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.lti_context_id)
        .join(LtiUser, LtiUser.id == LtiScore.lti_user_id)
        .join(Member, Member.id == LtiUser.member_id)
        .where(LtiContext.class_id == class_id)
    )
    if state is not None:
        found = found.where(LtiScore.state == state)
    order = case((LtiScore.state == ScoreState.FAILED, 0), (LtiScore.state == ScoreState.PENDING, 1), else_=2)
    rows = session().execute(found.order_by(order, LtiScore.sent_at.desc().nulls_first(), Member.name).limit(limit))
    return [ScoreRow(*row) for row in rows]


def counts(class_id: uuid.UUID) -> dict[ScoreState, int]:
    """How many of a class's scores are in each state."""
    rows = session().execute(
        select(LtiScore.state, func.count())
        .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.lti_context_id)
        .where(LtiContext.class_id == class_id)
        .group_by(LtiScore.state)
    )
    found = dict.fromkeys(ScoreState, 0)
    for state, count in rows:
        found[state] = count
    return found
