"""Classes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import tenant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terms",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_terms_order")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_terms_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_terms_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_terms_organization_id_name")),
    )
    op.create_table(
        "classes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("soft_ends_on", sa.Date(), nullable=True),
        sa.Column("hard_ends_on", sa.Date(), nullable=True),
        sa.Column("weekday_minutes", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("daily_cap_minutes", sa.Integer(), nullable=True),
        sa.Column("weekly_cap_minutes", sa.Integer(), nullable=True),
        sa.Column("study_from", sa.Time(), server_default=sa.text("'08:00'"), nullable=False),
        sa.Column("study_until", sa.Time(), server_default=sa.text("'22:00'"), nullable=False),
        sa.Column(
            "study_breaks", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("due_time", sa.Time(), server_default=sa.text("'23:59'"), nullable=False),
        sa.Column(
            "cadence",
            sa.Enum("DAILY", "WEEKLY", "MONTHLY", name="cadence", native_enum=False, create_constraint=True, length=24),
            server_default="DAILY",
            nullable=False,
        ),
        sa.Column("holiday_country", sa.Text(), nullable=True),
        sa.Column("holiday_subdivision", sa.Text(), nullable=True),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("streaks", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("milestones", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("cardinality(weekday_minutes) = 7", name=op.f("ck_classes_seven_weekdays")),
        sa.CheckConstraint("study_from < study_until", name=op.f("ck_classes_study_hours")),
        sa.ForeignKeyConstraint(
            ["organization_id", "term_id"],
            ["terms.organization_id", "terms.id"],
            name=op.f("fk_classes_organization_id_term_id"),
            ondelete="SET NULL (term_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_classes_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classes")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_classes_organization_id_id")),
    )
    op.create_table(
        "class_meetings",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("skipped_on", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_class_meetings_weekday")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 1440", name=op.f("ck_class_meetings_minutes")),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_class_meetings_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "class_id"],
            ["classes.organization_id", "classes.id"],
            name=op.f("fk_class_meetings_organization_id_class_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_class_meetings_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_meetings")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_class_meetings_organization_id_id")),
    )
    op.create_index("ix_class_meetings_class", "class_meetings", ["organization_id", "class_id"], unique=False)
    op.create_table(
        "blackouts",
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_blackouts_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "class_id"],
            ["classes.organization_id", "classes.id"],
            name=op.f("fk_blackouts_organization_id_class_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_blackouts_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blackouts")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_blackouts_organization_id_id")),
    )
    op.create_table(
        "enrolments",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "TEACHER",
                "ASSISTANT",
                "STUDENT",
                "OBSERVER",
                name="classrole",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("ACTIVE", "REMOVED", name="enrolmentstatus", native_enum=False, create_constraint=True, length=24),
            server_default="ACTIVE",
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("weekday_minutes", postgresql.ARRAY(sa.SmallInteger()), nullable=True),
        sa.Column("study_from", sa.Time(), nullable=True),
        sa.Column("study_until", sa.Time(), nullable=True),
        sa.Column("pace_multiplier_percent", sa.SmallInteger(), server_default="100", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("pace_multiplier_percent BETWEEN 25 AND 400", name=op.f("ck_enrolments_pace_multiplier")),
        sa.CheckConstraint(
            "weekday_minutes IS NULL OR cardinality(weekday_minutes) = 7", name=op.f("ck_enrolments_seven_weekdays")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "class_id"],
            ["classes.organization_id", "classes.id"],
            name=op.f("fk_enrolments_organization_id_class_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_enrolments_organization_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_enrolments_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint(
            "organization_id", "class_id", "member_id", name=op.f("uq_enrolments_organization_id_class_id_member_id")
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_enrolments_organization_id_id")),
    )
    op.create_index("ix_enrolments_member", "enrolments", ["organization_id", "member_id"], unique=False)
    op.create_table(
        "leaves",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_leaves_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_leaves_organization_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_leaves_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaves")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_leaves_organization_id_id")),
    )
    tenant("terms", "classes", "class_meetings", "blackouts", "enrolments", "leaves")


def downgrade() -> None:
    op.drop_table("leaves")
    op.drop_table("enrolments")
    op.drop_table("blackouts")
    op.drop_table("class_meetings")
    op.drop_table("classes")
    op.drop_table("terms")
