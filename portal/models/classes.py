"""Classes: when they meet the calendar, who is enrolled, and when somebody is away."""

import enum
import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Encourages, TenantEntity, choice, refers, within


class Cadence(enum.StrEnum):
    """The bucket a slot belongs to and the granularity of its due date (the schedule type)."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class ClassRole(enum.StrEnum):
    """What an enrolment makes of a member in one class."""

    TEACHER = "TEACHER"
    ASSISTANT = "ASSISTANT"
    STUDENT = "STUDENT"
    OBSERVER = "OBSERVER"


class EnrolmentStatus(enum.StrEnum):
    """Whether the member is in the class; removal keeps the history."""

    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class Term(TenantEntity, Base):
    """A term of the organization: local dates, both included."""

    __tablename__ = "terms"
    __table_args__ = within(
        UniqueConstraint("organization_id", "name"), CheckConstraint("ends_on >= starts_on", name="order")
    )

    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class Classroom(Encourages, TenantEntity, Base):
    """A class. ``weekday_minutes`` runs Monday..Sunday, 0 is no study day; hours are local to ``zone``.

    ``study_breaks`` are the hours between ``study_from`` and ``study_until`` without study, in order:
    ``[{"from": "12:00", "until": "13:30"}]``. The caps hold beside the minutes of the days, for learners' own days too.
    """

    __tablename__ = "classes"
    __table_args__ = within(
        refers("term_id", "terms", ondelete="SET NULL (term_id)"),
        CheckConstraint("cardinality(weekday_minutes) = 7", name="seven_weekdays"),
        CheckConstraint("study_from < study_until", name="study_hours"),
    )

    name: Mapped[str]
    term_id: Mapped[uuid.UUID | None]
    zone: Mapped[str]
    starts_on: Mapped[date]
    soft_ends_on: Mapped[date | None]
    hard_ends_on: Mapped[date | None]
    weekday_minutes: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    daily_cap_minutes: Mapped[int | None]
    weekly_cap_minutes: Mapped[int | None]
    study_from: Mapped[time] = mapped_column(server_default=text("'08:00'"))
    study_until: Mapped[time] = mapped_column(server_default=text("'22:00'"))
    study_breaks: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    due_time: Mapped[time] = mapped_column(server_default=text("'23:59'"))
    cadence: Mapped[Cadence] = mapped_column(choice(Cadence), server_default=Cadence.DAILY.value)
    holiday_country: Mapped[str | None]
    holiday_subdivision: Mapped[str | None]
    policy: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ClassMeeting(TenantEntity, Base):
    """A class meets each week on ``weekday`` (Monday 0) at ``start_time``, local to the class, for ``minutes``.

    From ``first_on`` to ``last_on``, both included; empty is the class's start and end. It does not take place on
    ``skipped_on``, nor on days off.
    """

    __tablename__ = "class_meetings"
    __table_args__ = within(
        refers("class_id", "classes"),
        Index("ix_class_meetings_class", "organization_id", "class_id"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("minutes BETWEEN 5 AND 1440", name="minutes"),
        CheckConstraint("last_on >= first_on", name="order"),
    )

    class_id: Mapped[uuid.UUID]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    start_time: Mapped[time]
    minutes: Mapped[int] = mapped_column(SmallInteger)
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    skipped_on: Mapped[list[date]] = mapped_column(ARRAY(Date), server_default=text("'{}'"))


class Blackout(TenantEntity, Base):
    """Dates without study, both included; of one class, or of all when ``class_id`` is empty."""

    __tablename__ = "blackouts"
    __table_args__ = within(refers("class_id", "classes"), CheckConstraint("ends_on >= starts_on", name="order"))

    class_id: Mapped[uuid.UUID | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    label: Mapped[str]


class Enrolment(TenantEntity, Base):
    """A member in a class with the dates, days and hours that differ from the class's."""

    __tablename__ = "enrolments"
    __table_args__ = within(
        refers("class_id", "classes"),
        refers("member_id", "members"),
        UniqueConstraint("organization_id", "class_id", "member_id"),
        Index("ix_enrolments_member", "organization_id", "member_id"),
        CheckConstraint("weekday_minutes IS NULL OR cardinality(weekday_minutes) = 7", name="seven_weekdays"),
        CheckConstraint("pace_multiplier_percent BETWEEN 25 AND 400", name="pace_multiplier"),
    )

    class_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    role: Mapped[ClassRole] = mapped_column(choice(ClassRole))
    status: Mapped[EnrolmentStatus] = mapped_column(
        choice(EnrolmentStatus), server_default=EnrolmentStatus.ACTIVE.value
    )
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    zone: Mapped[str | None]
    weekday_minutes: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    study_from: Mapped[time | None]
    study_until: Mapped[time | None]
    pace_multiplier_percent: Mapped[int] = mapped_column(SmallInteger, server_default="100")
    created_at: Mapped[datetime]


class Leave(TenantEntity, Base):
    """Dates a learner is away, both included."""

    __tablename__ = "leaves"
    __table_args__ = within(refers("member_id", "members"), CheckConstraint("ends_on >= starts_on", name="order"))

    member_id: Mapped[uuid.UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
