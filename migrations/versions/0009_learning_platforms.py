"""Learning platforms over LTI, their people, and the security log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import force, tenant
from migrations.tenant_tables import INSTANT, choice, create, refers, unique

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "security_log",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_log")),
        info={"append_only": True},
    )
    create(
        "lti_platforms",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind", choice("platformkind", "MOODLE", "CANVAS", "GENERIC"), server_default="GENERIC", nullable=False
        ),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jwks_url", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", INSTANT, nullable=True),
        unique("lti_platforms", "issuer", "jwks_url"),
    )
    create(
        "lti_tool_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("signs_from", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        unique("lti_tool_keys", "kid"),
    )
    create(
        "lti_clients",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("auth_login_url", sa.Text(), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=False),
        sa.Column("token_audience", sa.Text(), nullable=True),
        sa.Column("state", choice("clientstate", "PENDING", "ACTIVE", "DISABLED"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        refers("lti_clients", "platform_id", "lti_platforms"),
        unique("lti_clients", "platform_id", "client_id"),
    )
    create(
        "lti_users",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("sub", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", postgresql.CITEXT(), nullable=True),
        sa.Column("merge_with_id", sa.Uuid(), nullable=True),
        sa.Column("merge_refused_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_launch_at", INSTANT, nullable=True),
        sa.CheckConstraint("sub <> ''", name=op.f("ck_lti_users_sub")),
        refers("lti_users", "member_id", "members"),
        refers("lti_users", "merge_with_id", "members", ondelete="SET NULL (merge_with_id)"),
        refers("lti_users", "platform_id", "lti_platforms"),
        unique("lti_users", "platform_id", "sub"),
    )
    op.create_index("ix_lti_users_member", "lti_users", ["organization_id", "member_id"], unique=False)
    create(
        "lti_deployments",
        sa.Column("lti_client_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_launch_at", INSTANT, nullable=True),
        refers("lti_deployments", "lti_client_id", "lti_clients"),
        unique("lti_deployments", "lti_client_id", "deployment_id"),
    )
    create(
        "lti_registration_links",
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("lti_client_id", sa.Uuid(), nullable=True),
        refers("lti_registration_links", "created_by_id", "members", ondelete="SET NULL (created_by_id)"),
        refers("lti_registration_links", "lti_client_id", "lti_clients", ondelete="SET NULL (lti_client_id)"),
    )
    tenant("lti_platforms", "lti_tool_keys", "lti_clients", "lti_users", "lti_deployments", "lti_registration_links")
    force("security_log")
    op.execute("CREATE POLICY insertion ON security_log FOR INSERT WITH CHECK (true)")
    op.execute("CREATE POLICY reading ON security_log FOR SELECT TO CURRENT_USER USING (true)")


def downgrade() -> None:
    op.drop_table("lti_registration_links")
    op.drop_table("lti_deployments")
    op.drop_table("lti_users")
    op.drop_table("lti_clients")
    op.drop_table("lti_tool_keys")
    op.drop_table("lti_platforms")
    op.drop_table("security_log")
