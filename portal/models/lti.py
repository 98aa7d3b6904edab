"""Learning platforms over LTI 1.3: who may launch, what a launch leads to, and what goes back to the gradebook.

A *platform* is an issuer with its key set, known to one organization; it holds *clients* (what the platform calls a
tool registration), and these hold *deployments*. The same issuer may be known to many organizations: nothing here is
found by issuer alone across tenants, only through the directory, which leads to candidates inside organizations.
"""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, TenantEntity, choice, key, refers, within


class PlatformKind(enum.StrEnum):
    """Which learning platform it is; each has its capability object in ``portal.lti.platforms``."""

    MOODLE = "MOODLE"
    CANVAS = "CANVAS"
    GENERIC = "GENERIC"


class ClientState(enum.StrEnum):
    """Whether a client may launch: only an active one may."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class ScoreState(enum.StrEnum):
    """How far a score has come on its way to the gradebook."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


class LtiPlatform(TenantEntity, Base):
    """A learning platform: its issuer and key-set address. ``last_error`` says in words what went wrong last."""

    __tablename__ = "lti_platforms"
    __table_args__ = within(UniqueConstraint("organization_id", "issuer", "jwks_url"))

    name: Mapped[str]
    kind: Mapped[PlatformKind] = mapped_column(choice(PlatformKind), server_default=PlatformKind.GENERIC.value)
    issuer: Mapped[str]
    jwks_url: Mapped[str]
    created_at: Mapped[datetime]
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]


class LtiClient(TenantEntity, Base):
    """A registration of the portal at a platform: the OAuth 2 ``client_id`` and the addresses that go with it.

    ``token_audience`` is the ``aud`` of client assertions where it differs from ``token_url``.
    """

    __tablename__ = "lti_clients"
    __table_args__ = within(
        refers("platform_id", "lti_platforms"), UniqueConstraint("organization_id", "platform_id", "client_id")
    )

    platform_id: Mapped[uuid.UUID]
    client_id: Mapped[str]
    auth_login_url: Mapped[str]
    token_url: Mapped[str]
    token_audience: Mapped[str | None]
    state: Mapped[ClientState] = mapped_column(choice(ClientState))
    created_at: Mapped[datetime]


class LtiDeployment(TenantEntity, Base):
    """A place of a platform where a client is installed; ``deployment_id`` is the platform's name for it.

    ``last_launch_at`` is noted at most once a minute, so that a class that opens a link at once does not queue here.
    """

    __tablename__ = "lti_deployments"
    __table_args__ = within(
        refers("lti_client_id", "lti_clients"), UniqueConstraint("organization_id", "lti_client_id", "deployment_id")
    )

    lti_client_id: Mapped[uuid.UUID]
    deployment_id: Mapped[str]
    created_at: Mapped[datetime]
    last_launch_at: Mapped[datetime | None]


class LtiRegistrationLink(TenantEntity, Base):
    """A one-time link for Dynamic Registration, made by an admin; the token's hash stands in the directory."""

    __tablename__ = "lti_registration_links"
    __table_args__ = within(
        refers("created_by_id", "members", ondelete="SET NULL (created_by_id)"),
        refers("lti_client_id", "lti_clients", ondelete="SET NULL (lti_client_id)"),
    )

    created_by_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    lti_client_id: Mapped[uuid.UUID | None]  # what the link has registered


class LtiContext(TenantEntity, Base):
    """A course of a platform and the class it became.

    The service addresses and scopes are those of the latest launch. ``history`` are the ids of the courses this one
    was copied from, nearest first, as ``$Context.id.history`` gave them. ``differences_url`` is where the platform
    tells what has changed since the last roster; ``roster_error`` why the last one failed, in words.
    """

    __tablename__ = "lti_contexts"
    __table_args__ = within(
        refers("lti_deployment_id", "lti_deployments"),
        refers("class_id", "classes", ondelete="SET NULL (class_id)"),
        UniqueConstraint("organization_id", "lti_deployment_id", "context_id"),
        Index("ix_lti_contexts_class", "organization_id", "class_id"),
    )

    lti_deployment_id: Mapped[uuid.UUID]
    context_id: Mapped[str]
    class_id: Mapped[uuid.UUID | None]
    title: Mapped[str]
    history: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    memberships_url: Mapped[str | None]
    line_items_url: Mapped[str | None]
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    roster_synced_at: Mapped[datetime | None]
    roster_error: Mapped[str | None]
    differences_url: Mapped[str | None]
    created_at: Mapped[datetime]


class LtiResourceLink(TenantEntity, Base):
    """A link in a course and what it opens: a path, one of its units or one of its steps; with none, the class.

    ``unit_id`` and ``step_id`` are the path's own ids, which stay from version to version. The assignment is the one
    that gives the path to the course's class, once it is published.
    """

    __tablename__ = "lti_resource_links"
    __table_args__ = within(
        refers("lti_context_id", "lti_contexts"),
        refers("curriculum_id", "curricula", ondelete="SET NULL (curriculum_id)"),
        UniqueConstraint("organization_id", "lti_context_id", "resource_link_id"),
    )

    lti_context_id: Mapped[uuid.UUID]
    resource_link_id: Mapped[str]
    title: Mapped[str | None]
    history: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    curriculum_id: Mapped[uuid.UUID | None]
    unit_id: Mapped[uuid.UUID | None]
    step_id: Mapped[uuid.UUID | None]
    line_item_url: Mapped[str | None]
    created_at: Mapped[datetime]


