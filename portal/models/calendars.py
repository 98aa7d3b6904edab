"""Calendar feeds: who may read which feed, and the counter that lets a poll be answered with 304."""

import uuid
from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Tenant, TenantEntity, refers, within


class Feed(TenantEntity, Base):
    """The address of a member's feed; its token's hash stands in the directory."""

    __tablename__ = "feeds"
    __table_args__ = within(
        Index(
            "uq_feeds_member",
            "organization_id",
            "member_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        refers("member_id", "members"),
    )

    member_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class FeedVersion(Tenant, Base):
    """A counter that rises with every change a member's feed must show."""

    __tablename__ = "feed_versions"

    member_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(server_default="1")
    changed_at: Mapped[datetime]
