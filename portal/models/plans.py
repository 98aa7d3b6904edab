"""What changed plans: each change with its cause and its diff a learner, and what differs for single steps."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, TenantEntity, choice, refers, within


class ChangeKind(enum.StrEnum):
    """What changed a plan: a publishing, an event the plan follows, or a person's command."""

    PUBLISHED = "PUBLISHED"
    REPLANNED = "REPLANNED"
    MOVED = "MOVED"
    UNPINNED = "UNPINNED"
    LEAVE = "LEAVE"
    OVERRIDES = "OVERRIDES"
    EXTENDED = "EXTENDED"
    CAUGHT_UP = "CAUGHT_UP"
    RELEVELLED = "RELEVELLED"
    REPAIRED = "REPAIRED"
    ROLLED_BACK = "ROLLED_BACK"


class PlanChange(TenantEntity, Base):
    """One change of an assignment's plans; ``member_id`` when it is about one learner only.

    ``key`` makes it happen once (a form's key, an event's id). ``undo`` are the inputs to write to take it back, as
    `portal.schedules.reversible` writes them. The counts are of items.
    """

    __tablename__ = "plan_changes"
    __table_args__ = within(
        refers("assignment_id", "assignments"),
        refers("member_id", "members"),
        refers("made_by_id", "members", ondelete="SET NULL (made_by_id)"),
        UniqueConstraint("organization_id", "assignment_id", "key"),
    )

    assignment_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID | None]
    kind: Mapped[ChangeKind] = mapped_column(choice(ChangeKind))
    key: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    undo: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    made_by_id: Mapped[uuid.UUID | None]
    made_at: Mapped[datetime]
    learners: Mapped[int] = mapped_column(server_default="0")
    moved: Mapped[int] = mapped_column(server_default="0")
    added: Mapped[int] = mapped_column(server_default="0")
    removed: Mapped[int] = mapped_column(server_default="0")
    rolled_back_at: Mapped[datetime | None]


class PlanDiff(TenantEntity, Base):
    """What a change did to one learner's schedule.

    ``moved`` holds {"id", "from", "to", "why"}: places as JSON and the first reason; ``added`` and ``removed`` are ids
    of items. A first plan (``is_first``) added every item and lists none.
    """

    __tablename__ = "plan_diffs"
    __table_args__ = within(
        refers("change_id", "plan_changes"),
        refers("schedule_id", "schedules"),
        UniqueConstraint("organization_id", "change_id", "schedule_id"),
        Index("ix_plan_diffs_schedule", "organization_id", "schedule_id"),
    )

    change_id: Mapped[uuid.UUID]
    schedule_id: Mapped[uuid.UUID]
    is_first: Mapped[bool] = mapped_column(server_default=text("false"))
    moved: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    added: Mapped[list[uuid.UUID]] = mapped_column(server_default=text("'{}'"))
    removed: Mapped[list[uuid.UUID]] = mapped_column(server_default=text("'{}'"))


class StepOverride(TenantEntity, Base):
    """What differs for one learner and one step of an assignment: a later due or lock moment, or left out.

    ``step_id`` is the path's own step id, which stays from version to version.
    """

    __tablename__ = "step_overrides"
    __table_args__ = within(
        refers("assignment_id", "assignments"),
        refers("member_id", "members"),
        UniqueConstraint("organization_id", "assignment_id", "member_id", "step_id"),
    )

    assignment_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    step_id: Mapped[uuid.UUID]
    due_at: Mapped[datetime | None]
    lock_at: Mapped[datetime | None]
    left_out: Mapped[bool] = mapped_column(server_default=text("false"))


class PlanRequest(TenantEntity, Base):
    """A wish that a class be planned again, gathered until the job runs; without a member it is for all students."""

    __tablename__ = "plan_requests"
    __table_args__ = within(
        refers("class_id", "classes"),
        refers("member_id", "members"),
        Index("ix_plan_requests_class", "organization_id", "class_id"),
    )

    class_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID | None]
    cause: Mapped[str]
    requested_at: Mapped[datetime]
