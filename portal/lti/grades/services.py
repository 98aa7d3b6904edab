"""Columns wished for, policies chosen, scores owed. Sending is `portal.lti.grades.sending`."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from portal.classes.queries import classroom
from portal.errors import N_, NotFound
from portal.events.audit import audit
from portal.events.outbox import owe_all
from portal.lti.copies import original_course
from portal.lti.grades import queries
from portal.lti.grades.policy import GradePolicy, check
from portal.lti.grades.queries import Place
from portal.lti.roster.queries import contexts
from portal.lti.target import Target
from portal.models.curricula import CurriculumVersion
from portal.models.lti import LtiContext, LtiGradePolicy, LtiLineItem, LtiResourceLink, LtiScore, ScoreState
from portal.models.schedules import Assignment
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

COLUMN, SCORE = "lti.column", "lti.score"


def wish_column(
    context_id: uuid.UUID,
    target: Target,
    label: str,
    *,
    url: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    now: datetime,
) -> uuid.UUID:
    """Want a column for a target in a course, or keep what is known of one there; its id.

    ``url`` is given where the platform has said it (a launch); the column is looked at once the path is published.
    """
    known = {"url": url} if url is not None else {}
    dates = {"starts_at": starts_at, "ends_at": ends_at} if starts_at or ends_at else {}
    statement = insert(LtiLineItem).values(
        organization_id=organization_id(),
        lti_context_id=context_id,
        curriculum_id=target.curriculum_id,
        unit_id=target.unit_id,
        step_id=target.step_id,
        resource_id=target.resource_id,
        tag=target.tag,
        label=label,
        created_at=now,
        **known,
        **dates,
    )
    column_id: uuid.UUID = (
        session()
        .execute(
            statement.on_conflict_do_update(
                index_elements=[
                    LtiLineItem.organization_id,
                    LtiLineItem.lti_context_id,
                    LtiLineItem.resource_id,
                    LtiLineItem.tag,
                ],
                set_={"label": label, **known, **dates},
            ).returning(LtiLineItem.id)
        )
        .scalar_one()
    )
    return column_id


def copy_columns(original_id: uuid.UUID, context_id: uuid.UUID, *, now: datetime) -> None:
    """Want in a copied course the columns of the original: what they stand for, without address, dates or scores."""
    for column in session().scalars(select(LtiLineItem).where(LtiLineItem.lti_context_id == original_id)):
        wish_column(context_id, queries.target_of(column), column.label, now=now)


def open_columns(assignment_id: uuid.UUID, *, now: datetime) -> None:
    """A path was published to a class: have its columns made or brought up to date in every course of the class.

    Where nothing of the path was linked there, the whole path gets a column.
    """
    assignment = session().get(Assignment, assignment_id)
    if assignment is None:
        return
    curriculum_id = session().get_one(CurriculumVersion, assignment.version_id).curriculum_id
    _inherit_policy(assignment, curriculum_id, now=now)
    due: list[uuid.UUID] = []
    for context in contexts(assignment.class_id):
        columns = [column.id for column in queries.columns(context.id, curriculum_id)]
        if not columns and context.line_items_url is not None and not _linked(context.id, curriculum_id):
            columns = [wish_column(context.id, Target(curriculum_id), assignment.title, now=now)]
        due += columns
    owe_all(COLUMN, [(column_id, now) for column_id in due])


def _inherit_policy(assignment: Assignment, curriculum_id: uuid.UUID, *, now: datetime) -> None:
    """Grade a path in a copied course as in the original, unless it is said already how."""
    originals = [course for context in contexts(assignment.class_id) if (course := original_course(context))]
    policy = session().scalar(
        select(LtiGradePolicy.policy)
        .join(Assignment, Assignment.id == LtiGradePolicy.assignment_id)
        .join(CurriculumVersion, CurriculumVersion.id == Assignment.version_id)
        .where(
            Assignment.class_id.in_([course.class_id for course in originals]),
            CurriculumVersion.curriculum_id == curriculum_id,
        )
        .limit(1)
    )
    if policy is None:
        return
    values = {"organization_id": organization_id(), "assignment_id": assignment.id, "policy": policy}
    made = insert(LtiGradePolicy).values(values).on_conflict_do_nothing().returning(LtiGradePolicy.id)
    if session().scalar(made) is not None:
        audit("grading.changed", "assignment", assignment.id, actor_member_id=None, now=now, kind=policy["kind"])


def _linked(context_id: uuid.UUID, curriculum_id: uuid.UUID) -> bool:
    """Whether a link of the course opens the path: the teacher has then said whether it has a column."""
    found = session().scalar(
        select(LtiResourceLink.id)
        .where(LtiResourceLink.lti_context_id == context_id, LtiResourceLink.curriculum_id == curriculum_id)
        .limit(1)
    )
    return found is not None


def save_policy(assignment_id: uuid.UUID, policy: GradePolicy, *, actor: Actor, now: datetime) -> None:
    """Grade an assignment so from now on: columns get the new maximum, and everybody's score is sent again."""
    assignment = session().get(Assignment, assignment_id)
    if assignment is None:
        raise NotFound("assignment_not_found", N_("There is no such path in this class."))
    authorize(actor, Permission.CLASS_PUBLISH, class_id=assignment.class_id)
    check(policy)
    values = policy.as_json()
    session().execute(
        insert(LtiGradePolicy)
        .values(organization_id=organization_id(), assignment_id=assignment_id, policy=values)
        .on_conflict_do_update(
            index_elements=[LtiGradePolicy.organization_id, LtiGradePolicy.assignment_id], set_={"policy": values}
        )
    )
    audit("grading.changed", "assignment", assignment_id, actor_member_id=actor.member_id, now=now, kind=policy.kind)
    open_columns(assignment_id, now=now)
    owe_scores(queries.places_of_assignment(assignment_id), now=now)


