"""The outbox, the audit log and the progress of long jobs."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, TenantEntity, choice, key, refers, within


class Event(TenantEntity, Base):
    """Something that happened in an organization, written in the transaction that made it true. Ids only."""

    __tablename__ = "events"
    __table_args__ = within(Index("ix_events_name", "organization_id", "name", "created_at"))

    name: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class PersonEvent(Base):
    """Something that happened to a person outside any organization (sign-up, reset). Ids only."""

    __tablename__ = "person_events"
    __table_args__ = (Index("ix_person_events_user_id", "user_id"),)

    id: Mapped[uuid.UUID] = key()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    sending_at: Mapped[datetime | None]
    interrupted: Mapped[int] = mapped_column(server_default="0")


class AuditEntry(TenantEntity, Base):
    """Who did what to what, and when. Append-only: the application's role may not update or delete."""

    __tablename__ = "audit_entries"
    __table_args__ = within(
        Index("ix_audit_entries_at", "organization_id", "at"),
        Index("ix_audit_entries_target", "organization_id", "target_id"),
        {"info": {"append_only": True}},
    )

    actor_member_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[uuid.UUID]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    at: Mapped[datetime]


class AuditDetail(TenantEntity, Base):
    """From where something was done, and what was there before and after; may name people, so it can be purged.

    Append-only for the application as the entry is; only the owner's `portal purge` erases rows. ``address`` is the
    client's IP address, none for jobs and commands.
    """

    __tablename__ = "audit_details"
    __table_args__ = within(
        refers("entry_id", "audit_entries"),
        UniqueConstraint("organization_id", "entry_id"),
        Index("ix_audit_details_at", "at"),
        {"info": {"append_only": True}},
    )

    entry_id: Mapped[uuid.UUID]
    address: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


class JobState(enum.StrEnum):
    """How far a long job has come."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class JobRun(TenantEntity, Base):
    """A long job with progress a page can show. ``key`` is fixed per subject, so one runs at a time."""

    __tablename__ = "job_runs"
    __table_args__ = within(
        UniqueConstraint("organization_id", "key"),
        refers("created_by_id", "members", ondelete="SET NULL (created_by_id)"),
    )

    kind: Mapped[str]
    key: Mapped[str]
    subject_id: Mapped[uuid.UUID]
    state: Mapped[JobState] = mapped_column(choice(JobState), server_default=JobState.QUEUED.value)
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_by_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
