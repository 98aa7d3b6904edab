"""People and what must be found before a tenant is known: users, sign-ins, the directory, due work."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, key


class User(Base):
    """A person who signs in. Visible and writable only as ``id = app.user_id``; tenants refer to members."""

    __tablename__ = "users"

    id: Mapped[uuid.UUID] = key()
    email: Mapped[str] = mapped_column(CITEXT)
    pending_email: Mapped[str | None] = mapped_column(CITEXT)
    password_hash: Mapped[str]
    name: Mapped[str]
    zone: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    email_verified_at: Mapped[datetime | None]
    last_organization_id: Mapped[uuid.UUID | None]  # a wish, checked against the memberships at sign-in
    created_at: Mapped[datetime]


class DirectoryKind(enum.StrEnum):
    """What a directory entry leads to."""

    SIGN_IN = "SIGN_IN"
    VERIFICATION = "VERIFICATION"
    EMAIL_CHANGE = "EMAIL_CHANGE"
    RESET = "RESET"
    ACCOUNT_LINK = "ACCOUNT_LINK"
    INVITATION = "INVITATION"
    FEED = "FEED"
    LTI_DEPLOYMENT = "LTI_DEPLOYMENT"
    LTI_CLIENT = "LTI_CLIENT"
    LTI_ISSUER = "LTI_ISSUER"
    LTI_REGISTRATION = "LTI_REGISTRATION"


class DirectoryEntry(Base):
    """A hashed key that leads to a person or into an organization. Ids and hashes only, readable by all.

    Insert, update and delete only within the entry's organization or by its person.
    """

    __tablename__ = "directory_entries"
    __table_args__ = (
        CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
        Index("ix_directory_entries_target", "kind", "target_id"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    target_id: Mapped[uuid.UUID]
    expires_at: Mapped[datetime | None]


class SignIn(Base):
    """A sign-in kept on the server; the cookie holds the token whose hash is the key.

    Without ``user_id`` it is a launch session: confined to its organization and its member.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        Index("ix_sign_ins_user_id", "user_id"),
        Index("ix_sign_ins_member_id", "member_id"),
        CheckConstraint("user_id IS NOT NULL OR member_id IS NOT NULL", name="somebody"),
    )

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="SET NULL"))
    member_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class DueWork(Base):
    """A pointer to work that is due at an instant: rows are added and deleted, never a hot row a tenant.

    ``kind`` names the handler, ``target_id`` the row it works on; ``attempts`` counts those begun.
    ``failed_at`` is set on a pointer that ran out of attempts (a dead letter; ``error`` says why).
    """

    __tablename__ = "due_work"
    __table_args__ = (
        CheckConstraint("(organization_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
        Index("ix_due_work_due_at", "due_at", postgresql_where=text("failed_at IS NULL")),
        Index("uq_due_work_target", "kind", "target_id", "due_at", unique=True),
    )

    id: Mapped[uuid.UUID] = key()
    kind: Mapped[str]
    queue: Mapped[str] = mapped_column(server_default="short")
    organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    target_id: Mapped[uuid.UUID]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None]