class LtiUser(TenantEntity, Base):
    """A person as a platform knows one: organization, platform and ``sub``, never the e-mail, say who it is.

    Name and e-mail are what the platform said last. ``merge_with_id`` is a member with the same e-mail whom a teacher
    may take for the same person; ``merge_refused_at`` is set once a teacher said that they are two.
    """

    __tablename__ = "lti_users"
    __table_args__ = within(
        refers("platform_id", "lti_platforms"),
        refers("member_id", "members"),
        refers("merge_with_id", "members", ondelete="SET NULL (merge_with_id)"),
        UniqueConstraint("organization_id", "platform_id", "sub"),
        CheckConstraint("sub <> ''", name="sub"),
        Index("ix_lti_users_member", "organization_id", "member_id"),
    )

    platform_id: Mapped[uuid.UUID]
    sub: Mapped[str]
    member_id: Mapped[uuid.UUID]
    name: Mapped[str | None]
    email: Mapped[str | None] = mapped_column(CITEXT)
    merge_with_id: Mapped[uuid.UUID | None]
    merge_refused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_launch_at: Mapped[datetime | None]


class LtiLineItem(TenantEntity, Base):
    """A column of a course's gradebook for a path, one of its units or one of its steps.

    ``url`` is empty until the column exists. The platform finds it again by ``resource_id`` and ``tag``.
    """

    __tablename__ = "lti_line_items"
    __table_args__ = within(
        refers("lti_context_id", "lti_contexts"),
        refers("curriculum_id", "curricula"),
        UniqueConstraint("organization_id", "lti_context_id", "resource_id", "tag"),
        Index("ix_lti_line_items_curriculum", "organization_id", "curriculum_id"),
    )

    lti_context_id: Mapped[uuid.UUID]
    curriculum_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID | None]
    step_id: Mapped[uuid.UUID | None]
    url: Mapped[str | None]
    label: Mapped[str]
    resource_id: Mapped[str]
    tag: Mapped[str]
    score_maximum: Mapped[float] = mapped_column(server_default="100")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]


class LtiScore(TenantEntity, Base):
    """The latest score of one person in one column: the outbox towards the gradebook.

    One row a person and column. ``revision`` rises with each change of the person's work; the score itself is
    reckoned when it is sent, so that an older one can never follow a newer one. ``scored_at`` is the timestamp sent
    last, strictly rising, kept before the request leaves.
    """

    __tablename__ = "lti_scores"
    __table_args__ = within(
        refers("line_item_id", "lti_line_items"),
        refers("lti_user_id", "lti_users"),
        UniqueConstraint("organization_id", "line_item_id", "lti_user_id"),
    )

    line_item_id: Mapped[uuid.UUID]
    lti_user_id: Mapped[uuid.UUID]
    revision: Mapped[int] = mapped_column(server_default="1")
    score_given: Mapped[float | None]
    score_maximum: Mapped[float | None]
    scored_at: Mapped[datetime | None]
    state: Mapped[ScoreState] = mapped_column(choice(ScoreState), server_default=ScoreState.PENDING.value)
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]


class LtiGradePolicy(TenantEntity, Base):
    """How an assignment is graded, as `portal.lti.grades.policy` reads it; without a row, by the share completed."""

    __tablename__ = "lti_grade_policies"
    __table_args__ = within(
        refers("assignment_id", "assignments"), UniqueConstraint("organization_id", "assignment_id")
    )

    assignment_id: Mapped[uuid.UUID]
    policy: Mapped[dict[str, Any]]


class LtiDeepLink(TenantEntity, Base):
    """A platform's wish that a teacher choose content, until the choice has gone back; ``settings`` as they came."""

    __tablename__ = "lti_deep_links"
    __table_args__ = within(
        refers("lti_deployment_id", "lti_deployments"),
        refers("lti_context_id", "lti_contexts"),
        refers("member_id", "members"),
    )

    lti_deployment_id: Mapped[uuid.UUID]
    lti_context_id: Mapped[uuid.UUID | None]
    member_id: Mapped[uuid.UUID]
    settings: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]


class LtiToolKey(TenantEntity, Base):
    """A key the portal signs with towards an organization's platforms; ``private_key`` is sealed, ``jwk`` public.

    Keys are an organization's own: with a shared one, an admin could have the portal sign what another
    organization's platform believes. A key is published before it signs and stays published after
    ``retired_at`` until ``expires_at``.
    """

    __tablename__ = "lti_tool_keys"
    __table_args__ = within(UniqueConstraint("organization_id", "kid"))

    kid: Mapped[str]
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class SecurityLogEntry(Base):
    """A refused launch or registration of which no organization is known. Insert-only; read by command alone."""

    __tablename__ = "security_log"
    __table_args__ = ({"info": {"append_only": True}},)

    id: Mapped[uuid.UUID] = key()
    action: Mapped[str]
    reason: Mapped[str]
    reference: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    at: Mapped[datetime]
