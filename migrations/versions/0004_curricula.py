"""Curricula."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import tenant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "curricula",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("draft_revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "created_by_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_curricula_organization_id_created_by_id"),
            ondelete="SET NULL (created_by_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_curricula_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_curricula")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_curricula_organization_id_id")),
    )
    op.create_table(
        "curriculum_units",
        sa.Column("curriculum_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "curriculum_id"],
            ["curricula.organization_id", "curricula.id"],
            name=op.f("fk_curriculum_units_organization_id_curriculum_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_curriculum_units_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_curriculum_units")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_curriculum_units_organization_id_id")),
    )
    op.create_index(
        "ix_curriculum_units_curriculum",
        "curriculum_units",
        ["organization_id", "curriculum_id", "position"],
        unique=False,
    )
    op.create_table(
        "curriculum_steps",
        sa.Column("curriculum_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("required", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "minutes BETWEEN 5 AND 6000 AND mod(minutes, 5) = 0", name=op.f("ck_curriculum_steps_minutes")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "activity_id"],
            ["activities.organization_id", "activities.id"],
            name=op.f("fk_curriculum_steps_organization_id_activity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "curriculum_id"],
            ["curricula.organization_id", "curricula.id"],
            name=op.f("fk_curriculum_steps_organization_id_curriculum_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["curriculum_units.organization_id", "curriculum_units.id"],
            name=op.f("fk_curriculum_steps_organization_id_unit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_curriculum_steps_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_curriculum_steps")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_curriculum_steps_organization_id_id")),
    )
    op.create_index(
        "ix_curriculum_steps_curriculum",
        "curriculum_steps",
        ["organization_id", "curriculum_id", "unit_id", "position"],
        unique=False,
    )
    op.create_table(
        "curriculum_step_prerequisites",
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("prerequisite_id", sa.Uuid(), nullable=False),
        sa.Column("lag_days", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lag_in_study_days", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("lag_days BETWEEN 0 AND 366", name=op.f("ck_curriculum_step_prerequisites_lag_days")),
        sa.CheckConstraint("step_id <> prerequisite_id", name=op.f("ck_curriculum_step_prerequisites_not_itself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "prerequisite_id"],
            ["curriculum_steps.organization_id", "curriculum_steps.id"],
            name=op.f("fk_curriculum_step_prerequisites_organization_id_prerequisite_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "step_id"],
            ["curriculum_steps.organization_id", "curriculum_steps.id"],
            name=op.f("fk_curriculum_step_prerequisites_organization_id_step_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_curriculum_step_prerequisites_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("step_id", "prerequisite_id", name=op.f("pk_curriculum_step_prerequisites")),
    )
    op.create_index(
        "ix_curriculum_step_prerequisites_prerequisite",
        "curriculum_step_prerequisites",
        ["organization_id", "prerequisite_id"],
        unique=False,
    )
    op.create_table(
        "curriculum_versions",
        sa.Column("curriculum_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column("total_minutes", sa.Integer(), nullable=False),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "curriculum_id"],
            ["curricula.organization_id", "curricula.id"],
            name=op.f("fk_curriculum_versions_organization_id_curriculum_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "published_by_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_curriculum_versions_organization_id_published_by_id"),
            ondelete="SET NULL (published_by_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_curriculum_versions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_curriculum_versions")),
        sa.UniqueConstraint(
            "organization_id",
            "curriculum_id",
            "number",
            name=op.f("uq_curriculum_versions_organization_id_curriculum_id_number"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_curriculum_versions_organization_id_id")),
        info={"append_only": True},
    )
    op.create_table(
        "version_steps",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_title", sa.Text(), nullable=False),
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
        sa.Column("splittable", sa.Boolean(), nullable=False),
        sa.Column("min_session_minutes", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("resource_url", sa.Text(), nullable=True),
        sa.Column("domain_name", sa.Text(), nullable=False),
        sa.Column(
            "domain_hue",
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
        sa.Column("domain_icon", sa.Text(), nullable=False),
        sa.Column("category_name", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["curriculum_versions.organization_id", "curriculum_versions.id"],
            name=op.f("fk_version_steps_organization_id_version_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_version_steps_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_steps")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_version_steps_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "version_id",
            "position",
            name=op.f("uq_version_steps_organization_id_version_id_position"),
        ),
        info={"append_only": True},
    )
    op.create_table(
        "version_edges",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("prerequisite_id", sa.Uuid(), nullable=False),
        sa.Column("lag_days", sa.SmallInteger(), nullable=False),
        sa.Column("lag_in_study_days", sa.Boolean(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "prerequisite_id"],
            ["version_steps.organization_id", "version_steps.id"],
            name=op.f("fk_version_edges_organization_id_prerequisite_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "step_id"],
            ["version_steps.organization_id", "version_steps.id"],
            name=op.f("fk_version_edges_organization_id_step_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["curriculum_versions.organization_id", "curriculum_versions.id"],
            name=op.f("fk_version_edges_organization_id_version_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_version_edges_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("step_id", "prerequisite_id", name=op.f("pk_version_edges")),
        info={"append_only": True},
    )
    op.create_index("ix_version_edges_version", "version_edges", ["organization_id", "version_id"], unique=False)
    tenant(
        "curricula",
        "curriculum_units",
        "curriculum_steps",
        "curriculum_step_prerequisites",
        "curriculum_versions",
        "version_steps",
        "version_edges",
    )


def downgrade() -> None:
    op.drop_table("version_edges")
    op.drop_table("version_steps")
    op.drop_table("curriculum_versions")
    op.drop_table("curriculum_step_prerequisites")
    op.drop_table("curriculum_steps")
    op.drop_table("curriculum_units")
    op.drop_table("curricula")
