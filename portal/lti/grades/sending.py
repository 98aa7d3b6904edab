"""One column made, one score sent: each once at a time, retried with backoff, never an older over a newer one.

A score is reckoned and its timestamp kept in a transaction of its own before the request leaves. A worker that is
killed meanwhile leaves the work owed; the next one sends what is true then, with a later timestamp.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from portal.events.outbox import owe, owe_all
from portal.lti.faults import ServiceError
from portal.lti.grades import queries
from portal.lti.grades.gradebook import LINE_ITEM, Column, Gradebook, rising
from portal.lti.grades.policy import GradePolicy, Score, StepDone, full_score, score_of
from portal.lti.grades.services import COLUMN, SCORE, owe_scores
from portal.lti.platforms.base import Capabilities
from portal.lti.platforms.known import capabilities_of
from portal.lti.reach import Clock, Reached, reach, way_of
from portal.lti.target import Target
from portal.models.lti import LtiContext, LtiLineItem, LtiScore, LtiUser, ScoreState
from portal.models.schedules import Assignment
from portal.tenancy.scope import organization_id, session, unit_of_work

MAX_ATTEMPTS = 10
_BACKOFF = timedelta(seconds=30)
_LONGEST = timedelta(hours=6)
_BUSY = timedelta(seconds=5)
_NEWER = timedelta(seconds=2)


def make_column(line_item_id: uuid.UUID, *, launch_url: str, private: bool, clock: Clock) -> None:
    """Find, make or bring up to date one column, then send the scores that wait for it."""
    if not _alone(line_item_id):
        owe(COLUMN, line_item_id, due_at=clock() + _BUSY)
        return
    item = session().get(LtiLineItem, line_item_id)
    assignment = None if item is None else queries.assignment_of(item)
    if item is None or assignment is None:
        return
    context = session().get_one(LtiContext, item.lti_context_id)
    target = queries.target_of(item)
    policy = queries.policy(assignment.id)
    item.score_maximum = _maximum(assignment.version_id, policy, target)
    item.ends_at = queries.last_due_at(assignment.id, target) or item.ends_at
    wanted = Column(
        label=item.label,
        maximum=item.score_maximum,
        resource_id=item.resource_id,
        tag=item.tag,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        opens=target.address(launch_url),
    )
    try:
        with reach(context, private=private, clock=clock) as reached:
            item.url = _url(reached, context, item, wanted)
    except ServiceError as error:
        _column_failed(item, error, now=clock())
        return
    item.last_error, item.attempts = None, 0
    there = select(LtiScore.id, LtiScore.state).where(LtiScore.line_item_id == item.id)
    states = session().execute(there).all()
    owe_all(SCORE, [(score_id, clock()) for score_id, state in states if state is ScoreState.PENDING])
    if not states:  # the column is new: whoever has begun gets the score so far
        places = queries.places_of_assignment(assignment.id)
        owe_scores([place for place in places if place.line_item_id == item.id], now=clock())


def _url(reached: Reached, context: LtiContext, item: LtiLineItem, wanted: Column) -> str:
    """Where the platform lets no tool edit columns, the one it gave the link is all there is."""
    if context.scopes and LINE_ITEM not in context.scopes and item.url is not None:
        return item.url
    gradebook = Gradebook(reached.connector, reached.capabilities, context.line_items_url)
    return gradebook.ensure(wanted, known_url=item.url)


def _maximum(version_id: uuid.UUID, policy: GradePolicy, target: Target) -> float:
    steps = [
        StepDone(str(step.step_id), step.required, step.minutes, 0, begun=False)
        for step in queries.version_steps(version_id)
        if target.holds(unit_id=step.unit_id, step_id=step.step_id)
    ]
    return full_score(policy, steps)


def _column_failed(item: LtiLineItem, error: ServiceError, *, now: datetime) -> None:
    """Say why on the column; try again where that can help, else its scores have failed too."""
    item.last_error = str(error)
    pending = update(LtiScore).where(LtiScore.line_item_id == item.id, LtiScore.state == ScoreState.PENDING)
    if error.again:
        item.attempts += 1
        owe(COLUMN, item.id, due_at=now + _wait(error, item.attempts))
        return
    session().execute(pending.values(state=ScoreState.FAILED, last_error=str(error)))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A score about to be sent; ``revision`` is the state of the work it stands for."""

    context_id: uuid.UUID
    line_item_id: uuid.UUID
    line_item_url: str
    sub: str
    score: Score
    at: datetime
    revision: int


