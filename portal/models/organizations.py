"""Organizations (the tenants), their members and invitations."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Encourages, TenantEntity, choice, key, refers, within


class OrganizationKind(enum.StrEnum):
    """What an organization is for."""

    INDIVIDUAL = "INDIVIDUAL"
    TEAM = "TEAM"
    EDUCATOR = "EDUCATOR"
    ORGANIZATION = "ORGANIZATION"


class Role(enum.StrEnum):
    """A member's role in the organization; class roles stand in enrolments."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MEMBER = "MEMBER"
    STUDENT = "STUDENT"


class MemberStatus(enum.StrEnum):
    """Whether the member takes part."""

    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class Organization(Encourages, Base):
    """A tenant. ``holiday_country`` is an ISO 3166 code of the `holidays` package, or none."""

    __tablename__ = "organizations"

    id: Mapped[uuid.UUID] = key()
    kind: Mapped[OrganizationKind] = mapped_column(choice(OrganizationKind))
    name: Mapped[str]
    zone: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    holiday_country: Mapped[str | None]
    created_at: Mapped[datetime]


class Member(Encourages, TenantEntity, Base):
    """A person inside one organization; ``user_id`` is empty until the person signs in."""

    __tablename__ = "members"
    __table_args__ = within(
        UniqueConstraint("organization_id", "user_id"),
        Index(
            "uq_members_email",
            "organization_id",
            "email",
            unique=True,
            postgresql_where=text("status <> 'REMOVED'"),
        ),
        Index("ix_members_user_id", "user_id"),
    )

    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(CITEXT)
    role: Mapped[Role] = mapped_column(choice(Role))
    status: Mapped[MemberStatus] = mapped_column(choice(MemberStatus))
    zone: Mapped[str | None]
    locale: Mapped[str | None]
    created_at: Mapped[datetime]


class Invitation(TenantEntity, Base):
    """An invitation of a member by mail; the token's hash stands in the directory."""

    __tablename__ = "invitations"
    __table_args__ = within(
        refers("member_id", "members"),
        refers("invited_by_id", "members", ondelete="SET NULL (invited_by_id)"),
    )

    member_id: Mapped[uuid.UUID]
    invited_by_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
