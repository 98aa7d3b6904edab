"""Learning paths: a draft of units and steps, and immutable published versions."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Tenant, TenantEntity, choice, refers, within
from portal.models.library import ActivityKind, Hue


class Curriculum(TenantEntity, Base):
    """A learning path; ``draft_revision`` rises with each change of the draft (optimistic locking)."""

    __tablename__ = "curricula"
    __table_args__ = within(refers("created_by_id", "members", ondelete="SET NULL (created_by_id)"))

    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    created_by_id: Mapped[uuid.UUID | None]
    draft_revision: Mapped[int] = mapped_column(server_default="1")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CurriculumUnit(TenantEntity, Base):
    """A part of a path's draft."""

    __tablename__ = "curriculum_units"
    __table_args__ = within(
        refers("curriculum_id", "curricula"),
        Index("ix_curriculum_units_curriculum", "organization_id", "curriculum_id", "position"),
    )

    curriculum_id: Mapped[uuid.UUID]
    title: Mapped[str]
    position: Mapped[int]


class CurriculumStep(TenantEntity, Base):
    """An activity at a place in the draft. ``minutes`` overrides the activity's; ``options`` holds the rest.

    The keys of ``options`` are those of `portal.curricula.options`.
    """

    __tablename__ = "curriculum_steps"
    __table_args__ = within(
        refers("curriculum_id", "curricula"),
        refers("unit_id", "curriculum_units"),
        refers("activity_id", "activities", ondelete=None),
        CheckConstraint("minutes BETWEEN 5 AND 6000 AND mod(minutes, 5) = 0", name="minutes"),
        Index("ix_curriculum_steps_curriculum", "organization_id", "curriculum_id", "unit_id", "position"),
    )

    curriculum_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID]
    activity_id: Mapped[uuid.UUID]
    position: Mapped[int]
    minutes: Mapped[int | None]
    required: Mapped[bool] = mapped_column(server_default=text("true"))
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class CurriculumStepPrerequisite(Tenant, Base):
    """An edge of the draft: ``prerequisite_id`` → ``step_id`` with a minimum lag."""

    __tablename__ = "curriculum_step_prerequisites"
    __table_args__ = (
        refers("step_id", "curriculum_steps"),
        refers("prerequisite_id", "curriculum_steps"),
        CheckConstraint("step_id <> prerequisite_id", name="not_itself"),
        CheckConstraint("lag_days BETWEEN 0 AND 366", name="lag_days"),
        Index("ix_curriculum_step_prerequisites_prerequisite", "organization_id", "prerequisite_id"),
    )

    step_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    prerequisite_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lag_days: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    lag_in_study_days: Mapped[bool] = mapped_column(server_default=text("false"))


class CurriculumVersion(TenantEntity, Base):
    """A published version; the application may insert it and read it, nothing else."""

    __tablename__ = "curriculum_versions"
    __table_args__ = within(
        refers("curriculum_id", "curricula"),
        refers("published_by_id", "members", ondelete="SET NULL (published_by_id)"),
        UniqueConstraint("organization_id", "curriculum_id", "number"),
        {"info": {"append_only": True}},
    )

    curriculum_id: Mapped[uuid.UUID]
    number: Mapped[int]
    title: Mapped[str]
    step_count: Mapped[int]
    total_minutes: Mapped[int]
    published_by_id: Mapped[uuid.UUID | None]
    published_at: Mapped[datetime]


class VersionStep(TenantEntity, Base):
    """A step as published: a copy of all that schedules and pages need. ``step_id``, ``unit_id`` are the draft's."""

    __tablename__ = "version_steps"
    __table_args__ = within(
        refers("version_id", "curriculum_versions"),
        UniqueConstraint("organization_id", "version_id", "position"),
        {"info": {"append_only": True}},
    )

    version_id: Mapped[uuid.UUID]
    step_id: Mapped[uuid.UUID]
    activity_id: Mapped[uuid.UUID]
    position: Mapped[int]
    unit_id: Mapped[uuid.UUID]
    unit_title: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    minutes: Mapped[int]
    difficulty: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[ActivityKind] = mapped_column(choice(ActivityKind))
    splittable: Mapped[bool]
    min_session_minutes: Mapped[int]
    required: Mapped[bool]
    resource_url: Mapped[str | None]
    domain_name: Mapped[str]
    domain_hue: Mapped[Hue] = mapped_column(choice(Hue))
    domain_icon: Mapped[str]
    category_name: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class VersionEdge(Tenant, Base):
    """An edge between two version steps."""

    __tablename__ = "version_edges"
    __table_args__ = (
        refers("version_id", "curriculum_versions"),
        refers("step_id", "version_steps"),
        refers("prerequisite_id", "version_steps"),
        Index("ix_version_edges_version", "organization_id", "version_id"),
        {"info": {"append_only": True}},
    )

    version_id: Mapped[uuid.UUID]
    step_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    prerequisite_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lag_days: Mapped[int] = mapped_column(SmallInteger)
    lag_in_study_days: Mapped[bool]
