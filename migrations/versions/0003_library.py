"""Library."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import tenant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "domains",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "hue",
            sa.Enum(
                "reading",
                "number",
                "science",
                "world",
                "making",
                "wellbeing",
                name="hue",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin_key", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_domains_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domains")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_domains_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_domains_organization_id_name")),
        sa.UniqueConstraint("organization_id", "origin_key", name=op.f("uq_domains_organization_id_origin_key")),
    )
    op.create_table(
        "categories",
        sa.Column("domain_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin_key", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "domain_id"],
            ["domains.organization_id", "domains.id"],
            name=op.f("fk_categories_organization_id_domain_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_categories_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint(
            "organization_id", "domain_id", "name", name=op.f("uq_categories_organization_id_domain_id_name")
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_categories_organization_id_id")),
        sa.UniqueConstraint("organization_id", "origin_key", name=op.f("uq_categories_organization_id_origin_key")),
    )
    op.create_table(
        "activities",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("difficulty", sa.SmallInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "study",
                "practice",
                "assessment",
                "review",
                name="activitykind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("splittable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("min_session_minutes", sa.Integer(), nullable=False),
        sa.Column("resource_url", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("origin_key", sa.Text(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', description), 'B')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("difficulty BETWEEN 1 AND 10", name=op.f("ck_activities_difficulty")),
        sa.CheckConstraint("min_session_minutes BETWEEN 5 AND minutes", name=op.f("ck_activities_min_session")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 6000 AND mod(minutes, 5) = 0", name=op.f("ck_activities_minutes")),
        sa.ForeignKeyConstraint(
            ["organization_id", "category_id"],
            ["categories.organization_id", "categories.id"],
            name=op.f("fk_activities_organization_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_activities_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_activities_organization_id_id")),
        sa.UniqueConstraint("organization_id", "origin_key", name=op.f("uq_activities_organization_id_origin_key")),
    )
    op.create_index("ix_activities_category", "activities", ["organization_id", "category_id"], unique=False)
    op.create_index("ix_activities_search", "activities", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_activities_tags", "activities", ["tags"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_activities_title_trigram",
        "activities",
        ["title"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )
    op.create_table(
        "activity_prerequisites",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("prerequisite_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("activity_id <> prerequisite_id", name=op.f("ck_activity_prerequisites_not_itself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "activity_id"],
            ["activities.organization_id", "activities.id"],
            name=op.f("fk_activity_prerequisites_organization_id_activity_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "prerequisite_id"],
            ["activities.organization_id", "activities.id"],
            name=op.f("fk_activity_prerequisites_organization_id_prerequisite_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_activity_prerequisites_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("activity_id", "prerequisite_id", name=op.f("pk_activity_prerequisites")),
    )
    op.create_index(
        "ix_activity_prerequisites_prerequisite",
        "activity_prerequisites",
        ["organization_id", "prerequisite_id"],
        unique=False,
    )
    tenant("domains", "categories", "activities", "activity_prerequisites")


def downgrade() -> None:
    op.drop_table("activity_prerequisites")
    op.drop_table("activities")
    op.drop_table("categories")
    op.drop_table("domains")
