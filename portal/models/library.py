"""The library of an organization: domains, categories, activities and what must come before what."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Tenant, TenantEntity, choice, refers, within


class ActivityKind(enum.StrEnum):
    """What a learner does."""

    STUDY = "study"
    PRACTICE = "practice"
    ASSESSMENT = "assessment"
    REVIEW = "review"


class Hue(enum.StrEnum):
    """The six domain colours of the interface, of equal strength."""

    READING = "reading"
    NUMBER = "number"
    SCIENCE = "science"
    WORLD = "world"
    MAKING = "making"
    WELLBEING = "wellbeing"


class Domain(TenantEntity, Base):
    """A field of learning. ``origin_key`` is the starter library's stable key."""

    __tablename__ = "domains"
    __table_args__ = within(
        UniqueConstraint("organization_id", "name"), UniqueConstraint("organization_id", "origin_key")
    )

    name: Mapped[str]
    hue: Mapped[Hue] = mapped_column(choice(Hue))
    icon: Mapped[str]
    position: Mapped[int]
    origin_key: Mapped[str | None]


class Category(TenantEntity, Base):
    """A part of a domain."""

    __tablename__ = "categories"
    __table_args__ = within(
        UniqueConstraint("organization_id", "domain_id", "name"),
        UniqueConstraint("organization_id", "origin_key"),
        refers("domain_id", "domains"),
    )

    domain_id: Mapped[uuid.UUID]
    name: Mapped[str]
    position: Mapped[int]
    origin_key: Mapped[str | None]


class Activity(TenantEntity, Base):
    """Something to learn or do, with an honest number of minutes and a difficulty from 1 to 10."""

    __tablename__ = "activities"
    __table_args__ = within(
        UniqueConstraint("organization_id", "origin_key"),
        refers("category_id", "categories", ondelete=None),
        CheckConstraint("minutes BETWEEN 5 AND 6000 AND mod(minutes, 5) = 0", name="minutes"),
        CheckConstraint("difficulty BETWEEN 1 AND 10", name="difficulty"),
        CheckConstraint("min_session_minutes BETWEEN 5 AND minutes", name="min_session"),
        Index("ix_activities_category", "organization_id", "category_id"),
        Index("ix_activities_search", "search", postgresql_using="gin"),
        Index(
            "ix_activities_title_trigram",
            "title",
            postgresql_using="gin",
            postgresql_ops={"title": "gin_trgm_ops"},
        ),
        Index("ix_activities_tags", "tags", postgresql_using="gin"),
    )

    category_id: Mapped[uuid.UUID]
    title: Mapped[str]
    description: Mapped[str]
    minutes: Mapped[int]
    difficulty: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[ActivityKind] = mapped_column(choice(ActivityKind))
    splittable: Mapped[bool] = mapped_column(server_default=text("false"))
    min_session_minutes: Mapped[int]
    resource_url: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    origin_key: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(
            "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', description), 'B')",
            persisted=True,
        ),
        deferred=True,
        deferred_raiseload=True,
    )


class ActivityPrerequisite(Tenant, Base):
    """``prerequisite_id`` comes before ``activity_id``; the service refuses cycles."""

    __tablename__ = "activity_prerequisites"
    __table_args__ = (
        refers("activity_id", "activities"),
        refers("prerequisite_id", "activities"),
        CheckConstraint("activity_id <> prerequisite_id", name="not_itself"),
        Index("ix_activity_prerequisites_prerequisite", "organization_id", "prerequisite_id"),
    )

    activity_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    prerequisite_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