def owe_scores(places: Sequence[Place], *, now: datetime) -> None:
    """Want these scores sent as they stand when they are sent; a few statements whatever their number."""
    if not places:
        return
    statement = insert(LtiScore)
    ids = (
        session()
        .scalars(
            statement.on_conflict_do_update(
                index_elements=[LtiScore.organization_id, LtiScore.line_item_id, LtiScore.lti_user_id],
                set_={"revision": LtiScore.revision + 1, "state": ScoreState.PENDING, "attempts": 0},
            ).returning(LtiScore.id),
            [
                {
                    "organization_id": organization_id(),
                    "line_item_id": each.line_item_id,
                    "lti_user_id": each.lti_user_id,
                }
                for each in places
            ],
        )
        .all()
    )
    owe_all(SCORE, [(score_id, now) for score_id in ids])


def retry(class_id: uuid.UUID, score_ids: Sequence[uuid.UUID] | None, *, actor: Actor, now: datetime) -> int:
    """Send scores of a class that failed, or wait, once more at once: these, or all; how many there are."""
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    classroom(class_id)
    columns = (
        select(LtiLineItem.id)
        .join(LtiContext, LtiContext.id == LtiLineItem.lti_context_id)
        .where(LtiContext.class_id == class_id)
    )
    wanted = update(LtiScore).where(LtiScore.line_item_id.in_(columns), LtiScore.state != ScoreState.SENT)
    if score_ids is not None:
        wanted = wanted.where(LtiScore.id.in_(score_ids))
    ids = (
        session()
        .scalars(
            wanted.values(state=ScoreState.PENDING, attempts=0, revision=LtiScore.revision + 1).returning(LtiScore.id)
        )
        .all()
    )
    if score_ids is not None and not ids:
        raise NotFound("score_not_found", N_("There is no such score waiting."))
    owe_all(SCORE, [(score_id, now) for score_id in ids])
    waiting = session().scalars(columns.where(LtiLineItem.url.is_(None))).all()
    owe_all(COLUMN, [(column_id, now) for column_id in waiting])
    return len(ids)
