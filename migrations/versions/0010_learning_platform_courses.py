"""Courses of learning platforms: their links, gradebook columns, scores, and content being chosen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import tenant
from migrations.tenant_tables import INSTANT, choice, create, refers, unique

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create(
        "lti_contexts",
        sa.Column("lti_deployment_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Text(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("history", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("memberships_url", sa.Text(), nullable=True),
        sa.Column("line_items_url", sa.Text(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("roster_synced_at", INSTANT, nullable=True),
        sa.Column("roster_error", sa.Text(), nullable=True),
        sa.Column("differences_url", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        refers("lti_contexts", "class_id", "classes", ondelete="SET NULL (class_id)"),
        refers("lti_contexts", "lti_deployment_id", "lti_deployments"),
        unique("lti_contexts", "lti_deployment_id", "context_id"),
    )
    op.create_index("ix_lti_contexts_class", "lti_contexts", ["organization_id", "class_id"], unique=False)
    create(
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
        sa.Column("starts_at", INSTANT, nullable=True),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        refers("lti_line_items", "curriculum_id", "curricula"),
        refers("lti_line_items", "lti_context_id", "lti_contexts"),
        unique("lti_line_items", "lti_context_id", "resource_id", "tag"),
    )
    op.create_index(
        "ix_lti_line_items_curriculum", "lti_line_items", ["organization_id", "curriculum_id"], unique=False
    )
    create(
        "lti_resource_links",
        sa.Column("lti_context_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("history", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("curriculum_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("line_item_url", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        refers("lti_resource_links", "curriculum_id", "curricula", ondelete="SET NULL (curriculum_id)"),
        refers("lti_resource_links", "lti_context_id", "lti_contexts"),
        unique("lti_resource_links", "lti_context_id", "resource_link_id"),
    )
    create(
        "lti_scores",
        sa.Column("line_item_id", sa.Uuid(), nullable=False),
        sa.Column("lti_user_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("score_given", sa.Double(), nullable=True),
        sa.Column("score_maximum", sa.Double(), nullable=True),
        sa.Column("scored_at", INSTANT, nullable=True),
        sa.Column("state", choice("scorestate", "PENDING", "SENT", "FAILED"), server_default="PENDING", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        refers("lti_scores", "line_item_id", "lti_line_items"),
        refers("lti_scores", "lti_user_id", "lti_users"),
        unique("lti_scores", "line_item_id", "lti_user_id"),
    )
    create(
        "lti_grade_policies",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("policy", postgresql.JSONB(), nullable=False),
        refers("lti_grade_policies", "assignment_id", "assignments"),
        unique("lti_grade_policies", "assignment_id"),
    )
    create(
        "lti_deep_links",
        sa.Column("lti_deployment_id", sa.Uuid(), nullable=False),
        sa.Column("lti_context_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("returned_at", INSTANT, nullable=True),
        refers("lti_deep_links", "lti_deployment_id", "lti_deployments"),
        refers("lti_deep_links", "lti_context_id", "lti_contexts"),
        refers("lti_deep_links", "member_id", "members"),
    )
    tenant("lti_contexts", "lti_line_items", "lti_resource_links", "lti_scores", "lti_grade_policies", "lti_deep_links")


def downgrade() -> None:
    op.drop_table("lti_deep_links")
    op.drop_table("lti_grade_policies")
    op.drop_table("lti_scores")
    op.drop_table("lti_resource_links")
    op.drop_table("lti_line_items")
    op.drop_table("lti_contexts")
