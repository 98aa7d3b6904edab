"""Classes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import tenant
from migrations.tenant_tables import INSTANT, choice, create, refers, unique

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create(
        "terms",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_terms_order")),
        unique("terms", "name"),
    )
    create(
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
        sa.Column("study_breaks", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("due_time", sa.Time(), server_default=sa.text("'23:59'"), nullable=False),
        sa.Column("cadence", choice("cadence", "DAILY", "WEEKLY", "MONTHLY"), server_default="DAILY", nullable=False),
        sa.Column("holiday_country", sa.Text(), nullable=True),
        sa.Column("holiday_subdivision", sa.Text(), nullable=True),
        sa.Column("policy", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("archived_at", INSTANT, nullable=True),
        sa.Column("streaks", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("milestones", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("cardinality(weekday_minutes) = 7", name=op.f("ck_classes_seven_weekdays")),
        sa.CheckConstraint("study_from < study_until", name=op.f("ck_classes_study_hours")),
        refers("classes", "term_id", "terms", ondelete="SET NULL (term_id)"),
    )
    create(
        "class_meetings",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("skipped_on", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_class_meetings_weekday")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 1440", name=op.f("ck_class_meetings_minutes")),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_class_meetings_order")),
        refers("class_meetings", "class_id", "classes"),
    )
    op.create_index("ix_class_meetings_class", "class_meetings", ["organization_id", "class_id"])
    create(
        "blackouts",
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_blackouts_order")),
        refers("blackouts", "class_id", "classes"),
    )
    create(
        "enrolments",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("role", choice("classrole", "TEACHER", "ASSISTANT", "STUDENT", "OBSERVER"), nullable=False),
        sa.Column("status", choice("enrolmentstatus", "ACTIVE", "REMOVED"), server_default="ACTIVE", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("weekday_minutes", postgresql.ARRAY(sa.SmallInteger()), nullable=True),
        sa.Column("study_from", sa.Time(), nullable=True),
        sa.Column("study_until", sa.Time(), nullable=True),
        sa.Column("pace_multiplier_percent", sa.SmallInteger(), server_default="100", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("pace_multiplier_percent BETWEEN 25 AND 400", name=op.f("ck_enrolments_pace_multiplier")),
        sa.CheckConstraint(
            "weekday_minutes IS NULL OR cardinality(weekday_minutes) = 7", name=op.f("ck_enrolments_seven_weekdays")
        ),
        refers("enrolments", "class_id", "classes"),
        refers("enrolments", "member_id", "members"),
        unique("enrolments", "class_id", "member_id"),
    )
    op.create_index("ix_enrolments_member", "enrolments", ["organization_id", "member_id"])
    create(
        "leaves",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_leaves_order")),
        refers("leaves", "member_id", "members"),
    )
    tenant("terms", "classes", "class_meetings", "blackouts", "enrolments", "leaves")


def downgrade() -> None:
    op.drop_table("leaves")
    op.drop_table("enrolments")
    op.drop_table("blackouts")
    op.drop_table("class_meetings")
    op.drop_table("classes")
    op.drop_table("terms")
