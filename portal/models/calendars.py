"""Calendar feeds: who may read which feed, and the counter that lets a poll be answered with 304."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Tenant, TenantEntity, choice, refers, within


class FeedKind(enum.StrEnum):
    """Whose slots a feed shows."""

    STUDENT = "STUDENT"
    CLASS = "CLASS"
    EDUCATOR = "EDUCATOR"


class Feed(TenantEntity, Base):
    """A feed address; its token's hash stands in the directory. ``owner_id`` is a member or a class."""

    __tablename__ = "feeds"
    __table_args__ = within(
        Index(
            "uq_feeds_owner",
            "organization_id",
            "kind",
            "owner_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        refers("member_id", "members"),
    )

    kind: Mapped[FeedKind] = mapped_column(choice(FeedKind))
    owner_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class FeedVersion(Tenant, Base):
    """A counter that rises with every change an owner's feed must show; owners are members or classes."""

    __tablename__ = "feed_versions"

    owner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(server_default="1")
    changed_at: Mapped[datetime]
