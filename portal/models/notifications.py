"""Notifications in the portal, deliveries through channels, and each member's preferences."""

import enum
import uuid
from datetime import datetime, time
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Tenant, TenantEntity, choice, refers, within


class Channel(enum.StrEnum):
    """How a notification reaches a person."""

    MAIL = "MAIL"
    IN_APP = "IN_APP"


class DeliveryState(enum.StrEnum):
    """How far a delivery has come; DEAD is a dead letter with its reason."""

    PENDING = "PENDING"
    SENT = "SENT"
    DEAD = "DEAD"


class NotificationPreference(Tenant, Base):
    """Whether a member wants one kind of notification on one channel; no row means the default."""

    __tablename__ = "notification_preferences"
    __table_args__ = (refers("member_id", "members"),)

    member_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(choice(Channel), primary_key=True)
    enabled: Mapped[bool]


class DeliverySetting(Tenant, Base):
    """When a member wants the digest, and the quiet hours, local to the member's zone."""

    __tablename__ = "delivery_settings"
    __table_args__ = (refers("member_id", "members"),)

    member_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    digest_time: Mapped[time] = mapped_column(server_default=text("'07:00'"))
    quiet_from: Mapped[time] = mapped_column(server_default=text("'21:00'"))
    quiet_until: Mapped[time] = mapped_column(server_default=text("'07:00'"))


class Notification(TenantEntity, Base):
    """A notification in the portal. ``key`` makes it exactly once; ``data`` holds ids and plain numbers."""

    __tablename__ = "notifications"
    __table_args__ = within(
        refers("member_id", "members"),
        UniqueConstraint("organization_id", "key"),
        Index("ix_notifications_member", "organization_id", "member_id", "created_at"),
        Index(
            "ix_notifications_unread",
            "organization_id",
            "member_id",
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    member_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    key: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Delivery(TenantEntity, Base):
    """One message to one member through one channel: decided once (``key``), then delivered.

    ``sending_at`` is committed right before the message's data leaves; a delivery found PENDING with it set was
    interrupted. ``interrupted`` counts that, so a mail goes out at most twice, with one Message-ID.
    """

    __tablename__ = "deliveries"
    __table_args__ = within(
        refers("member_id", "members"),
        UniqueConstraint("organization_id", "key"),
        Index("ix_deliveries_member", "organization_id", "member_id"),
    )

    member_id: Mapped[uuid.UUID]
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    kind: Mapped[str]
    key: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[DeliveryState] = mapped_column(choice(DeliveryState), server_default=DeliveryState.PENDING.value)
    attempts: Mapped[int] = mapped_column(server_default="0")
    interrupted: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str]
    error: Mapped[str | None]
