"""Learning platforms over LTI, and the security log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import force, tenant

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
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_log")),
        info={"append_only": True},
    )
    op.create_table(
        "lti_platforms",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "MOODLE", "CANVAS", "GENERIC", name="platformkind", native_enum=False, create_constraint=True, length=24
            ),
            server_default="GENERIC",
            nullable=False,
        ),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jwks_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_lti_platforms_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_platforms")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_platforms_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "issuer", "jwks_url", name=op.f("uq_lti_platforms_organization_id_issuer_jwks_url")
        ),
    )
    op.create_table(
        "lti_tool_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signs_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_lti_tool_keys_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_tool_keys")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_tool_keys_organization_id_id")),
        sa.UniqueConstraint("organization_id", "kid", name=op.f("uq_lti_tool_keys_organization_id_kid")),
    )
    op.create_table(
        "lti_clients",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("auth_login_url", sa.Text(), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=False),
        sa.Column("token_audience", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "ACTIVE",
                "DISABLED",
                name="clientstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "platform_id"],
            ["lti_platforms.organization_id", "lti_platforms.id"],
            name=op.f("fk_lti_clients_organization_id_platform_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_lti_clients_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_clients")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_clients_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "platform_id",
            "client_id",
            name=op.f("uq_lti_clients_organization_id_platform_id_client_id"),
        ),
    )
    op.create_table(
        "lti_users",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("sub", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", postgresql.CITEXT(), nullable=True),
        sa.Column("merge_with_id", sa.Uuid(), nullable=True),
        sa.Column("merge_refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("sub <> ''", name=op.f("ck_lti_users_sub")),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_lti_users_organization_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "merge_with_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_lti_users_organization_id_merge_with_id"),
            ondelete="SET NULL (merge_with_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "platform_id"],
            ["lti_platforms.organization_id", "lti_platforms.id"],
            name=op.f("fk_lti_users_organization_id_platform_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_lti_users_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_users")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_users_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "platform_id", "sub", name=op.f("uq_lti_users_organization_id_platform_id_sub")
        ),
    )
    op.create_index("ix_lti_users_member", "lti_users", ["organization_id", "member_id"], unique=False)
    op.create_table(
        "lti_deployments",
        sa.Column("lti_client_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_client_id"],
            ["lti_clients.organization_id", "lti_clients.id"],
            name=op.f("fk_lti_deployments_organization_id_lti_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_lti_deployments_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_deployments")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_deployments_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "lti_client_id",
            "deployment_id",
            name=op.f("uq_lti_deployments_organization_id_lti_client_id_deployment_id"),
        ),
    )
    op.create_table(
        "lti_registration_links",
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lti_client_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "created_by_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_lti_registration_links_organization_id_created_by_id"),
            ondelete="SET NULL (created_by_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_client_id"],
            ["lti_clients.organization_id", "lti_clients.id"],
            name=op.f("fk_lti_registration_links_organization_id_lti_client_id"),
            ondelete="SET NULL (lti_client_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_lti_registration_links_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_registration_links")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_registration_links_organization_id_id")),
    )
    op.create_table(
        "lti_contexts",
        sa.Column("lti_deployment_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Text(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("history", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("memberships_url", sa.Text(), nullable=True),
        sa.Column("line_items_url", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("roster_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roster_error", sa.Text(), nullable=True),
        sa.Column("differences_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "class_id"],
            ["classes.organization_id", "classes.id"],
            name=op.f("fk_lti_contexts_organization_id_class_id"),
            ondelete="SET NULL (class_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_deployment_id"],
            ["lti_deployments.organization_id", "lti_deployments.id"],
            name=op.f("fk_lti_contexts_organization_id_lti_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_lti_contexts_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_contexts")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_contexts_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "lti_deployment_id",
            "context_id",
            name=op.f("uq_lti_contexts_organization_id_lti_deployment_id_context_id"),
        ),
    )
    op.create_index("ix_lti_contexts_class", "lti_contexts", ["organization_id", "class_id"], unique=False)
    op.create_table(
        "lti_line_items",
        sa.Column("lti_context_id", sa.Uuid(), nullable=False),
        sa.Column("curriculum_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("score_maximum", sa.Double(), server_default="100", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "curriculum_id"],
            ["curricula.organization_id", "curricula.id"],
            name=op.f("fk_lti_line_items_organization_id_curriculum_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_context_id"],
            ["lti_contexts.organization_id", "lti_contexts.id"],
            name=op.f("fk_lti_line_items_organization_id_lti_context_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_lti_line_items_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_line_items")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_line_items_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "lti_context_id",
            "resource_id",
            "tag",
            name=op.f("uq_lti_line_items_organization_id_lti_context_id_resource_id_tag"),
        ),
    )
    op.create_index(
        "ix_lti_line_items_curriculum", "lti_line_items", ["organization_id", "curriculum_id"], unique=False
    )
    op.create_table(
        "lti_resource_links",
        sa.Column("lti_context_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("history", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("curriculum_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("line_item_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "curriculum_id"],
            ["curricula.organization_id", "curricula.id"],
            name=op.f("fk_lti_resource_links_organization_id_curriculum_id"),
            ondelete="SET NULL (curriculum_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_context_id"],
            ["lti_contexts.organization_id", "lti_contexts.id"],
            name=op.f("fk_lti_resource_links_organization_id_lti_context_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_lti_resource_links_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_resource_links")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_resource_links_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "lti_context_id",
            "resource_link_id",
            name=op.f("uq_lti_resource_links_organization_id_lti_context_id_resource_link_id"),
        ),
    )
    op.create_table(
        "lti_scores",
        sa.Column("line_item_id", sa.Uuid(), nullable=False),
        sa.Column("lti_user_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("score_given", sa.Double(), nullable=True),
        sa.Column("score_maximum", sa.Double(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING", "SENT", "FAILED", name="scorestate", native_enum=False, create_constraint=True, length=24
            ),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "line_item_id"],
            ["lti_line_items.organization_id", "lti_line_items.id"],
            name=op.f("fk_lti_scores_organization_id_line_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_user_id"],
            ["lti_users.organization_id", "lti_users.id"],
            name=op.f("fk_lti_scores_organization_id_lti_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_lti_scores_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_scores")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_scores_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "line_item_id",
            "lti_user_id",
            name=op.f("uq_lti_scores_organization_id_line_item_id_lti_user_id"),
        ),
    )
    op.create_table(
        "lti_grade_policies",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "assignment_id"],
            ["assignments.organization_id", "assignments.id"],
            name=op.f("fk_lti_grade_policies_organization_id_assignment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_lti_grade_policies_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_grade_policies")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_grade_policies_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "assignment_id", name=op.f("uq_lti_grade_policies_organization_id_assignment_id")
        ),
    )
    op.create_table(
        "lti_deep_links",
        sa.Column("lti_deployment_id", sa.Uuid(), nullable=False),
        sa.Column("lti_context_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_deployment_id"],
            ["lti_deployments.organization_id", "lti_deployments.id"],
            name=op.f("fk_lti_deep_links_organization_id_lti_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lti_context_id"],
            ["lti_contexts.organization_id", "lti_contexts.id"],
            name=op.f("fk_lti_deep_links_organization_id_lti_context_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_lti_deep_links_organization_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_lti_deep_links_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_deep_links")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lti_deep_links_organization_id_id")),
    )
    tenant(
        "lti_platforms",
        "lti_tool_keys",
        "lti_clients",
        "lti_users",
        "lti_deployments",
        "lti_registration_links",
        "lti_contexts",
        "lti_line_items",
        "lti_resource_links",
        "lti_scores",
        "lti_grade_policies",
        "lti_deep_links",
    )
    force("security_log")
    op.execute("CREATE POLICY insertion ON security_log FOR INSERT WITH CHECK (true)")
    op.execute("CREATE POLICY reading ON security_log FOR SELECT TO CURRENT_USER USING (true)")


def downgrade() -> None:
    op.drop_table("lti_deep_links")
    op.drop_table("lti_grade_policies")
    op.drop_table("lti_scores")
    op.drop_table("lti_resource_links")
    op.drop_table("lti_line_items")
    op.drop_table("lti_contexts")
    op.drop_table("lti_registration_links")
    op.drop_table("lti_deployments")
    op.drop_table("lti_users")
    op.drop_table("lti_clients")
    op.drop_table("lti_tool_keys")
    op.drop_table("lti_platforms")
    op.drop_table("security_log")
