"""Assignments (a path version given to a class), schedules (one learner's plan) and their items (slots)."""

import enum
import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, TenantEntity, choice, key, refers, within
from portal.models.classes import Cadence


class AssignmentState(enum.StrEnum):
    """How far the publishing of an assignment has come."""

    PUBLISHING = "PUBLISHING"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


class ItemStatus(enum.StrEnum):
    """What the learner did with an item."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    SKIPPED = "SKIPPED"


class Assignment(TenantEntity, Base):
    """A path version published to a class; ``revision`` rises with each publishing (optimistic locking)."""

    __tablename__ = "assignments"
    __table_args__ = within(
        refers("class_id", "classes"),
        refers("version_id", "curriculum_versions", ondelete=None),
        refers("published_by_id", "members", ondelete="SET NULL (published_by_id)"),
        Index("ix_assignments_class", "organization_id", "class_id"),
        Index("ix_assignments_version", "organization_id", "version_id"),
    )

    class_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID]
    title: Mapped[str]
    policy: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[AssignmentState] = mapped_column(choice(AssignmentState))
    revision: Mapped[int] = mapped_column(server_default="1")
    published_by_id: Mapped[uuid.UUID | None]
    published_at: Mapped[datetime]


class Schedule(TenantEntity, Base):
    """One learner's plan of one assignment. ``zone`` is the planning zone its dates are local to.

    ``report`` holds the engine's feasibility report as JSON; ``revision`` rises with each re-plan.
    """

    __tablename__ = "schedules"
    __table_args__ = within(
        refers("member_id", "members"),
        refers("assignment_id", "assignments"),
        UniqueConstraint("organization_id", "assignment_id", "member_id"),
        Index("ix_schedules_member", "organization_id", "member_id"),
    )

    member_id: Mapped[uuid.UUID]
    assignment_id: Mapped[uuid.UUID | None]
    kind: Mapped[Cadence] = mapped_column(choice(Cadence))
    zone: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default="1")
    starts_on: Mapped[date]
    finish_on: Mapped[date | None]
    verdict: Mapped[str]
    report: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    planned_at: Mapped[datetime]


class ScheduleItem(Base):
    """A dated piece of study: part ``part`` of ``parts`` of a version step.

    Local date and start are kept beside the UTC instant and the zone they are local to. ``sequence`` rises with each
    change a calendar must see. The only foreign key is to the schedule: each costs 3–6 µs a row, so the
    member, the version step and the parts are checked set-wise when the rows are written.
    """

    __tablename__ = "schedule_items"
    __table_args__ = (
        refers("schedule_id", "schedules"),
        CheckConstraint("minutes > 0", name="minutes"),
        Index("ix_schedule_items_schedule", "organization_id", "schedule_id", "version_step_id"),
        Index("ix_schedule_items_member_day", "organization_id", "member_id", "on_date"),
    )

    id: Mapped[uuid.UUID] = key()
    organization_id: Mapped[uuid.UUID]
    schedule_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    version_step_id: Mapped[uuid.UUID]
    part: Mapped[int] = mapped_column(SmallInteger)
    parts: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[ItemStatus] = mapped_column(choice(ItemStatus), server_default=ItemStatus.PLANNED.value)
    on_date: Mapped[date]
    start_time: Mapped[time]
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    bucket_on: Mapped[date]
    due_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(server_default="0")
    reasons: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    slack_days: Mapped[int | None]
    pinned: Mapped[bool] = mapped_column(server_default=text("false"))
    note: Mapped[str] = mapped_column(server_default="")
    actual_minutes: Mapped[int] = mapped_column(server_default="0")
    running_since: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class ProgressEvent(TenantEntity, Base):
    """What a member did and when: starts, pauses, completions, planning time, use of a feature.

    ``zone`` is the learner's when something was done with an item.
    """

    __tablename__ = "progress_events"
    __table_args__ = within(
        refers("member_id", "members"),
        Index("ix_progress_events_member", "organization_id", "member_id", "at"),
        Index("ix_progress_events_item", "organization_id", "item_id"),
    )

    member_id: Mapped[uuid.UUID]
    item_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    at: Mapped[datetime]
    zone: Mapped[str | None]