def send(score_id: uuid.UUID, *, private: bool, clock: Clock) -> None:
    """Send one score as it stands now, unless it has arrived."""
    if not _alone(score_id):
        owe(SCORE, score_id, due_at=clock() + _BUSY)
        return
    prepared = _prepare(score_id, now=clock())
    if prepared is None:
        return
    context = session().get_one(LtiContext, prepared.context_id)
    try:
        with reach(context, private=private, clock=clock) as reached:
            gradebook = Gradebook(reached.connector, reached.capabilities, context.line_items_url)
            gradebook.post(prepared.line_item_url, prepared.sub, prepared.score, at=prepared.at)
    except ServiceError as error:
        _score_failed(score_id, prepared, error, now=clock())
    else:
        session().execute(
            update(LtiScore)
            .where(LtiScore.id == score_id, LtiScore.revision == prepared.revision)
            .values(state=ScoreState.SENT, sent_at=clock(), last_error=None, attempts=0)
        )


def _prepare(score_id: uuid.UUID, *, now: datetime) -> Prepared | None:
    """Reckon the score and keep its timestamp, committed before anything leaves; None when there is nothing to send."""
    with unit_of_work(organization_id=organization_id()) as db:
        row = db.get(LtiScore, score_id, with_for_update=True)
        if row is None or row.state is not ScoreState.PENDING:
            return None
        item = db.get_one(LtiLineItem, row.line_item_id)
        assignment = queries.assignment_of(item)
        if item.url is None or assignment is None:
            return None  # the column's own work sends what waits for it
        user = db.get_one(LtiUser, row.lti_user_id)
        score = _score(item, assignment, user.member_id, scored=row.score_given is not None)
        if score.activity_progress == "Initialized" and row.scored_at is None:
            row.state = ScoreState.SENT
            return None
        row.scored_at = rising(now, row.scored_at, _capabilities(item))
        row.score_given, row.score_maximum = score.given, score.maximum
        return Prepared(item.lti_context_id, item.id, item.url, user.sub, score, row.scored_at, row.revision)


def _score(item: LtiLineItem, assignment: Assignment, member_id: uuid.UUID, *, scored: bool) -> Score:
    steps = queries.work(assignment.id, member_id, queries.target_of(item))
    return score_of(queries.policy(assignment.id), steps, maximum=item.score_maximum, scored=scored)


def _capabilities(item: LtiLineItem) -> Capabilities:
    context = session().get_one(LtiContext, item.lti_context_id)
    _deployment, _client, platform = way_of(context.lti_deployment_id)
    return capabilities_of(platform.kind.value)


def _score_failed(score_id: uuid.UUID, prepared: Prepared, error: ServiceError, *, now: datetime) -> None:
    """Try again later, make the column anew, or say that it failed."""
    row = session().get_one(LtiScore, score_id, with_for_update=True)
    row.last_error = str(error)
    if error.code == "gone":
        session().execute(update(LtiLineItem).where(LtiLineItem.id == prepared.line_item_id).values(url=None))
        row.attempts += 1
        if row.attempts < MAX_ATTEMPTS:
            owe(COLUMN, prepared.line_item_id, due_at=now)
            return
    elif error.again and row.attempts + 1 < MAX_ATTEMPTS:
        row.attempts += 1
        owe(SCORE, score_id, due_at=now + _wait(error, row.attempts))
        return
    if row.revision == prepared.revision:
        row.state = ScoreState.FAILED


def _wait(error: ServiceError, attempts: int) -> timedelta:
    if error.code == "conflict":
        return _NEWER
    if error.after_seconds is not None:
        return timedelta(seconds=error.after_seconds)
    return _doubled(attempts - 1)


def _doubled(times: int) -> timedelta:
    return min(_BACKOFF * (1 << min(times, 20)), _LONGEST)


def _alone(row_id: uuid.UUID) -> bool:
    """Whether nobody else is at this row; the lock goes with the transaction, and with a worker that dies."""
    return bool(session().scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(str(row_id), 0)))))
